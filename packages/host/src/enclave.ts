import { equalBytes } from '@enclos/codec';
import {
  createCaller,
  createDispatcher,
  maxArgumentBytes,
  systemInterface,
  type Caller,
  type Dispatch,
  type Functions,
  type Handlers,
  type Interface,
} from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createEndpoint, streamTransport, type Endpoint, type IncomingCall } from '@enclos/gate';
import { interfaceDigest, readImage, type EnclaveManifest } from '@enclos/manifest';
import {
  decodeGateHello,
  encodeGateHello,
  errorsFromEnclave,
  GateTable,
  type EnclaveExit,
  type Isolation,
  type IsolationLayer,
  type LaunchedEnclave,
  type LaunchedIdentity,
  type Launcher,
} from '@enclos/tee';
import { createFileService, type FileService } from './files.ts';

/** What an untrusted function gets beside its arguments. */
export interface HostContext<T extends Functions> {
  /** Trusted functions, called as part of the enclave's call. */
  readonly enclave: Caller<T>;
  readonly signal: AbortSignal;
}

export interface LoadOptions<T extends Functions, U extends Functions> {
  /** The image (SGXS stream) and its SIGSTRUCT. */
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  /** The interface that the image was built with. */
  readonly interface: Interface<T, U>;
  /** The functions that the host offers. */
  readonly untrusted: Handlers<U, HostContext<T>>;
  /** What starts the enclave: see `connectSoftwarePlatform` and `startPlatform`. */
  readonly launcher: Launcher;
  /** Default `strict`: refuse to start unless every layer is there. */
  readonly isolation?: Isolation | undefined;
  readonly mounts?: Readonly<Record<string, string>> | undefined;
  readonly trustedFiles?: Readonly<Record<string, string>> | undefined;
  /** Values for the variables that the manifest takes from the host. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly onLog?: ((level: number, text: string) => void) | undefined;
  /** How long the enclave may take to answer first. Default 30 seconds. */
  readonly startTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A running enclave, seen from outside. */
export interface Enclave<T extends Functions> {
  /** The trusted functions. Every pending call rejects with `ENCLAVE_LOST` when the enclave ends. */
  readonly call: Caller<T>;
  readonly identity: LaunchedIdentity;
  readonly manifest: EnclaveManifest;
  readonly isolation: readonly IsolationLayer[];
  /** Settles when the enclave process is gone; never rejects. */
  readonly exited: Promise<EnclaveExit>;
  /** Ends the enclave and resolves when its process is gone. Idempotent. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Loads an enclave: the platform measures the image, verifies the signature and
 * starts it; then the application's `start` runs.
 * @throws what the platform refuses (SIGSTRUCT_*, EINIT_*, IMAGE_INVALID,
 * ISOLATION_UNAVAILABLE), HOST_INTERFACE_MISMATCH, HOST_MOUNT_REFUSED, ENCLAVE_LOST.
 */
export async function loadEnclave<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
): Promise<Enclave<T>> {
  const { manifest } = readImage(options.image);
  const digest = interfaceDigest(options.interface);
  if (!equalBytes(digest, manifest.interfaceDigest)) throw new EnclosError('HOST_INTERFACE_MISMATCH');
  // Everything that the caller can get wrong is found before an enclave is started.
  const files = createFileService(manifest, { mounts: options.mounts ?? {}, trustedFiles: options.trustedFiles ?? {} });
  const calls = createDispatcher(options.interface.untrusted, options.untrusted);
  const launched = await options.launcher.launch({
    image: options.image,
    signature: options.signature,
    debug: manifest.debug,
    isolation: options.isolation ?? 'strict',
    signal: options.signal,
  });
  const { endpoint, ended } = await opened(options, { launched, manifest, digest, files, calls });
  const dispose = async (): Promise<void> => {
    await endpoint.close();
    await ended;
  };
  return Object.freeze({
    call: createCaller(options.interface.trusted, ({ index, payload, options: call, maxResultBytes }) =>
      endpoint.invoke(GateTable.application, index, payload, { ...call, maxResultBytes }),
    ),
    identity: launched.identity,
    manifest,
    isolation: launched.isolation,
    exited: launched.exited,
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}

interface Loaded<T extends Functions> {
  readonly launched: LaunchedEnclave;
  readonly manifest: EnclaveManifest;
  readonly digest: Uint8Array;
  readonly files: FileService;
  readonly calls: Dispatch<HostContext<T>>;
}

interface Opened {
  readonly endpoint: Endpoint;
  /** Settles when the process is gone and nothing of its writes is left. Never rejects. */
  readonly ended: Promise<void>;
}

/** Opens the gate and runs the application's `start`; whatever fails ends the enclave. */
async function opened<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  loaded: Loaded<T>,
): Promise<Opened> {
  const { launched, files, manifest } = loaded;
  try {
    const endpoint = openGate(options, loaded);
    const ended = endpoint.closed.then(async () => {
      // An enclave that broke the protocol may not end by itself.
      await launched.terminate();
      await files.close();
    });
    await start(endpoint, options, manifest);
    return { endpoint, ended };
  } catch (error) {
    await launched.terminate();
    throw error;
  }
}

function openGate<T extends Functions, U extends Functions>(options: LoadOptions<T, U>, loaded: Loaded<T>): Endpoint {
  const { launched, manifest, digest, files, calls } = loaded;
  const onLog = options.onLog;
  const maxBytes = {
    application: maxArgumentBytes(options.interface.untrusted),
    system: maxArgumentBytes(systemInterface.untrusted),
  };
  return createEndpoint({
    transport: streamTransport(launched.gate),
    initiator: true,
    hello: encodeGateHello({ name: manifest.name, interfaceDigest: digest }),
    acceptHello(theirs) {
      if (!equalBytes(decodeGateHello(theirs).interfaceDigest, digest)) {
        throw new EnclosError('HOST_INTERFACE_MISMATCH');
      }
    },
    limits: {
      ...manifest.limits,
      maxConcurrentCalls: maxHostCalls,
      maxQueuedCalls: Math.min(manifest.limits.maxQueuedCalls, maxHostQueuedCalls),
      helloTimeoutMs: options.startTimeoutMs ?? startTimeoutMs,
    },
    remoteErrors: errorsFromEnclave,
    maxPayloadBytes: (table, index) =>
      (table === GateTable.system ? maxBytes.system : maxBytes.application)[index] ?? 0,
    dispatch: (call) =>
      call.table === GateTable.system
        ? files.dispatch(call.index, call.payload, undefined)
        : calls(call.index, call.payload, contextOf(call, options.interface.trusted)),
    describeError: describeHostError,
    lostError: (cause) => new EnclosError('ENCLAVE_LOST', undefined, { cause }),
    ...(onLog === undefined ? {} : { onLog }),
  });
}

/** Untrusted functions that may run at once for one enclave, and wait. The manifest is the enclave's word: it may ask for less. */
const maxHostCalls = 256;
const maxHostQueuedCalls = 1024;
const startTimeoutMs = 30_000;

/** Caller and signal are made when first used: most functions call nothing back, and look at no signal. */
function contextOf<T extends Functions>(call: IncomingCall, trusted: T): HostContext<T> {
  let caller: Caller<T> | undefined;
  return {
    get signal(): AbortSignal {
      return call.signal;
    },
    get enclave(): Caller<T> {
      caller ??= createCaller(trusted, ({ index, payload, options, maxResultBytes }) =>
        call.invoke(GateTable.application, index, payload, { ...options, maxResultBytes }),
      );
      return caller;
    },
  };
}

/** The enclave does not need the host's reasons, and the host's log has them. */
function describeHostError(error: unknown): { code: string; message: string } {
  if (isEnclosError(error)) return { code: error.code, message: error.message };
  return { code: 'HOST_CALL_FAILED', message: 'The untrusted function failed.' };
}

async function start<T extends Functions, U extends Functions>(
  endpoint: Endpoint,
  options: LoadOptions<T, U>,
  manifest: EnclaveManifest,
): Promise<void> {
  await greeted(endpoint, options.signal);
  const system = createCaller(systemInterface.trusted, ({ index, payload, options: call, maxResultBytes }) =>
    endpoint.invoke(GateTable.system, index, payload, { ...call, maxResultBytes }),
  );
  const given = options.environment ?? {};
  const hostEnvironment = manifest.environment
    .filter(({ name, value }) => value === undefined && Object.hasOwn(given, name))
    .map(({ name }) => ({ name, value: given[name] ?? '' }));
  const timeoutMs = options.startTimeoutMs ?? startTimeoutMs;
  const { signal } = options;
  await system
    .start({ hostEnvironment }, signal === undefined ? { timeoutMs } : { timeoutMs, signal })
    .catch((error: unknown) => {
      throw startError(error);
    });
}

/**
 * No peer may raise an error of kind `lost`; here the host itself knows that the
 * enclave is lost, since it ends every enclave that does not start.
 */
function startError(error: unknown): unknown {
  const hasNotStarted =
    isEnclosError(error, 'GATE_REMOTE_ERROR') && error.details['remoteCode'] === 'ENCLAVE_START_FAILED';
  return hasNotStarted ? new EnclosError('ENCLAVE_START_FAILED', error.message, { cause: error }) : error;
}

/** @throws GATE_CANCELLED when the signal aborts first. */
async function greeted(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<void> {
  const cancel = (): void =>
    void endpoint.close(new EnclosError('GATE_CANCELLED', undefined, { cause: signal?.reason }));
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  await endpoint.ready.finally(() => signal?.removeEventListener('abort', cancel));
}
