import { equalBytes, toHex } from '@enclos/codec';
import {
  createCaller,
  createDispatcher,
  MAX_STREAMS,
  maxArgumentBytes,
  systemInterface,
  type Caller,
  type Dispatch,
  type Functions,
  type Handlers,
  type Interface,
  type Invoke,
} from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createEndpoint, type Endpoint, type EndpointOptions, type IncomingCall } from '@enclos/gate';
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
import type { StreamAddress } from './addresses.ts';
import { createDebugging, type Debugging } from './debugging.ts';
import type { DeveloperTool } from './developer-tool.ts';
import { gateTransport, toSendOnce } from './gate-transport.ts';
import type { LogFields } from './logger.ts';
import { observedCaller, observedDispatch, observedInvoke } from './observed-calls.ts';
import { openServices, type HostServices } from './services.ts';
import { codeOf, createWatch, type Watch, type WatchOptions } from './watch.ts';

/** What an untrusted function gets beside its arguments. */
export interface HostContext<T extends Functions> {
  /** Trusted functions, called as part of the enclave's call. */
  readonly enclave: Caller<T>;
  readonly signal: AbortSignal;
}

export interface LoadOptions<T extends Functions, U extends Functions> extends WatchOptions {
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
  /** Where to listen for each listener of the manifest. Default: its port on 127.0.0.1. */
  readonly listen?: Readonly<Record<string, StreamAddress>> | undefined;
  /** Where to connect to for a destination of the manifest, in place of what it declares. */
  readonly connect?: Readonly<Record<string, StreamAddress>> | undefined;
  /** Values for the variables that the manifest takes from the host. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Every line of the enclave as it comes, level 0 (error) to 4 (trace). It must bound what it keeps; a `logger` is bounded. */
  readonly onLog?: ((level: number, text: string) => void) | undefined;
  /** Source map of a debug image, NAME.map: traces of the enclave then show its sources. */
  readonly sourceMap?: string | undefined;
  /** From {@link fromEnvironment}. While it inspects, calls have no deadline: a breakpoint may hold them. */
  readonly developerTool?: DeveloperTool | undefined;
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
  /** Where each listener of the manifest really listens, by name. */
  readonly listeners: Readonly<Record<string, StreamAddress>>;
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
 * ISOLATION_UNAVAILABLE), HOST_INTERFACE_MISMATCH, HOST_MOUNT_REFUSED, HOST_LISTEN_FAILED,
 * STREAM_NOT_DECLARED, ENCLAVE_LOST.
 */
