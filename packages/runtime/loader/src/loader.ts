import { loaderParts } from './authority.ts';
import { confine } from './confine.ts';
import { connectedSocket } from './connected-socket.ts';
import { attachInspector } from './inspector.ts';
import { openPassage, passedSockets } from './passage.ts';

export type LoaderParts = typeof loaderParts & {
  readonly confine: typeof confine;
  readonly attachInspector?: typeof attachInspector;
} & Partial<typeof passingParts>;

/** The parts of an enclave to which sockets are passed. */
export const passingParts = { connectedSocket, passedSockets, openPassage };

/**
 * The loader: the first code in an enclave process, given to the interpreter
 * with `-e`. It belongs to the platform, as microcode belongs to the CPU: it
 * takes the measured bytes from the boot pipe, takes away every authority that
 * the interpreter came with, and runs the measured bundle with what an enclave is given.
 *
 * It is turned into text, so it must not refer to anything outside itself but
 * its parameters.
 */
function load(require: NodeJS.Require, authority: LoaderParts): void {
  const fs = require('node:fs') as typeof import('node:fs');
  const net = require('node:net') as typeof import('node:net');
  const vm = require('node:vm') as typeof import('node:vm');
  const descriptors = { gate: 3, platform: 4, boot: 5, inspector: 6, passage: 8 };

  const take = (sizeBytes: number): Buffer => {
    const buffer = Buffer.allocUnsafeSlow(sizeBytes);
    for (let at = 0; at < sizeBytes;) {
      const read = fs.readSync(descriptors.boot, buffer, at, sizeBytes - at, null);
      if (read === 0) throw new Error('The boot pipe ended early.');
      at += read;
    }
    return buffer;
  };
  const section = (): Buffer => take(take(4).readUInt32LE(0));

  // Asks for the image: the platform sends nothing before (see `feed`).
  fs.writeSync(descriptors.boot, 'r');
  const manifest = section();
  const script = section().toString('utf8');
  const files = section();
  fs.closeSync(descriptors.boot);

  /** Every read goes to one buffer, so that a small message does not cost a large allocation. Listeners copy what they keep. */
  const open = (fd: number): import('node:net').Socket => {
    const callback = (sizeBytes: number, buffer: Uint8Array): boolean => {
      socket.emit('data', buffer.subarray(0, sizeBytes));
      return true;
    };
    const options = { fd, writableHighWaterMark: 262_144, onread: { buffer: authority.fixedBuffer(65_536), callback } };
    const socket = new net.Socket(options);
    // It has begun to read, but nothing listens yet.
    return socket.pause();
  };
  const begin = async (): Promise<void> => {
    const gate = open(descriptors.gate);
    const platform = open(descriptors.platform);
    const exit = process.exit.bind(process);
    const compiled = new vm.Script(script, { filename: 'enclave.js' });
    // These end the thread of the inspector, if there is one.
    const remaining = authority.attachInspector === undefined ? [] : ['messaging', 'worker'];
    const end = (reason: string, exitCode: number): never => {
      report(`${reason}\n`);
      return exit(exitCode);
    };
    const socketClass = authority.connectedSocket?.(require);
    const passed = socketClass && authority.passedSockets?.(require, socketClass);
    const reads = { descriptor: descriptors.passage, bufferOf: authority.fixedBuffer };
    const passage = passed && authority.openPassage?.(require, { ...reads, socketFor: passed.socketFor, end });
    const restrictedRequire = authority.confine(require, authority, { gate, script, remaining, passed });
    const boot: unknown = compiled.runInThisContext();
    if (typeof boot !== 'function') throw new Error('The bundle is not an enclave bundle.');
    const given = { gate, platform, passage, manifest, files, exit, require: restrictedRequire };
    await Reflect.apply(boot, undefined, [given]);
  };
  const fail = process.exit.bind(process);
  const report = authority.openReport(require);
  // After this script, because `-e` restores the global `module` when it ends; and on its own stack, because the callers of
  // this function hold the real `require` among their arguments.
  setImmediate(() => {
    const ready = authority.attachInspector?.(require, descriptors.inspector);
    (ready === undefined ? begin() : ready.then(begin)).catch((error: unknown) => {
      // Without this, an enclave that cannot start would end without a message.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      report(`The enclave could not start: ${text}\n`);
      fail(4);
    });
  });
}

/**
 * The text that the interpreter gets. It has its own strict directive, so that neither `caller` nor a stack trace exposes its
 * functions: the interpreter may put code before the text. It does so when it sees the word `crypto`, which would also become a
 * global variable. Spelt with an escape, only the language sees that word.
 */
export function loaderText(loader: LoaderParts): string {
  const parts = Object.entries(loader).map(([name, part]) => `${name}:${part.toString()}`);
  return `(function(){"use strict";(${load.toString()})(require,{${parts.join(',')}})}).call(undefined)`.replaceAll(
    /\bcrypto\b/g,
    '\\u0063rypto',
  );
}

const parts: LoaderParts = { ...loaderParts, confine };
const texts = new Map<string, string>();

/** What an enclave has that others do not have. */
export interface LoaderNeeds {
  /** The inspector of a debug enclave. */
  readonly inspector: boolean;
  /** Sockets that its host passes. */
  readonly passage: boolean;
}

/** The loader of an enclave. That of an enclave without these needs holds nothing of them. */
export function loaderSource(needs: LoaderNeeds = { inspector: false, passage: false }): string {
  const key = `${needs.inspector} ${needs.passage}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const text = loaderText({
    ...parts,
    ...(needs.inspector ? { attachInspector } : {}),
    ...(needs.passage ? passingParts : {}),
  });
  texts.set(key, text);
  return text;
}

/**
 * Descriptors of the enclave process beside 0, 1 and 2. The inspector's and the passage's are only in an enclave that has them.
 * Between them is the one from which bubblewrap reads the filter, and which it closes.
 */
export const enclaveDescriptors = Object.freeze({ gate: 3, platform: 4, boot: 5, inspector: 6, passage: 8 });
