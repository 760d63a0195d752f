import { EnclosError, isEnclosError } from '@enclos/errors';
import { systemTimers, type Timers } from '@enclos/gate';
import type { Tensor } from '@enclos/open-inference';
import { joinRows, rowsOf, splitRows } from './batch.ts';
import { checkOutputs } from './inputs.ts';
import { Job, type JobOptions } from './job.ts';
import { limitError, type ModelLimits } from './limits.ts';
import { loadError, loadInto, runError } from './loading.ts';
import type { ModelEntry } from './model-entry.ts';
import type { EngineObserver } from './observer.ts';
import { EngineSlot } from './slot.ts';
import type { EngineProcess } from './source.ts';

export interface SchedulerOptions {
  readonly maxQueuedBytes: number;
  readonly observer?: EngineObserver;
  readonly now?: () => number;
  readonly timers?: Timers;
}

/** Longer runs lose less than a hundredth of their time between them. */
const MOST_MS_AHEAD = 20;

/** Gives engines their work: one thing at a time to each, runs of all models in turn, and loading in between. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #slots = new Map<EngineProcess, EngineSlot>();
  /** The models that are loaded or being loaded. The one whose turn came last stands at the end. */
  readonly #models: ModelEntry[] = [];
  /** Those that wait for the first engine. */
  readonly #waiting = new Set<() => void>();
  #queuedBytes = 0;
  #isClosed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#now = options.now ?? (() => performance.now());
  }

  get engines(): number {
    return this.#slots.size;
  }

  holders(model: ModelEntry): number {
    return this.#live().filter((slot) => slot.holds(model)).length;
  }

  started(process: EngineProcess): void {
    if (this.#isClosed) return process.end();
    const slot = new EngineSlot(process, (lost) => this.#lost(lost));
    this.#slots.set(process, slot);
    this.#options.observer?.engines?.(this.#slots.size);
    for (const wake of this.#waiting) wake();
    void this.#place();
  }

  ended(process: EngineProcess): void {
    this.#slots.get(process)?.gone();
  }

  close(): void {
    this.#isClosed = true;
    for (const model of this.#models) this.#failQueue(model, unavailable());
    for (const slot of this.#live()) slot.end(unavailable());
    for (const wake of this.#waiting) wake();
  }

  /** Loads a model into one engine, and then into all that should have it. */
  async load(model: ModelEntry): Promise<void> {
    const slot = await this.#anyEngine(model.limits.maxLoadMs);
    slot.assign(model);
    try {
      await this.#loadInto(slot, model);
    } catch (error) {
      await slot.unload(model);
      throw error;
    }
    model.state = 'ready';
    this.#models.push(model);
    await this.#place();
    if (model.state !== 'ready') throw new EnclosError('ENGINE_MODEL_REFUSED', 'The model loads in some engines only.');
  }

  async unload(model: ModelEntry): Promise<void> {
    await model.drained();
    this.#models.splice(this.#models.indexOf(model), 1);
    const slots = this.#live().filter((slot) => slot.isAssigned(model));
    await Promise.all(slots.map((slot) => this.#unloadFrom(slot, model)));
  }

  /** @throws ENGINE_BUSY or ENGINE_UNAVAILABLE, and rejects with the errors of a run. */
  run(
    model: ModelEntry,
    options: Pick<JobOptions, 'inputs' | 'outputs' | 'timeoutMs' | 'signal'>,
  ): Promise<readonly Tensor[]> {
    if (this.#isClosed) throw unavailable();
    const job = new Job({
      ...options,
      timers: this.#timers,
      now: this.#now(),
      settled: (over, error) => this.#settled(model, over, error),
    });
    const { maxQueued } = model.limits;
    if (model.queue.length >= maxQueued || this.#queuedBytes + job.inputBytes > this.#options.maxQueuedBytes) {
      job.fail(this.#busy(model));
      return job.result;
    }
    model.queue.push(job);
    this.#queuedBytes += job.inputBytes;
    this.#pump();
    return job.result;
  }

  #failQueue(model: ModelEntry, error: Error): void {
    // Each leaves the queue as it fails.
    for (const job of model.queue.slice()) job.fail(error);
  }

  #busy(model: ModelEntry): EnclosError {
    const retryAfterMs = Math.ceil((model.meanMs * (model.queue.length + 1)) / Math.max(1, this.holders(model)));
    return new EnclosError('ENGINE_BUSY', `${model.queue.length} runs of this model are already waiting.`, {
      details: { retryAfterMs },
    });
  }

  /** The caller has its answer. A run that still waited leaves the queue; one that computes ends in its engine unseen. */
  #settled(model: ModelEntry, job: Job, error: Error | undefined): void {
    const at = model.queue.indexOf(job);
    if (at >= 0) {
      model.queue.splice(at, 1);
      this.#queuedBytes -= job.inputBytes;
      model.checkDrained();
    }
    const now = this.#now();
    this.#options.observer?.ran?.({
      model: model.name,
      version: model.version,
      errorCode: errorCode(error),
      queuedMs: (job.startedAt ?? now) - job.enqueuedAt,
      computeMs: job.startedAt === undefined ? 0 : now - job.startedAt,
      inputBytes: job.inputBytes,
      batchRuns: job.batchRuns,
    });
  }

  #live(): readonly EngineSlot[] {
    return [...this.#slots.values()].filter((slot) => !slot.isLost);
  }

  #lost(slot: EngineSlot): void {
    if (!this.#slots.delete(slot.process)) return;
    this.#options.observer?.engines?.(this.#slots.size);
    for (const task of slot.tasks.splice(0)) task.dropped();
    void this.#place();
  }

  /** Assigns each model to as many engines as it wants. Resolves when these have loaded it, or failed to. */
  async #place(): Promise<void> {
    const loads: Promise<void>[] = [];
    for (const model of this.#models) {
      const live = this.#live();
      const free = live.filter((slot) => !slot.isAssigned(model)).toSorted((left, right) => left.load - right.load);
      for (const slot of free.slice(0, Math.max(0, model.wanted - (live.length - free.length)))) {
        slot.assign(model);
        loads.push(this.#loadAgain(slot, model));
      }
    }
    this.#pump();
    await Promise.all(loads);
  }

  /** Loads a model that another engine holds, or held. If that fails, the engine is replaced, a few times. */
  async #loadAgain(slot: EngineSlot, model: ModelEntry): Promise<void> {
    try {
      await this.#loadInto(slot, model);
      model.loadedAgain();
    } catch (error) {
      if (error === dropped || this.#isClosed || model.state !== 'ready') return;
      if (model.failedAgain()) this.#failQueue(model, new EnclosError('ENGINE_MODEL_REFUSED'));
      slot.end(new EnclosError('ENGINE_LOST', undefined, { cause: error }));
    }
  }

  #loadInto(slot: EngineSlot, model: ModelEntry): Promise<void> {
    return this.#task(slot, async () => {
      const { maxLoadMs } = model.limits;
      const stop = this.#limit(slot, 'maxLoadMs', maxLoadMs);
      const start = this.#now();
      const report = (error?: unknown): void =>
        this.#options.observer?.loaded?.({
          model: model.name,
          version: model.version,
          errorCode: errorCode(error),
          loadMs: this.#now() - start,
          engine: slot.process.number,
        });
      try {
        await loadInto(slot, model);
        report();
      } catch (error) {
        report(error);
        throw loadError(slot, error);
      } finally {
        stop();
      }
    });
  }

  #unloadFrom(slot: EngineSlot, model: ModelEntry): Promise<void> {
    return this.#task(slot, () => slot.unload(model)).catch(() => undefined);
  }

  /** Does something in an engine when it is free. Rejects with `dropped` when the engine ends before. */
  #task(slot: EngineSlot, work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      slot.tasks.push({
        perform: () => work().then(resolve, reject),
        dropped: () => reject(dropped),
      });
      this.#pump();
    });
  }

  /** Ends the engine if it is not done in time. */
  #limit(slot: EngineSlot, limit: keyof ModelLimits, milliseconds: number): () => void {
    const timer = this.#timers.setTimeout(
      () => slot.end(limitError(limit, `The engine was not done within ${milliseconds} ms`)),
      milliseconds,
    );
    return () => this.#timers.clearTimeout(timer);
  }

  #anyEngine(timeoutMs: number): Promise<EngineSlot> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        this.#waiting.delete(look);
        this.#timers.clearTimeout(timer);
        settle();
      };
      const look = (): void => {
        if (this.#isClosed) return done(() => reject(unavailable()));
        const [slot] = this.#live().toSorted((left, right) => left.load - right.load);
        if (slot !== undefined) done(() => resolve(slot));
      };
      const timer = this.#timers.setTimeout(() => done(() => reject(unavailable())), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Gives each free engine its next work, and then those that compute short runs the one after. */
  #pump(): void {
    for (const slot of this.#live()) {
      if (slot.works.size > 0) continue;
      const task = slot.hadTask ? undefined : slot.tasks.shift();
      if (task !== undefined) this.#occupy(slot, undefined, task.perform());
      else if (!this.#startRun(slot)) {
        const next = slot.tasks.shift();
        if (next !== undefined) this.#occupy(slot, undefined, next.perform());
      }
    }
    for (const slot of this.#live()) this.#startAhead(slot);
  }

  /** @param computes the model of a run. */
  #occupy(slot: EngineSlot, computes: ModelEntry | undefined, work: Promise<void>): void {
    slot.works.add(work);
    slot.computes = computes;
    slot.hadTask = computes === undefined;
    void work.finally(() => {
      slot.works.delete(work);
      this.#pump();
    });
  }

  /** Starts the next run that this engine can compute, of the models in turn. */
  #startRun(slot: EngineSlot): boolean {
    const at = this.#models.findIndex((model) => model.queue.length > 0 && slot.holds(model));
    const [model] = at < 0 ? [] : this.#models.splice(at, 1);
    if (model === undefined) return false;
    this.#models.push(model);
    this.#send(slot, model);
    return true;
  }

  /**
   * Sends an engine its next run while it computes, so that it does not wait for the way there and back in between. Only where that
   * counts, and where another engine that is free earlier would gain little: for short runs of the model that it computes. Runs that can
   * be joined wait for each other instead.
   */
  #startAhead(slot: EngineSlot): void {
    const { computes: model, tasks, works } = slot;
    if (model === undefined || works.size !== 1 || tasks.length > 0) return;
    // Another model whose turn it is comes first.
    const next = this.#models.find((one) => one.queue.length > 0 && slot.holds(one));
    if (next === model && !model.batches && model.longestMs <= MOST_MS_AHEAD) this.#send(slot, model);
  }

  #send(slot: EngineSlot, model: ModelEntry): void {
    const jobs = model.take();
    for (const job of jobs) this.#queuedBytes -= job.inputBytes;
    this.#occupy(slot, model, this.#execute(slot, model, jobs));
  }

  async #execute(slot: EngineSlot, model: ModelEntry, jobs: readonly Job[]): Promise<void> {
    const [before] = slot.works;
    const computed = this.#compute(slot, model, jobs);
    if (before !== undefined) {
      // Its failure is looked at below.
      computed.catch(() => undefined);
      await before;
      // The engine ended with what it did before, so this run was not begun.
      if (slot.isLost) {
        if (this.#isClosed) for (const job of jobs) job.fail(unavailable());
        else this.#requeue(model, jobs);
        return model.returned(jobs.length);
      }
    }
    const stop = this.#limit(slot, 'maxRunMs', model.limits.maxRunMs);
    const start = this.#now();
    for (const job of jobs) {
      job.startedAt = start;
      job.batchRuns = jobs.length;
    }
    try {
      await computed;
    } catch (error) {
      const described = runError(slot, error);
      const isOwnFault = described.code !== 'ENGINE_LOST' && slot.endReason === undefined;
      // One of them is at fault, and the others should not fail with it.
      if (isOwnFault && jobs.length > 1) this.#requeue(model, jobs);
      else for (const job of jobs) job.fail(described);
    } finally {
      stop();
      model.took(this.#now() - start);
      model.returned(jobs.length);
    }
  }

  async #compute(slot: EngineSlot, model: ModelEntry, jobs: readonly Job[]): Promise<void> {
    const { signature } = model;
    const [first] = jobs;
    if (signature === undefined || first === undefined) return;
    const inputs = jobs.length === 1 ? first.inputs : joinRows(jobs);
    const { outputs } = first;
    const results = await slot.run(slot.numberOf(model), inputs, {
      outputs,
      maxOutputBytes: model.limits.maxOutputBytes,
    });
    if (jobs.length === 1) return first.succeed(checkOutputs(results, outputs, signature));
    const parts = splitRows(
      results,
      jobs.map((job) => rowsOf(job) ?? 0),
    );
    if (parts === undefined) {
      model.stopBatches();
      return this.#requeue(model, jobs);
    }
    for (const [at, job] of jobs.entries()) job.succeed(checkOutputs(parts[at] ?? [], outputs, signature));
  }

  /** Puts runs back in front of the queue, each to be computed alone. */
  #requeue(model: ModelEntry, jobs: readonly Job[]): void {
    const open = jobs.filter((job) => !job.isSettled);
    for (const job of open) {
      job.isAlone = true;
      this.#queuedBytes += job.inputBytes;
    }
    model.queue.unshift(...open);
  }
}

/** The engine of a task ended before its turn came. */
const dropped = new EnclosError('ENGINE_LOST');

function unavailable(): EnclosError {
  return new EnclosError('ENGINE_UNAVAILABLE');
}

function errorCode(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return isEnclosError(error) ? error.code : 'ENGINE_LOST';
}
