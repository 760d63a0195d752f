import { equalBytes } from '@enclos/codec';
import type { Caller, Functions, Invoke } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { EnclaveManifest } from '@enclos/manifest';
import type { IsolationLayer, LaunchedIdentity, Launcher } from '@enclos/tee';
import type { StreamAddress } from '../services/addresses.ts';
import { pointAtCaller } from '../report/caller-stack.ts';
import { reportErrors } from '../report/uncaught.ts';
import { callerOf } from '../run/enclave.ts';
import type { LoadOptions } from '../run/load-options.ts';
import { prepare, type PreparedImage } from '../run/prepare.ts';
import { runEnclave, type RunningEnclave } from '../run/running-enclave.ts';
import { delayBefore, isLasting, requireRange, resolvePolicy, type RestartPolicy } from './restart-policy.ts';
import { systemClock, WaitingCalls, type SupervisorClock } from './waiting-calls.ts';
import { codeOf, createWatch, type Watch } from '../observe/watch.ts';

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
  /** Connects to a platform when the one of `launcher` is gone. Without it, that ends the supervision. The supervisor closes what it gets. */
  readonly reconnect?: (() => Promise<Launcher>) | undefined;
  readonly clock?: SupervisorClock | undefined;
  /** 0 to 1, for the jitter. */
  readonly random?: (() => number) | undefined;
}

/** Why a supervision ended. Without an error, it was disposed. */
export interface SupervisionEnd {
  readonly error: EnclosError | undefined;
}

