import { EnclosError } from '@enclos/errors';
import type { Timers } from '@enclos/gate';
import type { Tensor } from '@enclos/open-inference';
import type { IndexedTensor } from '../protocol/packing.ts';

export interface JobOptions {
  readonly inputs: readonly IndexedTensor[];
  /** Indexes of the outputs. */
  readonly outputs: readonly number[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly timers: Timers;
  readonly now: number;
  /** Called once, when the caller has its answer. */
  readonly settled: (job: Job, error: Error | undefined) => void;
}

/** One run that a caller waits for, from the queue to its answer. */
export class Job {
  readonly inputs: readonly IndexedTensor[];
  readonly outputs: readonly number[];
  readonly inputBytes: number;
  readonly enqueuedAt: number;
  /** When an engine got it. */
  startedAt: number | undefined;
  batchRuns = 1;
  /** It failed beside others, and is computed alone. */
  isAlone = false;
  readonly result: Promise<readonly Tensor[]>;
  readonly #options: JobOptions;
  readonly #timer: unknown;
  readonly #onAbort: (() => void) | undefined;
  #isSettled = false;
  #resolve: (outputs: readonly Tensor[]) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(options: JobOptions) {
    const { inputs, outputs, timeoutMs, signal, timers, now } = options;
    this.#options = options;
    this.inputs = inputs;
    this.outputs = outputs;
    this.enqueuedAt = now;
    this.inputBytes = inputs.reduce((sum, { data }) => sum + data.byteLength, 0);
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = timers.setTimeout(() => this.fail(deadlinePassed(timeoutMs)), timeoutMs);
    if (signal !== undefined) {
      this.#onAbort = () => this.fail(cancelled());
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  /** The caller has its answer, and no other is used. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  succeed(outputs: readonly Tensor[]): void {
    if (this.#settle(undefined)) this.#resolve(outputs);
  }

  fail(error: Error): void {
    if (this.#settle(error)) this.#reject(error);
  }

  #settle(error: Error | undefined): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#options.timers.clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.settled(this, error);
    return true;
  }
}

function deadlinePassed(timeoutMs: number): EnclosError {
  return new EnclosError('ENGINE_DEADLINE', `The run did not finish within ${timeoutMs} ms.`);
}

export function cancelled(): EnclosError {
  return new EnclosError('ENGINE_CANCELLED');
}
