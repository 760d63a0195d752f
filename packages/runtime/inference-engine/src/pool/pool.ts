import '../errors.ts';
import { EnclosError } from '@enclos/errors';
import type { Timers } from '@enclos/gate';
import type { Tensor, TensorFacts } from '@enclos/open-inference';
import { checkInputs, chooseOutputs } from './inputs.ts';
import { cancelled } from './job.ts';
import { MAX_TIMER_MS, invalidArgument, requireInteger } from './limits.ts';
import { ModelEntry, type ModelSpec } from './model-entry.ts';
import type { EngineObserver } from './observer.ts';
import { Scheduler } from './scheduler.ts';
import type { EngineSource } from './source.ts';

export interface EnginePoolOptions {
  /** Where engines come from: `(events) => openCompanions('engine', events)` in an enclave. */
  readonly engines: EngineSource;
  /** Bytes of inputs that wait for engines, over all models. Default 256 MiB. */
  readonly maxQueuedBytes?: number;
  readonly observer?: EngineObserver;
  /** A clock in milliseconds that does not jump. Default `performance.now`. */
  readonly now?: () => number;
  readonly timers?: Timers;
}

export interface RunOptions {
  /** The outputs that are wanted. Default, and for an empty list: all. */
  readonly outputs?: readonly string[];
  /** How long the caller waits, in the queue and for the engine. Default 60,000 ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A model that serves. */
export interface PooledModel {
  readonly name: string;
  readonly version: string;
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /** How many runs wait for an engine. */
  readonly queued: number;
  /** How many engines hold it now. It is 0 for a moment when they have all ended. */
  readonly engines: number;
  /** False when it was given up, because it failed to load again several times. */
  readonly isUsable: boolean;
  /**
   * Computes one run. Inputs must not change until it is over. The run is not repeated if its engine ends.
   *
   * @returns the outputs, in the order of the model or of `options.outputs`.
   * @throws ENGINE_INPUT_REFUSED, INFERENCE_TENSOR_INVALID, ENGINE_LIMIT_EXCEEDED, ENGINE_RUN_FAILED, ENGINE_BUSY (with
   * `details.retryAfterMs`), ENGINE_DEADLINE, ENGINE_CANCELLED, ENGINE_LOST, ENGINE_MODEL_UNKNOWN, ENGINE_UNAVAILABLE
   */
  run(inputs: readonly Tensor[], options?: RunOptions): Promise<readonly Tensor[]>;
  /** Stops taking runs, waits for those that were taken, and frees the model in every engine. */
  unload(): Promise<void>;
}

const DEFAULT_QUEUED_BYTES = 268_435_456;
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Engines in their processes, and the models in them. It runs inside the enclave and never computes: a run is a message to an
 * engine, so the enclave serves on meanwhile, and nothing that a model or a tensor does to an engine ends the enclave.
 *
 * @example
 * ```ts
 * import { openCompanions } from '@enclos/enclave/companions';
 * import { EnginePool } from '@enclos/inference-engine';
 *
 * export async function scores(modelBytes: Uint8Array, data: Uint8Array): Promise<Uint8Array | undefined> {
 *   const pool = new EnginePool({ engines: (events) => openCompanions('engine', events) });
 *   const model = await pool.load({ name: 'digits', version: '1', source: modelBytes });
 *   const [first] = await model.run([{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], data }]);
 *   return first?.data;
 * }
 * ```
 */
export class EnginePool {
  readonly #scheduler: Scheduler;
  /** By name, then version, in the order of loading. */
  readonly #models = new Map<string, Map<string, PooledModel>>();
  /** Names and versions that are being loaded. */
  readonly #arriving = new Set<string>();

  /** @throws ENGINE_INVALID_ARGUMENT */
  constructor(options: EnginePoolOptions) {
    const { maxQueuedBytes = DEFAULT_QUEUED_BYTES } = options;
    requireInteger('maxQueuedBytes', maxQueuedBytes, [0, Number.MAX_SAFE_INTEGER]);
    this.#scheduler = new Scheduler({ ...options, maxQueuedBytes });
    options.engines({
      started: (process) => this.#scheduler.started(process),
      ended: (process) => this.#scheduler.ended(process),
    });
  }

  /** How many engines run now. */
  get engines(): number {
    return this.#scheduler.engines;
  }

  /** The models that serve, in the order of loading. */
  models(): readonly PooledModel[] {
    return [...this.#models.values()].flatMap((versions) => [...versions.values()]);
  }

  /** The model of this name: of this version, or the one that was loaded last. */
  find(name: string, version?: string): PooledModel | undefined {
    const versions = this.#models.get(name);
    return version === undefined ? [...(versions?.values() ?? [])].at(-1) : versions?.get(version);
  }

  /**
   * Loads a model: first into one engine, which may refuse it or die of it, then into the others. After the death of an engine it
   * is loaded again without being asked.
   *
   * @throws ENGINE_INVALID_ARGUMENT, ENGINE_MODEL_REFUSED, ENGINE_LIMIT_EXCEEDED, ENGINE_LOST, ENGINE_UNAVAILABLE, and what the
   * source of its bytes throws.
   */
  async load(spec: ModelSpec): Promise<PooledModel> {
    const entry = new ModelEntry(spec);
    const key = JSON.stringify([entry.name, entry.version]);
    if (this.#arriving.has(key) || this.find(entry.name, entry.version) !== undefined) {
      invalidArgument('A model of this name and version is already in the pool.');
    }
    this.#arriving.add(key);
    try {
      await this.#scheduler.load(entry);
      return this.#publish(entry);
    } finally {
      this.#arriving.delete(key);
    }
  }

  /** Ends every engine. Runs that are not over reject with ENGINE_UNAVAILABLE. */
  close(): void {
    this.#models.clear();
    this.#scheduler.close();
  }

  #publish(entry: ModelEntry): PooledModel {
    const { name, version } = entry;
    const scheduler = this.#scheduler;
    const { inputs = [], outputs = [] } = entry.signature ?? {};
    const model: PooledModel = Object.freeze({
      name,
      version,
      inputs,
      outputs,
      get queued() {
        return entry.queue.length;
      },
      get engines() {
        return scheduler.holders(entry);
      },
      get isUsable() {
        return entry.state === 'ready';
      },
      run: (tensors: readonly Tensor[], options: RunOptions = {}) => this.#run(entry, tensors, options),
      unload: () => this.#unload(entry),
    });
    const versions = this.#models.get(name) ?? new Map<string, PooledModel>();
    this.#models.set(name, versions.set(version, model));
    return model;
  }

  async #run(entry: ModelEntry, tensors: readonly Tensor[], options: RunOptions): Promise<readonly Tensor[]> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    requireInteger('timeoutMs', timeoutMs, [1, MAX_TIMER_MS]);
    const { signature } = entry;
    if (signature === undefined || entry.state === 'unloading') throw new EnclosError('ENGINE_MODEL_UNKNOWN');
    if (entry.state === 'broken') throw new EnclosError('ENGINE_MODEL_REFUSED', 'The model was given up.');
    const inputs = checkInputs(tensors, signature);
    const outputs = chooseOutputs(options.outputs, signature);
    if (signal?.aborted === true) throw cancelled();
    return this.#scheduler.run(entry, { inputs, outputs, timeoutMs, signal });
  }

  async #unload(entry: ModelEntry): Promise<void> {
    const { name, version } = entry;
    if (entry.state === 'unloading') return;
    entry.state = 'unloading';
    const versions = this.#models.get(name);
    versions?.delete(version);
    if (versions?.size === 0) this.#models.delete(name);
    await this.#scheduler.unload(entry);
  }
}
