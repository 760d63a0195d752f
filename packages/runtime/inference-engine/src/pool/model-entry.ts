import { EnclosError } from '@enclos/errors';
import type { Tensor } from '@enclos/open-inference';
import { canBatch, fitTogether, rowsOf } from './batch.ts';
import type { Signature } from './inputs.ts';
import type { Job } from './job.ts';
import { invalidArgument, type ModelLimits, requireInteger, resolveModelLimits } from './limits.ts';

/** A model to load. */
export interface ModelSpec {
  readonly name: string;
  readonly version: string;
  /**
   * The bytes of the model, or what gives them each time an engine loads it: now, and after the death of an engine. The pool keeps
   * bytes in the memory of the enclave; a function can decrypt them again instead.
   */
  readonly source: Uint8Array | (() => Promise<Uint8Array>);
  /** In how many engines it is loaded. Default: in all. */
  readonly engines?: number;
  /** Threads that compute one run. Default 1: several engines with one thread each give more than one engine with several. */
  readonly threads?: number;
  readonly limits?: Partial<ModelLimits>;
  /**
   * Rows that one computation may have when runs are joined. Default 1: runs are not joined. Only waiting runs are joined, along a
   * first dimension that is variable in every input and output; none waits for another. A model whose rows depend on each other must not be
   * joined, and sums of floating-point numbers may differ in their last bits between a batch and a single run.
   */
  readonly batchRows?: number;
  /** Inputs of runs that each engine computes once before the model serves. */
  readonly warmUp?: readonly (readonly Tensor[])[];
}

/** After so many failures in a row to load it again, a model is given up: it would keep ending engines. */
const MAX_FAILURES = 3;
/** How much the latest run counts in the mean. */
const WEIGHT = 0.2;
/** What is left of the longest run after another one. */
const FORGETTING = 0.9;

/** A model in the pool, with the runs that wait for it. */
export class ModelEntry {
  readonly name: string;
  readonly version: string;
  readonly limits: ModelLimits;
  readonly threads: number;
  readonly warmUp: readonly (readonly Tensor[])[];
  readonly #source: ModelSpec['source'];
  readonly #engines: number;
  readonly #batchRows: number;
  readonly queue: Job[] = [];
  /** What the first engine said of it; all others must say the same. */
  signature: Signature | undefined;
  state: 'loading' | 'ready' | 'unloading' | 'broken' = 'loading';
  /** How long a run takes. */
  meanMs = 1;
  /** The longest of the last runs. It is long until some were short, since a model may need any time for some inputs. */
  longestMs = 1000;
  #failures = 0;
  #batches = false;
  /** Runs that are with an engine. */
  #running = 0;
  #drained: (() => void) | undefined;

  /** @throws ENGINE_INVALID_ARGUMENT */
  constructor(spec: ModelSpec) {
    const { name, version, source, engines, threads = 1, batchRows = 1, warmUp = [] } = spec;
    if (name === '' || version === '') invalidArgument('A model needs a name and a version.');
    this.name = name;
    this.version = version;
    this.limits = resolveModelLimits(spec.limits ?? {});
    this.threads = requireInteger('threads', threads, [1, 64]);
    this.warmUp = warmUp;
    this.#source = source;
    this.#engines = engines === undefined ? Infinity : requireInteger('engines', engines, [1, 1024]);
    this.#batchRows = requireInteger('batchRows', batchRows, [1, 65_536]);
  }

  /** In how many engines it belongs. */
  get wanted(): number {
    return this.state === 'ready' ? this.#engines : 0;
  }

  /** @throws ENGINE_LIMIT_EXCEEDED for a larger model, and what the source throws. */
  async bytes(): Promise<Uint8Array> {
    const bytes = this.#source instanceof Uint8Array ? this.#source : await this.#source();
    const { maxModelBytes } = this.limits;
    if (bytes.byteLength > 0 && bytes.byteLength <= maxModelBytes) return bytes;
    const message = `The model has ${bytes.byteLength} bytes, and 1 to ${maxModelBytes} are allowed (limits.maxModelBytes).`;
    throw new EnclosError('ENGINE_LIMIT_EXCEEDED', message, { details: { limit: 'maxModelBytes' } });
  }

  /** The first engine reports what the model is; each later one must report the same. @returns whether it does. */
  accept(facts: Omit<Signature, 'limits'>): boolean {
    const signature = { ...facts, limits: this.limits };
    if (this.signature !== undefined) return JSON.stringify(signature) === JSON.stringify(this.signature);
    this.signature = signature;
    this.#batches = this.#batchRows > 1 && canBatch(facts);
    return true;
  }

  loadedAgain(): void {
    this.#failures = 0;
  }

  /** @returns whether the model is given up. */
  failedAgain(): boolean {
    if (++this.#failures < MAX_FAILURES) return false;
    this.state = 'broken';
    return true;
  }

  /** Whether waiting runs can be computed as one. */
  get batches(): boolean {
    return this.#batches;
  }

  /** Takes the next run from the queue, and those that can be computed with it. */
  take(): readonly Job[] {
    const first = this.queue.shift();
    if (first === undefined) return [];
    const jobs = [first];
    let rows = this.#batches && !first.isAlone ? rowsOf(first) : undefined;
    if (rows !== undefined) {
      let bytes = first.inputBytes;
      for (let at = 0; at < this.queue.length;) {
        const next = this.queue[at];
        const more = next === undefined || next.isAlone || !fitTogether(first, next) ? undefined : rowsOf(next);
        const fits =
          next !== undefined &&
          more !== undefined &&
          rows + more <= this.#batchRows &&
          bytes + next.inputBytes <= this.limits.maxInputBytes;
        if (!fits) {
          at++;
          continue;
        }
        rows += more;
        bytes += next.inputBytes;
        jobs.push(next);
        this.queue.splice(at, 1);
      }
    }
    this.#running += jobs.length;
    return jobs;
  }

  /** Runs left their engine: they were answered, or wait again. */
  returned(count: number): void {
    this.#running -= count;
    this.checkDrained();
  }

  /** The model did not give a row for each row: its runs are computed alone from now on. */
  stopBatches(): void {
    this.#batches = false;
  }

  took(milliseconds: number): void {
    this.meanMs += WEIGHT * (milliseconds - this.meanMs);
    this.longestMs = Math.max(milliseconds, FORGETTING * this.longestMs);
  }

  /** Resolves when no run of it waits or computes. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.checkDrained();
    });
  }

  checkDrained(): void {
    if (this.queue.length === 0 && this.#running === 0) this.#drained?.();
  }
}
