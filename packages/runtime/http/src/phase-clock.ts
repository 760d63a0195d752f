import type { HttpLimits } from './limits.ts';

/** What a connection waits for; each has its time. */
export type Phase = 'handshake' | 'head' | 'body' | 'answer' | 'write' | 'idle' | 'end';

/** What becomes of a connection whose time is over: a status to refuse its request with, or an end without an answer. */
export type Overdue = number | 'end' | 'destroy';

/** How long a client may take to read the last answer and to end. */
const endTimeoutMs = 2000;
/** From when on a client that sends a body, or takes an answer, is slow. */
const slowMs = 5000;
/** Longer than any wait. */
const groupMs = 2 ** 40;

/** What one connection waits for, and since when. */
export class PhaseClock {
  readonly #now: () => number;
  #phase: Phase = 'handshake';
  #since: number;
  /** When the request under way began. */
  #requestSince = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  get phase(): Phase {
    return this.#phase;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = this.#now();
  }

  beginRequest(): void {
    this.enter('head');
    this.#requestSince = this.#since;
  }

  /**
   * Which connection goes when all places are taken: the one with the highest number. Idle ones first, then those that
   * have not come to a request, then those whose client is slow; in each group the one that has been waited for longest.
   * Undefined for those that stay.
   */
  claimToGo(now: number): number | undefined {
    const waitedMs = now - this.#since;
    switch (this.#phase) {
      case 'idle':
        return 2 * groupMs + waitedMs;
      case 'handshake':
      case 'head':
      case 'end':
        return groupMs + waitedMs;
      case 'body':
      case 'write':
        return waitedMs > slowMs ? waitedMs : undefined;
      case 'answer':
        return undefined;
    }
  }

  /** @returns undefined as long as there is time. */
  overdue(now: number, limits: HttpLimits): Overdue | undefined {
    const waitedMs = now - this.#since;
    const isRequestLate = now - this.#requestSince > limits.requestTimeoutMs;
    switch (this.#phase) {
      case 'handshake':
        return waitedMs > limits.handshakeTimeoutMs ? 'destroy' : undefined;
      case 'idle':
        return waitedMs > limits.idleTimeoutMs ? 'end' : undefined;
      case 'head':
        return waitedMs > limits.headerTimeoutMs || isRequestLate ? 408 : undefined;
      case 'body':
        return waitedMs > limits.bodyTimeoutMs || isRequestLate ? 408 : undefined;
      case 'answer':
        return isRequestLate ? 503 : undefined;
      case 'write':
        return waitedMs > limits.writeTimeoutMs ? 'destroy' : undefined;
      case 'end':
        return waitedMs > endTimeoutMs ? 'destroy' : undefined;
    }
  }
}
