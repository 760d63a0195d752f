import { watchLateWork } from '@enclos/bounded';

interface Pending {
  readonly late: () => void;
}

/** Ends calls that take too long. One timer is for all calls that have the usual time; a call with another bound has its own. */
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
    this.#timer ??= this.#watchUsual();
    const pending = { late };
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

  #watchUsual(): NodeJS.Timeout {
    return watchLateWork(
      this.#usualMs,
      () => this.#pending,
      (pending) => {
        this.#settled(pending);
        pending.late();
      },
    );
  }
}