/** An enclave that is started again when it ends. */
export interface SupervisedEnclave<T extends Functions> {
  /**
   * The trusted functions of the running enclave. A pending call rejects with ENCLAVE_LOST when the enclave ends: it may have
   * had effects, so it is not repeated. A call that is made while the enclave is down waits, or rejects with
   * ENCLAVE_RESTARTING. After the supervision has ended, each call rejects with ENCLAVE_LOST.
   */
  readonly call: Caller<T>;
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

const defaultMaxWaitingCalls = 256;

/**
 * Loads an enclave, and loads it again when it ends by itself. A failure of the first load is thrown; `signal` applies only to
 * that load.
 * @throws as {@link loadEnclave}, and HOST_OPTION_INVALID
 * @example
 * ```ts
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { fromEnvironment, superviseEnclave } from '@enclos/host';
 *
 * const greeter = defineInterface({
 *   name: 'greeter',
 *   trusted: { greet: func({ name: string({ maxBytes: 64 }) }, string({ maxBytes: 128 })) },
 *   untrusted: {},
 * });
 *
 * // Loads the image again after a crash. Calls that were pending then fail with ENCLAVE_LOST.
 * export const enclave = await superviseEnclave({ ...(await fromEnvironment()), interface: greeter, untrusted: {} });
 * ```
 */
export async function superviseEnclave<T extends Functions, U extends Functions>(
  options: SuperviseOptions<T, U>,
): Promise<SupervisedEnclave<T>> {
  reportErrors();
  try {
    return await supervise(options);
  } catch (error) {
    pointAtCaller(error, superviseEnclave);
    throw error;
  }
}

async function supervise<T extends Functions, U extends Functions>(
  options: SuperviseOptions<T, U>,
): Promise<SupervisedEnclave<T>> {
  const { waitMs = 0, maxWaitingCalls = defaultMaxWaitingCalls } = options;
  const policy = resolvePolicy(options.restart);
  requireRange('waitMs', waitMs, [0, 0x7fff_ffff]);
  requireRange('maxWaitingCalls', maxWaitingCalls, [0, 1_048_576]);
  const prepared = prepare(options);
  const watch = createWatch(prepared.manifest.name, options);
  const first = await runEnclave(options, prepared, watch);
  const waiting = new WaitingCalls({ clock: options.clock ?? systemClock, waitMs, maxCalls: maxWaitingCalls });
  const supervisor = new Supervisor({ options, policy, prepared, watch, first, waiting });
  const { identity } = first;
  const dispose = (): Promise<void> => supervisor.dispose();
  return Object.freeze({
    call: callerOf(options.interface.trusted, supervisor.invoke, watch),
    identity,
    manifest: prepared.manifest,
    listeners: first.listeners,
    get isolation() {
      return supervisor.isolation;
    },
    get restarts() {
      return supervisor.restarts;
    },
    get state() {
      return supervisor.state;
    },
    ended: supervisor.ended,
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}

interface SupervisorInit<T extends Functions, U extends Functions> {
  readonly options: SuperviseOptions<T, U>;
  readonly policy: RestartPolicy;
  readonly prepared: PreparedImage<T>;
  readonly watch: Watch | undefined;
  readonly first: RunningEnclave;
  readonly waiting: WaitingCalls;
}

class Supervisor<T extends Functions, U extends Functions> {
  readonly ended: Promise<SupervisionEnd>;
  readonly invoke: Invoke = (call) => this.#running?.invoke(call) ?? this.#notRunning(call);
  isolation: readonly IsolationLayer[];
  restarts = 0;
  readonly #init: SupervisorInit<T, U>;
  readonly #clock: SupervisorClock;
  readonly #disposal = new AbortController();
  /** The enclave that calls go to; undefined while there is none, and while only onRestart may call the new one. */
  #running: RunningEnclave | undefined;
  /** The enclave that dispose has to end. */
  #held: RunningEnclave | undefined;
  #launcher: Launcher;
  #mustReconnect = false;
  #end: SupervisionEnd | undefined;
  /** Restarts since an enclave last ran for long enough. */
  #failures = 0;

  constructor(init: SupervisorInit<T, U>) {
    this.#init = init;
    this.#clock = init.options.clock ?? systemClock;
    this.#launcher = init.options.launcher;
    this.isolation = init.first.isolation;
    this.ended = this.#supervise().then((end) => this.#finish(end));
  }

  get state(): 'running' | 'restarting' | 'ended' {
    if (this.#end !== undefined) return 'ended';
    return this.#running === undefined ? 'restarting' : 'running';
  }

  async dispose(): Promise<void> {
    this.#disposal.abort();
    await this.#held?.dispose();
    await this.ended;
  }

  get #isDisposed(): boolean {
    return this.#disposal.signal.aborted;
  }

  #notRunning(call: Parameters<Invoke>[0]): Promise<Uint8Array> {
    return this.#end === undefined ? this.#init.waiting.invoke(call) : Promise.reject(afterEnd(this.#end));
  }

  async #supervise(): Promise<SupervisionEnd> {
    let enclave: RunningEnclave | undefined = this.#init.first;
    try {
      while (enclave !== undefined) {
        await this.#serve(enclave);
        enclave = this.#isDisposed ? undefined : await this.#restart();
      }
      return { error: undefined };
    } catch (error) {
      return { error: isEnclosError(error) ? error : new EnclosError('ENCLAVE_LOST', undefined, { cause: error }) };
    }
  }

  /** Resolves when the enclave and its process are gone. */
  async #serve(enclave: RunningEnclave): Promise<void> {
    const sinceMs = this.#clock.now();
    this.#held = enclave;
    this.#running = enclave;
    this.#init.waiting.settle(enclave.invoke);
    await enclave.closed;
    this.#running = undefined;
    await enclave.ended;
    this.#held = undefined;
    if (this.#clock.now() - sinceMs >= this.#init.policy.resetAfterMs) this.#failures = 0;
  }

  /**
   * @returns undefined when it was disposed meanwhile. @throws errors that the next load would also meet, and
   *   ENCLAVE_CRASH_LOOP
   */
  async #restart(): Promise<RunningEnclave | undefined> {
    const { policy, watch, options } = this.#init;
    let cause: unknown;
    for (;;) {
      if (this.#failures >= policy.maxRestarts) throw crashLoop(this.#failures, cause);
      const delayMs = delayBefore(policy, this.#failures, (options.random ?? Math.random)());
      this.#failures += 1;
      const attempt = this.#failures;
      watch?.event('restarting', 'warn', 'The enclave is to be started again.', { attempt, delayMs });
      await this.#sleep(delayMs);
      if (this.#isDisposed) return undefined;
      try {
        return await this.#openAgain();
      } catch (error) {
        if (this.#isDisposed) return undefined;
        if (isLasting(error) || this.#isPlatformGone(error)) throw error;
        this.#mustReconnect ||= isEnclosError(error, 'TEE_PLATFORM_LOST');
        cause = error;
      }
    }
  }

  async #openAgain(): Promise<RunningEnclave> {
    const { options, prepared, watch } = this.#init;
    const { signal } = this.#disposal;
    if (this.#mustReconnect) await this.#reconnect();
    const { listeners: listen } = this.#init.first;
    const enclave = await runEnclave({ ...options, listen, launcher: this.#launcher, signal }, prepared, watch);
    this.#held = enclave;
    this.isolation = enclave.isolation;
    try {
      if (this.#isDisposed) throw new EnclosError('GATE_CANCELLED');
      requireSame(this.#init.first.identity, enclave.identity);
      this.restarts += 1;
      await this.#announce(enclave);
    } catch (error) {
      await enclave.dispose();
      this.#held = undefined;
      throw error;
    }
    watch?.event('restarted', 'info', 'The enclave runs again.', { restarts: this.restarts });
    return enclave;
  }

  /** Waits for onRestart, but no longer than the enclave lives. */
  async #announce(enclave: RunningEnclave): Promise<void> {
    const { options, watch } = this.#init;
    if (options.onRestart === undefined) return;
    const call = callerOf(options.interface.trusted, enclave.invoke, watch);
    const restart = Object.freeze({ restarts: this.restarts, identity: enclave.identity, call });
    const lost = enclave.closed.then(() => {
      throw new EnclosError('ENCLAVE_LOST');
    });
    await Promise.race([lost, Promise.resolve(restart).then(options.onRestart)]);
  }

  async #reconnect(): Promise<void> {
    const launcher = await this.#init.options.reconnect?.();
    if (launcher === undefined) return;
    await this.#closeOwnLauncher();
    this.#launcher = launcher;
    this.#mustReconnect = false;
  }

  async #closeOwnLauncher(): Promise<void> {
    if (this.#launcher !== this.#init.options.launcher) await this.#launcher.close();
  }

  /** The connection of a lost platform never works again. */
  #isPlatformGone(error: unknown): boolean {
    return isEnclosError(error, 'TEE_PLATFORM_LOST') && this.#init.options.reconnect === undefined;
  }

  #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#disposal;
    return new Promise((resolve) => {
      const done = (): void => {
        this.#clock.clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#clock.setTimeout(done, delayMs);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  async #finish(end: SupervisionEnd): Promise<SupervisionEnd> {
    this.#end = Object.freeze(end);
    this.#init.waiting.settle(afterEnd(end));
    await this.#closeOwnLauncher().catch(() => undefined);
    if (end.error !== undefined) {
      const { code } = end.error;
      this.#init.watch?.event('supervision-ended', 'error', `The enclave is not started again: ${code}.`, { code });
    }
    return this.#end;
  }
}

function requireSame(first: LaunchedIdentity, now: LaunchedIdentity): void {
  const isSame =
    equalBytes(first.mrEnclave, now.mrEnclave) &&
    equalBytes(first.mrSigner, now.mrSigner) &&
    first.productId === now.productId &&
    first.securityVersion === now.securityVersion &&
    first.debug === now.debug;
  if (!isSame) throw new EnclosError('ENCLAVE_IDENTITY_CHANGED');
}

function crashLoop(restarts: number, cause: unknown): EnclosError {
  const last = cause === undefined ? '' : ` The last failure: ${codeOf(cause, 'ENCLAVE_START_FAILED')}.`;
  return new EnclosError('ENCLAVE_CRASH_LOOP', `The enclave was started again ${restarts} times in vain.${last}`, {
    details: { restarts },
    cause,
  });
}

function afterEnd({ error }: SupervisionEnd): EnclosError {
  const message = error === undefined ? undefined : `The enclave is gone, and is not started again: ${error.code}.`;
  return new EnclosError('ENCLAVE_LOST', message, { cause: error });
}
