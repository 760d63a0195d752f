import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';
import { Attribute, mrSignerOf, verifySigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import type {
  EnclaveExit,
  IsolationLayer,
  LaunchedEnclave,
  LaunchedIdentity,
  Launcher,
  LaunchRequest,
} from '../launcher/launcher.ts';
import { missingCapability } from '../missing-capability.ts';
import { gramineCapabilities } from '../gramine/capabilities.ts';
import { listenForGate, type GateListener } from './gate-listener.ts';
import { encodeGateTicket, GATE_TOKEN_BYTES } from '../gramine/gate-ticket.ts';
import { startGramine, type GramineProcess } from './process.ts';

export interface GramineLauncherOptions {
  /** The signed manifest, `NAME.manifest.sgx`, that `gramine-sgx-sign` made from {@link gramineManifest}. */
  readonly manifest: Uint8Array;
  /** Values for the variables that the manifest takes from the host. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: `gramine-sgx` in PATH. */
  readonly command?: string;
  /** How long an enclave may take to connect. Default two minutes: all of its memory is added and measured first. */
  readonly startTimeoutMs?: number;
}

const name = 'enclave';
const defaultStartTimeoutMs = 120_000;

/** What Gramine isolates, and what it does not. */
const layers: readonly IsolationLayer[] = Object.freeze([
  {
    name: 'memory',
    active: true,
    detail: 'SGX keeps the memory from everybody outside, root and the kernel included.',
  },
  { name: 'files', active: true, detail: 'The manifest names each file that can be opened, with its hash.' },
  {
    name: 'host',
    active: false,
    detail:
      "Gramine does not keep the host from the enclave: it makes the user's system calls, network included. " +
      'Run the launcher where they reach nothing, as in a container without a network.',
  },
]);

/**
 * Starts enclaves by `gramine-sgx`. `launch` takes the SGXS image that the manifest names and, as signature, the
 * SIGSTRUCT that Gramine signed (`NAME.sig`): this platform's MRENCLAVE is Gramine's. It returns the identity in the signature,
 * which EINIT enforces; a quote proves it to other parties.
 *
 * Written from Gramine's documents; not yet run on hardware.
 */
export function createGramineLauncher(options: GramineLauncherOptions): Launcher {
  const running = new Set<LaunchedEnclave>();
  return Object.freeze({
    capabilities: gramineCapabilities,
    async launch(request: LaunchRequest) {
      const identity = acceptRequest(options, request);
      const enclave = await launch(options, request, identity);
      running.add(enclave);
      void enclave.exited.then(() => running.delete(enclave));
      return enclave;
    },
    async close() {
      await Promise.all([...running].map((enclave) => enclave.terminate()));
    },
  });
}

/**
 * @throws SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE, LAUNCH_DEBUG_REFUSED, LAUNCH_MEASUREMENT_MISMATCH,
 * TEE_CAPABILITY_MISSING, ISOLATION_UNAVAILABLE
 */
function acceptRequest({ manifest }: GramineLauncherOptions, request: LaunchRequest): LaunchedIdentity {
  if (request.inspector === true) throw missingCapability('gramine', 'Gramine has no inspector of a running enclave.');
  const sigstruct = verifySigstruct(request.signature, sha256);
  const debug = (sigstruct.attributes.flags & Attribute.DEBUG) !== 0n;
  if (debug !== request.debug) throw new EnclosError('LAUNCH_DEBUG_REFUSED');
  // This finds mix-ups. Security rests on Gramine's own check, inside.
  const hash = toHex(sha256(request.image));
  if (!decodeLatin1(manifest).includes(`"${hash}"`)) {
    throw new EnclosError('LAUNCH_MEASUREMENT_MISMATCH', 'The Gramine manifest does not name this image.');
  }
  const missing = layers.filter(({ active }) => !active).map((layer) => layer.name);
  if (request.isolation === 'strict' && missing.length > 0) {
    throw new EnclosError('ISOLATION_UNAVAILABLE', `Gramine gives no layer "${missing.join('", "')}".`, {
      details: { missing },
    });
  }
  return Object.freeze({
    mrEnclave: sigstruct.enclaveHash,
    mrSigner: mrSignerOf(sigstruct.modulus, sha256),
    productId: sigstruct.isvProdId,
    securityVersion: sigstruct.isvSvn,
    debug,
  });
}

async function launch(
  options: GramineLauncherOptions,
  request: LaunchRequest,
  identity: LaunchedIdentity,
): Promise<LaunchedEnclave> {
  const { signal } = request;
  if (signal?.aborted === true) throw cancelled(signal);
  const folder = await mkdtemp(join(tmpdir(), 'enclos-gramine-'));
  const token = new Uint8Array(randomBytes(GATE_TOKEN_BYTES));
  let listener: GateListener | undefined;
  let started: GramineProcess | undefined;
  try {
    await writeFile(join(folder, `${name}.manifest.sgx`), options.manifest, { flag: 'wx', mode: 0o600 });
    await writeFile(join(folder, `${name}.sig`), request.signature, { flag: 'wx', mode: 0o600 });
    listener = await listenForGate(token);
    started = await startGramine({
      command: options.command ?? 'gramine-sgx',
      folder,
      name,
      input: encodeGateTicket({ port: listener.port, token }),
      environment: options.environment ?? {},
      keepErrors: identity.debug,
    });
    const gate = await firstOf(listener, started.exited, options.startTimeoutMs ?? defaultStartTimeoutMs, signal);
    return launched({ folder, identity, started, gate });
  } catch (error) {
    listener?.close();
    await started?.kill();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface StartedEnclave {
  readonly folder: string;
  readonly identity: LaunchedIdentity;
  readonly started: GramineProcess;
  readonly gate: LaunchedEnclave['gate'];
}

function launched({ folder, identity, started, gate }: StartedEnclave): LaunchedEnclave {
  const exited = started.exited.then(async (exit) => {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return exit;
  });
  return Object.freeze({
    identity,
    isolation: layers,
    gate,
    exited,
    async terminate() {
      await started.kill();
      gate.destroy();
      await exited;
    },
  });
}

/** Waits for whichever comes first: the gate, the end of the process, the timeout, or the caller's signal. */
async function firstOf(
  listener: GateListener,
  exited: Promise<EnclaveExit>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<LaunchedEnclave['gate']> {
  let stop = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const late = setTimeout(() => reject(notStarted(`it did not connect in ${timeoutMs} ms.`)), timeoutMs);
    const abort = (): void => reject(cancelled(signal));
    signal?.addEventListener('abort', abort, { once: true });
    stop = () => {
      clearTimeout(late);
      signal?.removeEventListener('abort', abort);
    };
    void exited.then(({ exitCode, signal: killer, detail }) => {
      reject(notStarted(`gramine-sgx ended with ${exitCode ?? killer ?? 'nothing'}. ${detail}`.trim()));
    });
  });
  interrupted.catch(() => undefined);
  try {
    return await Promise.race([listener.connected, interrupted]);
  } finally {
    stop();
  }
}

function notStarted(reason: string): EnclosError {
  return new EnclosError('ENCLAVE_START_FAILED', `The enclave did not start: ${reason}`);
}

function cancelled(signal: AbortSignal | undefined): EnclosError {
  return new EnclosError('GATE_CANCELLED', undefined, { cause: signal?.reason });
}
