import { watchLateWork } from '@enclos/bounded';

interface Pending {
  readonly late: () => void;
  /** Its place among those that are pending. */
  at: number;
}

/** Ends calls that take too long. One timer is for all calls that have the usual time; a call with another bound has its own. */
export class LateCalls {
  readonly #usualMs: number;
  /**
   * Not a Set: one that is changed by each call is laid out anew again and again, and each old layout, once it is old enough to outlive
   * a scavenge, keeps the next one alive, with the call in it. A tenth of all garbage would survive.
   */
  readonly #pending: Pending[] = [];
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
    const pending = { late, at: this.#pending.length };
    // A call that is pending keeps the process, as its own timer would.
    if (this.#pending.push(pending) === 1) this.#timer.ref();
    return () => this.#settled(pending);
  }

  #settled(pending: Pending): void {
    if (this.#pending[pending.at] !== pending) return;
    const last = this.#pending.pop();
    if (last !== undefined && last !== pending) {
      last.at = pending.at;
      this.#pending[pending.at] = last;
    }
    if (this.#pending.length === 0) this.#timer?.unref();
  }

  end(): void {
    this.#hasEnded = true;
    clearInterval(this.#timer);
  }

  #watchUsual(): NodeJS.Timeout {
    return watchLateWork(
      this.#usualMs,
      // A copy: those that are late leave while it is looked at.
      () => [...this.#pending],
      (pending) => {
        this.#settled(pending);
        pending.late();
      },
    );
  }
}
