import { equalBytes } from '@enclos/codec';
import type { Functions, Invoke } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { IsolationLayer, LaunchedIdentity } from '@enclos/tee';
import { callerOf } from '../run/enclave.ts';
import type { PreparedImage } from '../run/prepare.ts';
import { runEnclave, type RunningEnclave } from '../run/running-enclave.ts';
import { codeOf, type Watch } from '../observe/watch.ts';
import type { PlatformLink } from './platform-link.ts';
import { delayBefore, isLasting, type RestartPolicy } from './restart-policy.ts';
import type { SuperviseOptions, SupervisionEnd } from './supervision.ts';
import { systemClock, type SupervisorClock, type WaitingCalls } from './waiting-calls.ts';

interface SupervisorInit<T extends Functions, U extends Functions> {
  readonly options: SuperviseOptions<T, U>;
  readonly policy: RestartPolicy;
  readonly prepared: PreparedImage<T>;
  readonly watch: Watch | undefined;
  readonly platform: PlatformLink;
  readonly first: RunningEnclave;
  readonly waiting: WaitingCalls;
}

/** Serves one enclave after the other, from the first to the last. */
export class Supervisor<T extends Functions, U extends Functions> {
  readonly ended: Promise<SupervisionEnd>;
  readonly invoke: Invoke = (call) => this.#running?.invoke(call) ?? this.#notRunning(call);
  isolation: readonly IsolationLayer[];
  restarts = 0;
  readonly #init: SupervisorInit<T, U>;
  readonly #clock: SupervisorClock;
  readonly #platform: PlatformLink;
  readonly #disposal = new AbortController();
  /** The enclave that calls go to; undefined while there is none, and while only onRestart may call the new one. */
  #running: RunningEnclave | undefined;
  /** The enclave that dispose has to end. */
  #held: RunningEnclave | undefined;
  #end: SupervisionEnd | undefined;
  /** Told of the next enclave that calls go to, or of the end. */
  readonly #expecting = new Set<() => void>();
  /** Restarts since an enclave last ran for long enough. */
  #failures = 0;

  constructor(init: SupervisorInit<T, U>) {
    this.#init = init;
    this.#clock = init.options.clock ?? systemClock;
    this.#platform = init.platform;
    this.isolation = init.first.isolation;
    this.ended = this.#supervise().then((end) => this.#finish(end));
  }

  get state(): 'running' | 'restarting' | 'ended' {
    if (this.#end !== undefined) return 'ended';
    return this.#running === undefined ? 'restarting' : 'running';
  }

  /** The enclave that calls go to, as soon as there is one. @throws ENCLAVE_LOST when there will be none */
  async next(): Promise<RunningEnclave> {
    while (this.#running === undefined) {
      if (this.#end !== undefined) throw afterEnd(this.#end);
      await new Promise<void>((resolve) => this.#expecting.add(resolve));
    }
    return this.#running;
  }

  #tellExpecting(): void {
    for (const resolve of this.#expecting) resolve();
    this.#expecting.clear();
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
    this.#tellExpecting();
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
        if (isLasting(error) || this.#platform.failed(error)) throw error;
        cause = error;
      }
    }
  }

  async #openAgain(): Promise<RunningEnclave> {
    const { options, prepared, watch } = this.#init;
    const { signal } = this.#disposal;
    const launcher = await this.#platform.launcher(signal);
    const { listeners: listen } = this.#init.first;
    const enclave = await runEnclave({ ...options, listen, launcher, signal }, prepared, watch);
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
    this.#tellExpecting();
    await this.#platform.close().catch(() => undefined);
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
