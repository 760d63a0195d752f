import type { HttpLimits } from '../limits.ts';

/** What a connection waits for. Each phase has its own timeout. */
export type Phase =
  | 'handshake'
  | 'head'
  /** A whole body, or the rest of a body that is discarded. */
  | 'body'
  /** More of a streamed body, which the handler waits for. */
  | 'more body'
  /** The handler's answer. */
  | 'answer'
  /** More of a streamed answer. The handler may take any time. */
  | 'more answer'
  /** The same, after the client has ended its side and may be gone. */
  | 'more answer after end'
  | 'write'
  | 'idle'
  | 'end';

/** What happens to a connection whose time is up: a status with which its request is refused, or an end without an answer. */
export type Overdue = number | 'end' | 'destroy';

/** How long a client may take to read the last answer and to end. */
const endTimeoutMs = 2000;
/** After this time a client that sends a body, or takes an answer, counts as slow. */
const slowMs = 5000;
/** Longer than any wait. */
const groupMs = 2 ** 40;

/** The phase of one connection, and when it began. */
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
   * How readily the connection is closed when all places are taken: the highest number goes. Idle connections come first, then
   * those without a request so far, then those whose client is slow; in each group the longest wait comes first. Undefined for
   * connections that stay.
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

  /** @returns undefined as long as there is time left. */
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
