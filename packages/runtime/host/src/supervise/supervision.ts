import type { Caller, Functions } from '@enclos/edl';
import type { EnclosError } from '@enclos/errors';
import type { EnclaveManifest } from '@enclos/manifest';
import type { IsolationLayer, LaunchedIdentity, Launcher } from '@enclos/tee';
import type { StreamAddress } from '../services/addresses.ts';
import type { LoadOptions } from '../run/load-options.ts';
import type { RestartPolicy } from './restart-policy.ts';
import type { SupervisorClock } from './waiting-calls.ts';

/** An enclave that was started again: the same image, without the memory of the previous one. */
export interface Restart<T extends Functions> {
  /** The number of restarts so far, including this one. */
  readonly restarts: number;
  /** Equal to that of the first enclave: a different identity would have ended the supervision. */
  readonly identity: LaunchedIdentity;
  /** The functions of this enclave. All other calls still wait. */
  readonly call: Caller<T>;
}

export interface SuperviseOptions<T extends Functions, U extends Functions> extends LoadOptions<T, U> {
  readonly restart?: Partial<RestartPolicy> | undefined;
  /** How long a call that is made while the enclave is down waits for it. Default 0: it rejects with ENCLAVE_RESTARTING. */
  readonly waitMs?: number | undefined;
  /** How many calls may wait; the next one rejects with ENCLAVE_RESTARTING. Default 256. */
  readonly maxWaitingCalls?: number | undefined;
  /**
   * Called for each enclave that was started again, before any other call reaches it: attest it and give it its secrets. When
   * it rejects, that enclave is ended, which counts as a failed restart.
   */
  readonly onRestart?: ((restart: Restart<T>) => void | Promise<void>) | undefined;
  /**
   * Connects to a platform when the one of `launcher` is gone; `fromEnvironment` gives it. Without it, that ends the supervision.
   * The supervisor closes what it gets. The signal aborts when the supervision is disposed.
   */
  readonly reconnect?: ((signal?: AbortSignal) => Promise<Launcher>) | undefined;
  readonly clock?: SupervisorClock | undefined;
  /** 0 to 1, for the jitter. */
  readonly random?: (() => number) | undefined;
}

/** Why a supervision ended. Without an error, it was disposed. */
export interface SupervisionEnd {
  readonly error: EnclosError | undefined;
}

export interface RepeatOptions {
  /** The most times that the work is begun. Default 5. */
  readonly attempts?: number | undefined;
}

/** An enclave that is started again when it ends. */
export interface SupervisedEnclave<T extends Functions> {
  /**
   * The trusted functions of the running enclave. A pending call rejects with ENCLAVE_LOST when the enclave ends: it may have
   * had effects, so it is not repeated. A call that is made while the enclave is down waits, or rejects with
   * ENCLAVE_RESTARTING. After the supervision has ended, each call rejects with ENCLAVE_LOST.
   */
  readonly call: Caller<T>;
  /**
   * Does work, and does it again from its beginning when the enclave is lost during it, as when a node's agent is replaced. Only
   * for work that may be done twice: effects outside the enclave of an attempt that was lost stay. All calls of one attempt
   * reach one enclave. Before each attempt it waits for an enclave.
   * @param work gets the functions of that enclave, and the number of the attempt from 1.
   * @throws what the work throws, except ENCLAVE_LOST and ENCLAVE_RESTARTING while attempts are left; ENCLAVE_LOST when the
   *   supervision has ended; HOST_OPTION_INVALID
   */
  repeat<R>(work: (call: Caller<T>, attempt: number) => Promise<R>, options?: RepeatOptions): Promise<R>;
  /** The same after each restart. */
  readonly identity: LaunchedIdentity;
  readonly manifest: EnclaveManifest;
  readonly isolation: readonly IsolationLayer[];
  /** Where each listener of the manifest really listens, by name: the same after each restart. */
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  readonly restarts: number;
  readonly state: 'running' | 'restarting' | 'ended';
  /** Settles when the enclave will not be started again; never rejects. */
  readonly ended: Promise<SupervisionEnd>;
  /** Ends the enclave and the supervision, at any moment, and resolves when both are gone. Idempotent. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