export async function loadEnclave<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
): Promise<Enclave<T>> {
  const prepared = prepare(options);
  const { manifest } = prepared;
  const watch = createWatch(manifest.name, options);
  const { invoke, identity, isolation, listeners, exited, dispose } = await open(options, prepared, watch);
  return Object.freeze({
    call: callerOf(options.interface.trusted, invoke, watch),
    identity,
    manifest,
    isolation,
    listeners,
    exited,
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}

/** The trusted functions over `invoke`, under observation when somebody looks. */
export function callerOf<T extends Functions>(trusted: T, invoke: Invoke, watch: Watch | undefined): Caller<T> {
  if (watch === undefined) return createCaller(trusted, invoke);
  return observedCaller({ trusted, invoke: observedInvoke(invoke), watch });
}

/** What is the same however often an image is loaded. */
export interface Prepared<T extends Functions> {
  readonly manifest: EnclaveManifest;
  readonly digest: Uint8Array;
  readonly calls: Dispatch<HostContext<T>>;
  readonly debugging: Debugging;
}

/**
 * Finds what can be wrong before an enclave is started.
 * @throws what the image reader refuses, HOST_INTERFACE_MISMATCH, LAUNCH_INSPECTOR_REFUSED
 */
export function prepare<T extends Functions, U extends Functions>(options: LoadOptions<T, U>): Prepared<T> {
  const { manifest } = readImage(options.image);
  const digest = interfaceDigest(options.interface);
  if (!equalBytes(digest, manifest.interfaceDigest)) throw new EnclosError('HOST_INTERFACE_MISMATCH');
  const calls = createDispatcher(options.interface.untrusted, options.untrusted);
  return { manifest, digest, calls, debugging: createDebugging(manifest, options) };
}

/** An enclave that runs, before its functions have their types. */
export interface Opened extends Pick<LaunchedEnclave, 'identity' | 'isolation' | 'exited'> {
  readonly invoke: Invoke;
  /** Settles when no call is answered any more; the process may still be ending. Never rejects. */
  readonly closed: Promise<unknown>;
  /** Where each listener of the manifest really listens, by name. */
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  /** Settles when the process is gone, with its streams, and nothing of its writes is left. Never rejects. */
  readonly ended: Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** One load of a prepared image. @throws as {@link loadEnclave} */
export async function open<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  prepared: Prepared<T>,
  watch: Watch | undefined,
): Promise<Opened> {
  try {
    return await launchAndStart(options, prepared, watch);
  } catch (error) {
    const code = codeOf(error, 'ENCLAVE_START_FAILED');
    watch?.event('load-failed', 'error', `The enclave could not be loaded: ${code}.`, { code });
    throw error;
  }
}

async function launchAndStart<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  prepared: Prepared<T>,
  watch: Watch | undefined,
): Promise<Opened> {
  const services = await openServices(prepared.manifest, {
    folders: { mounts: options.mounts ?? {}, trustedFiles: options.trustedFiles ?? {} },
    streams: { listen: options.listen ?? {}, connect: options.connect ?? {} },
  });
  try {
    return await launchWith(services, { options, prepared, watch });
  } catch (error) {
    await services.close();
    throw error;
  }
}

interface Load<T extends Functions, U extends Functions> {
  readonly options: LoadOptions<T, U>;
  readonly prepared: Prepared<T>;
  readonly watch: Watch | undefined;
}

async function launchWith<T extends Functions, U extends Functions>(
  services: HostServices,
  { options, prepared, watch }: Load<T, U>,
): Promise<Opened> {
  const { manifest, debugging } = prepared;
  const launched = await observed(watch, 'load', () =>
    options.launcher
      .launch({
        image: options.image,
        signature: options.signature,
        debug: manifest.debug,
        isolation: options.isolation ?? 'strict',
        inspector: debugging.inspected,
        signal: options.signal,
      })
      .then((made) => {
        if (watch !== undefined) watch.mrEnclave = toHex(made.identity.mrEnclave);
        return made;
      }),
  );
  const { identity, inspector } = launched;
  if (inspector !== undefined) options.developerTool?.takeInspector(manifest.name, identity, inspector);
  watch?.event('loaded', 'info', 'The platform measured and started the enclave.', loadedFields(launched));
  const { endpoint, ended } = await opened(options, { ...prepared, launched, services }, watch);
  options.developerTool?.started(manifest.name, identity);
  const end = { isOver: false, isOurs: false };
  const over = (): void => void (end.isOver = true);
  void launched.exited.then(over);
  void endpoint.closed.then(over);
  const told = watch === undefined ? ended : tellEnd(watch, { launched, manifest, ended, isOurs: () => end.isOurs });
  const dispose = async (): Promise<void> => {
    // Who disposes of an enclave that is gone already has lost it.
    end.isOurs ||= !end.isOver;
    await endpoint.close();
    await told;
  };
  return {
    invoke: debugging.through(({ index, payload, options: call, maxResultBytes }) =>
      endpoint.invoke(GateTable.application, index, toSendOnce(payload), { ...call, maxResultBytes }),
    ),
    identity,
    isolation: launched.isolation,
    listeners: services.listeners,
    exited: launched.exited.then((exit) => debugging.exit(exit)),
    closed: endpoint.closed,
    ended,
    dispose,
  };
}

function observed<T>(watch: Watch | undefined, kind: 'load' | 'start', work: () => Promise<T>): Promise<T> {
  if (watch === undefined) return work();
  const seen = watch.begin({ kind, function: '' });
  return work().then(
    (result) => {
      seen.end('OK');
      return result;
    },
    (error: unknown) => {
      seen.end(codeOf(error, 'ENCLAVE_START_FAILED'));
      throw error;
    },
  );
}

function loadedFields({ identity, isolation }: LaunchedEnclave): LogFields {
  const { productId, securityVersion, debug } = identity;
  const missing = isolation.filter(({ active }) => !active).map(({ name }) => name);
  return { productId, securityVersion, debug, isolationMissing: missing.join(' ') };
}

interface Ending {
  readonly launched: LaunchedEnclave;
  readonly manifest: EnclaveManifest;
  readonly ended: Promise<void>;
  readonly isOurs: () => boolean;
}

async function tellEnd(watch: Watch, { launched, manifest, ended, isOurs }: Ending): Promise<void> {
  await ended;
  const { exitCode, signal, detail } = await launched.exited;
  const { threads } = manifest;
  if (isOurs()) return watch.event('disposed', 'info', 'The enclave was ended by its host.', { threads });
  watch.event('lost', 'error', 'The enclave is gone.', {
    threads,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    // What follows is the error output of a debug enclave.
    reason: detail.split('\n', 1)[0] ?? '',
  });
}

interface Loaded<T extends Functions> extends Prepared<T> {
  readonly launched: LaunchedEnclave;
  readonly services: HostServices;
}

/** Opens the gate and runs the application's `start`; whatever fails ends the enclave. */
async function opened<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  loaded: Loaded<T>,
  watch: Watch | undefined,
): Promise<{ readonly endpoint: Endpoint; readonly ended: Promise<void> }> {
  const { launched, services, manifest, debugging } = loaded;
  try {
    const endpoint = openGate(options, loaded, watch);
    const ended = endpoint.closed.then(async () => {
      // An enclave that broke the protocol may not end by itself.
      await launched.terminate();
      await services.close();
    });
    await observed(watch, 'start', () => debugging.outcome(start(endpoint, options, loaded)));
    watch?.event('started', 'info', 'The application started.', { threads: manifest.threads });
    return { endpoint, ended };
  } catch (error) {
    await launched.terminate();
    throw debugging.startError(error, await launched.exited);
  }
}

