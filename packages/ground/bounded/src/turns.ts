/** Runs pieces of work in the order of the calls: one at a time, or as many as it is made for. */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce = 1) {
    this.#atOnce = atOnce;
  }

  /** Begins `work` when enough of the work before it has ended, even if that failed. @returns what the work returns or throws */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await work();
    } finally {
      // The turn is handed on, so that a call that comes now does not get in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.#atOnce) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }
}
