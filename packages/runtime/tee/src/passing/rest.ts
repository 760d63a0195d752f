import { restMs } from './passing.ts';

/** A time in which nothing is read. */
export class Rest {
  readonly #stop: () => void;
  readonly #start: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(stop: () => void, start: () => void) {
    this.#stop = stop;
    this.#start = start;
  }

  /** Does nothing while one is under way. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#stop();
    this.#timer = setTimeout(() => this.end(), restMs);
  }

  /** Reads again, if this is a rest. */
  end(): void {
    if (this.#timer === undefined) return;
    this.cancel();
    this.#start();
  }

  /** Nothing is to be read again. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
