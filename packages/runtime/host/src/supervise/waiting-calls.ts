import type { Invocation, Invoke } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';

/** The clock for waiting calls. */
export interface SupervisorClock {
  /** Milliseconds from any origin, never backwards. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

export const systemClock: SupervisorClock = Object.freeze({
  now: () => performance.now(),
  setTimeout: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
  // Only handles that the function above returned come back here.
  clearTimeout: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout),
});

export interface WaitingCallsOptions {
  readonly clock: SupervisorClock;
  /** How long a call waits for the enclave. 0: not at all. */
  readonly waitMs: number;
  readonly maxCalls: number;
}

/** Calls that were made while the enclave was down. Their arguments are encoded, but not sent. */
export class WaitingCalls {
  readonly #options: WaitingCallsOptions;
  readonly #waiting = new Set<(outcome: Invoke | EnclosError) => void>();

  constructor(options: WaitingCallsOptions) {
    this.#options = options;
  }

  /** Makes the call when there is an enclave again. @throws ENCLAVE_RESTARTING, GATE_DEADLINE, GATE_CANCELLED */
  async invoke(call: Invocation): Promise<Uint8Array> {
    const { clock, waitMs, maxCalls } = this.#options;
    const { signal, timeoutMs = Infinity } = call.options ?? {};
    if (signal?.aborted === true) throw cancelled(signal);
    if (waitMs === 0 || this.#waiting.size >= maxCalls) throw new EnclosError('ENCLAVE_RESTARTING');
    const sinceMs = clock.now();
    const invoke = await this.#enclave(Math.min(waitMs, timeoutMs), signal, timeoutMs <= waitMs);
    if (timeoutMs === Infinity) return invoke(call);
    return invoke({ ...call, options: { ...call.options, timeoutMs: timeoutMs - (clock.now() - sinceMs) } });
  }

  /** Lets all waiting calls continue, or rejects them. */
  settle(outcome: Invoke | EnclosError): void {
    for (const settle of this.#waiting) settle(outcome);
  }

  #enclave(forMs: number, signal: AbortSignal | undefined, isDeadline: boolean): Promise<Invoke> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = (outcome: Invoke | EnclosError): void => {
        this.#waiting.delete(settle);
        clock.clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        if (outcome instanceof EnclosError) reject(outcome);
        else resolve(outcome);
      };
      const aborted = (): void => settle(cancelled(signal));
      const late = (): void => settle(new EnclosError(isDeadline ? 'GATE_DEADLINE' : 'ENCLAVE_RESTARTING'));
      const timer = clock.setTimeout(late, forMs);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiting.add(settle);
    });
  }
}

function cancelled(signal: AbortSignal | undefined): EnclosError {
  return new EnclosError('GATE_CANCELLED', undefined, { cause: signal?.reason });
}
