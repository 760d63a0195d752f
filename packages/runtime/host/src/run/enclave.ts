import type { Caller, Functions, Invoke } from '@enclos/edl';
import type { EnclaveManifest } from '@enclos/manifest';
import type { EnclaveExit, IsolationLayer, LaunchedIdentity } from '@enclos/tee';
import type { StreamAddress } from '../services/addresses.ts';
import type { LoadOptions } from './load-options.ts';
import { hostCaller } from './host-caller.ts';
import { observedCaller, observedInvoke } from './observed-calls.ts';
import { prepare } from './prepare.ts';
import { enter } from '../report/entrance.ts';
import { runEnclave } from './running-enclave.ts';
import { createWatch, type Watch } from '../observe/watch.ts';

/** A running enclave, seen from outside. */
export interface Enclave<T extends Functions> {
  /** The trusted functions. Every pending call rejects with `ENCLAVE_LOST` when the enclave ends. */
  readonly call: Caller<T>;
  readonly identity: LaunchedIdentity;
  readonly manifest: EnclaveManifest;
  readonly isolation: readonly IsolationLayer[];
  /** Where each listener of the manifest really listens, by name. */
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  /** Settles when the enclave process has ended; never rejects. */
  readonly exited: Promise<EnclaveExit>;
  /** Ends the enclave and resolves when its process has ended. Idempotent. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Loads an enclave: the platform measures the image, verifies the signature and
 * starts it; then the application's `start` runs.
 * @throws what the platform refuses (SIGSTRUCT_*, EINIT_*, IMAGE_INVALID,
 * ISOLATION_UNAVAILABLE), HOST_INTERFACE_MISMATCH, HOST_MOUNT_REFUSED, HOST_LISTEN_FAILED,
 * STREAM_NOT_DECLARED, STREAM_TRANSPORT_UNAVAILABLE, HOST_OPTION_INVALID, ENCLAVE_START_FAILED.
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
  return await enter(loadEnclave, () => load(options));
}

async function load<T extends Functions, U extends Functions>(options: LoadOptions<T, U>): Promise<Enclave<T>> {
  const prepared = prepare(options);
  const { manifest } = prepared;
  const watch = createWatch(manifest.name, options);
  const { invoke, identity, isolation, listeners, exited, dispose } = await runEnclave(options, prepared, watch);
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

/** The trusted functions over `invoke`. Each call is observed when there is a watch. */
export function callerOf<T extends Functions>(trusted: T, invoke: Invoke, watch: Watch | undefined): Caller<T> {
  if (watch === undefined) return hostCaller(trusted, invoke);
  return observedCaller({ trusted, invoke: observedInvoke(invoke), watch });
}