function openGate<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  loaded: Loaded<T>,
  watch: Watch | undefined,
): Endpoint {
  const { launched, manifest, digest, services, calls, debugging } = loaded;
  const { trusted, untrusted } = options.interface;
  const serve: EndpointOptions['dispatch'] =
    watch === undefined
      ? (call) => calls(call.index, call.payload, contextOf(call, trusted, debugging))
      : observedDispatch({ untrusted, trusted, calls, watch, through: (invoke) => debugging.through(invoke) });
  const onLog = logOf(debugging.onLog, watch);
  const maxBytes = {
    application: maxArgumentBytes(options.interface.untrusted),
    system: maxArgumentBytes(systemInterface.untrusted),
  };
  const endpoint = createEndpoint({
    transport: gateTransport(launched.gate),
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
      maxConcurrentSystemCalls: maxHostCalls + (hasStreams(manifest) ? MAX_STREAMS : 0),
      maxQueuedCalls: Math.min(manifest.limits.maxQueuedCalls, maxHostQueuedCalls),
      helloTimeoutMs: options.startTimeoutMs ?? startTimeoutMs,
      ...debugging.limits,
    },
    remoteErrors: errorsFromEnclave,
    maxPayloadBytes: (table, index) =>
      (table === GateTable.system ? maxBytes.system : maxBytes.application)[index] ?? 0,
    dispatch: (call) =>
      call.table === GateTable.system ? services.dispatch(call.index, call.payload, call) : serve(call),
    describeError: describeHostError,
    lostError: (cause) => new EnclosError('ENCLAVE_LOST', undefined, { cause }),
    ...(onLog === undefined ? {} : { onLog }),
    // Called when frames come, and that is never before this function has returned.
    onStream: (frame) => streamReceived(frame),
    streamTurns,
  });
  const streamReceived = services.connectStreams(endpoint.stream);
  return endpoint;
}

/** Untrusted functions that may run at once for one enclave, and wait. The manifest is the enclave's word: it may ask for less. */
const maxHostCalls = 256;
/** A stream is waited for as long as it takes: those calls have slots beside the others'. */
const hasStreams = ({ listen, connect }: EnclaveManifest): boolean => listen.length + connect.length > 0;
const maxHostQueuedCalls = 1024;
const startTimeoutMs = 30_000;
/** Under load each turn finds some more sockets that have something. */
const streamTurns = 3;

type OnLog = (level: number, text: string) => void;

function logOf(onLog: OnLog | undefined, watch: Watch | undefined): OnLog | undefined {
  if (watch === undefined) return onLog;
  return (level, text) => {
    watch.line(level, text);
    onLog?.(level, text);
  };
}

/** Caller and signal are made when first used: most functions call nothing back, and look at no signal. */
function contextOf<T extends Functions>(call: IncomingCall, trusted: T, debugging: Debugging): HostContext<T> {
  let caller: Caller<T> | undefined;
  return {
    get signal(): AbortSignal {
      return call.signal;
    },
    get enclave(): Caller<T> {
      caller ??= createCaller(
        trusted,
        debugging.through(({ index, payload, options, maxResultBytes }) =>
          call.invoke(GateTable.application, index, payload, { ...options, maxResultBytes }),
        ),
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
  { manifest, debugging }: Loaded<T>,
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
  const { signal, logger } = options;
  const logLevel = options.logLevel ?? (logger === undefined ? undefined : 'info');
  await system
    .start(
      { hostEnvironment, logLevel },
      debugging.callOptions(signal === undefined ? { timeoutMs } : { timeoutMs, signal }),
    )
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
