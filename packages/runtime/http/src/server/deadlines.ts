import type { HttpLimits } from '../limits.ts';

/** What a connection waits for. Each has its time. */
export type Phase =
  | 'handshake'
  | 'head'
  /** A whole body, or the rest of one that nobody reads. */
  | 'body'
  /** More of a streamed body, which the handler waits for. */
  | 'more body'
  /** The handler's answer. */
  | 'answer'
  /** More of a streamed answer. It may take as long as the handler likes. */
  | 'more answer'
  /** The same, when the client has ended its side, and may be gone. */
  | 'more answer after end'
  | 'write'
  | 'idle'
  | 'end';

/** What becomes of a connection whose time is over: a status to refuse its request with, or an end without an answer. */
export type Overdue = number | 'end' | 'destroy';

/** How long a client may take to read the last answer and to end. */
const endTimeoutMs = 2000;
/** From when on a client that sends a body, or takes an answer, is slow. */
const slowMs = 5000;
/** Longer than any wait. */
const groupMs = 2 ** 40;

/** What one connection waits for, and since when. */
export class Deadlines {
  readonly #now: () => number;
  #phase: Phase = 'handshake';
  #since: number;
  /** When the request under way began, or the client last sent some of its streamed body. */
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

  /** The client has sent some of a streamed body. */
  extendRequest(): void {
    this.#requestSince = this.#now();
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
      case 'more body':
      case 'more answer after end':
      case 'write':
        return waitedMs > slowMs ? waitedMs : undefined;
      case 'answer':
      case 'more answer':
        return undefined;
    }
  }

  /** @returns undefined as long as there is time. */
  overdue(now: number, limits: HttpLimits): Overdue | undefined {
    const waitedMs = now - this.#since;
    const isRequestLate = now - this.#requestSince > limits.requestTimeoutMs;
    const after = (timeoutMs: number, overdue: Overdue): Overdue | undefined =>
      waitedMs > timeoutMs ? overdue : undefined;
    switch (this.#phase) {
      case 'handshake':
        return after(limits.handshakeTimeoutMs, 'destroy');
      case 'idle':
        return after(limits.idleTimeoutMs, 'end');
      case 'head':
        return isRequestLate ? 408 : after(limits.headerTimeoutMs, 408);
      case 'body':
        return isRequestLate ? 408 : after(limits.bodyTimeoutMs, 408);
      case 'more body':
        return after(limits.bodyIdleTimeoutMs, 408);
      case 'answer':
        return isRequestLate ? 503 : undefined;
      case 'more answer':
        return undefined;
      case 'more answer after end':
        return after(limits.idleTimeoutMs, 'destroy');
      case 'write':
        return after(limits.writeTimeoutMs, 'destroy');
      case 'end':
        return after(endTimeoutMs, 'destroy');
    }
  }
}
