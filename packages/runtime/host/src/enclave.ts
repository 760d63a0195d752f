import { toHex } from '@enclos/codec';
import { createCaller, type Caller, type Functions, type Invoke } from '@enclos/edl';
import type { Endpoint } from '@enclos/gate';
import type { EnclaveManifest } from '@enclos/manifest';
import {
  GateTable,
  type EnclaveExit,
  type IsolationLayer,
  type LaunchedEnclave,
  type LaunchedIdentity,
} from '@enclos/tee';
import type { StreamAddress } from './addresses.ts';
import { toSendOnce } from './gate-transport.ts';
import type { LoadOptions } from './load-options.ts';
import type { LogFields } from './logger.ts';
import { observedCaller, observedInvoke } from './observed-calls.ts';
import { openGate, type Loaded } from './open-gate.ts';
import { prepare, type Prepared } from './prepare.ts';
import { openServices, type HostServices } from './services.ts';
import { start } from './start.ts';
import { codeOf, createWatch, type Watch } from './watch.ts';

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
 * @example
 * ```ts
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { fromEnvironment, loadEnclave } from '@enclos/host';
 *
 * const greeter = defineInterface({
 *   name: 'greeter',
 *   trusted: { greet: func({ name: string({ maxBytes: 64 }) }, string({ maxBytes: 128 })) },
 *   untrusted: {},
 * });
 *
 * const enclave = await loadEnclave({ ...(await fromEnvironment()), interface: greeter, untrusted: {} });
 * try {
 *   console.log(await enclave.call.greet({ name: 'Ada' }, { timeoutMs: 1000 }));
 * } finally {
 *   await enclave.dispose();
 * }
 * ```
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
