import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { Script } from 'node:vm';
import { isEnclosError } from '@enclos/errors';
import { isProgramManifest, readImage } from '@enclos/manifest';
import { confine, loaderExitCodes, loaderParts } from '@enclos/loader';
import { connectGramineGate, createGramineAttester, readGateTicket, servePlatformChannel } from '@enclos/tee/gramine';

/**
 * The program inside Gramine, which replaces the software platform's loader: it reads the image that the Gramine manifest
 * names, connects the gate that the ticket on standard input names, serves the bundle's platform channel from
 * `/dev/attestation`, takes away what a bundle must not have, and runs it.
 *
 * Program, interpreter, image and bundle are one measurement here, and no process stands between bundle and platform. So the
 * program takes away the same authority as on every platform, for applications that rely on that. Protection against the host
 * comes from Gramine, and the Gramine manifest names what the enclave can reach.
 *
 * Not yet run on hardware.
 */
async function start(imagePath: string): Promise<void> {
  const image = readImage(new Uint8Array(readFileSync(imagePath)));
  if (isProgramManifest(image.manifest)) throw new Error('The image holds a program, and not a script.');
  isDebug = image.manifest.debug;
  const attester = createGramineAttester();
  const gate = await connectGramineGate(await readGateTicket(standardInput()));
  if (!isDebug) keepQuiet();
  const [platform, served] = duplexPair();
  servePlatformChannel(served, attester);
  const exit = process.exit.bind(process);
  const [manifest, bundle = new Uint8Array(), files] = image.sections;
  const script = new TextDecoder('utf-8', { fatal: true }).decode(bundle);
  const require = createRequire(import.meta.url);
  const compiled = new Script(script, { filename: 'enclave.js' });
  // connectGramineGate gives a socket of TCP. The attester uses files of /dev/attestation for as long as the bundle runs, and
  // the interpreter still has to finish loading this module.
  const restrictedRequire = confine(require, loaderParts, {
    gate: gate as Socket,
    script,
    remaining: ['fs', 'module_wrap'],
  });
  const boot: unknown = compiled.runInThisContext();
  if (typeof boot !== 'function') throw new Error('The bundle is not an enclave bundle.');
  const { capabilities: platformCapabilities } = attester;
  const given = { gate, platform, platformCapabilities, manifest, files, exit, require: restrictedRequire };
  await Reflect.apply(boot, undefined, [given]);
}

/** Not `process.stdin`: its handle would remain, and lead to the class of pipes. */
async function* standardInput(): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(256);
  for (;;) {
    const sizeBytes = readSync(0, piece, 0, piece.length, null);
    if (sizeBytes === 0) return;
    yield piece.slice(0, sizeBytes);
  }
}

let isDebug = false;

/**
 * Keeps the interpreter's own output, such as an uncaught error or the end of memory, from the host: it would contain parts of
 * the application. A debug enclave prints everything.
 */
function keepQuiet(): void {
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    // open(2) gives the lowest number that is free, and nothing else opens files yet.
    if (openSync('/dev/null', 'w') !== descriptor) throw new Error('The output cannot be taken away.');
  }
}

/** A code reveals nothing of what is inside; a text could. */
function describe(error: unknown): string {
  if (isDebug && error instanceof Error) return error.stack ?? error.message;
  return isEnclosError(error) ? error.code : 'The reason stays inside.';
}

const fail = process.exit.bind(process);
try {
  await start(process.argv[2] ?? '');
} catch (error) {
  writeSync(2, `The enclave could not start: ${describe(error)}\n`);
  fail(loaderExitCodes.startFailed);
}
