/** How often in the allowed time the pending calls are looked at, so that a call ends at most an eighth late. */
const LOOKS = 8;
const SHORTEST_LOOK_MS = 10;

interface Pending {
  /** How often it was seen. */
  looks: number;
  readonly late: () => void;
}

/**
 * Ends calls that take too long. A timer for each call would cost a tenth of a call, so one looks at all calls that have the usual time; a call
 * with another bound has its own.
 */
export class LateCalls {
  readonly #usualMs: number;
  readonly #pending = new Set<Pending>();
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(usualMs: number) {
    this.#usualMs = usualMs;
  }

  /** @returns what is called when the call has settled */
  watch(timeoutMs: number, late: () => void): () => void {
    if (timeoutMs === Infinity) return () => undefined;
    if (timeoutMs !== this.#usualMs || this.#hasEnded) {
      const timer = setTimeout(late, timeoutMs);
      return () => clearTimeout(timer);
    }
    this.#timer ??= setInterval(() => this.#look(), Math.max(SHORTEST_LOOK_MS, timeoutMs / LOOKS));
    const pending = { looks: 0, late };
    this.#pending.add(pending);
    // A call that is pending keeps the process, as its own timer would.
    if (this.#pending.size === 1) this.#timer.ref();
    return () => this.#settled(pending);
  }

  #settled(pending: Pending): void {
    this.#pending.delete(pending);
    if (this.#pending.size === 0) this.#timer?.unref();
  }

  end(): void {
    this.#hasEnded = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pending of this.#pending) {
      pending.looks += 1;
      if (pending.looks <= LOOKS) continue;
      this.#settled(pending);
      pending.late();
    }
  }
}
