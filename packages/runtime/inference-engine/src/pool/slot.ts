import { EnclosError } from '@enclos/errors';
import type { Infer } from '@enclos/edl';
import { type EngineCalls, openCalls } from '../protocol/channel.ts';
import { type engineInterface, MODEL_CHUNK_BYTES } from '../protocol/interface.ts';
import { type IndexedTensor, packTensors, unpackTensors } from '../protocol/packing.ts';
import type { ModelEntry } from './model-entry.ts';
import type { EngineProcess } from './source.ts';

type Facts = Infer<(typeof engineInterface.trusted.finish)['result']>;

/** What stands before the data of a result. */
const RESULT_HEADER_BYTES = 1_048_576;

/** Work on an engine other than runs: loading and unloading. */
export interface SlotTask {
  perform(): Promise<void>;
  /** The engine is gone before its turn came. */
  dropped(): void;
}

/** One engine: its process, the models in it, and what it does next. It does one thing at a time, in the order in which it is asked. */
export class EngineSlot {
  readonly process: EngineProcess;
  readonly #calls: EngineCalls;
  /** The models that belong here, and the number of each that is loaded. */
  readonly #models = new Map<ModelEntry, number | undefined>();
  readonly tasks: SlotTask[] = [];
  /** What it does now, and the run after it that it has already. */
  readonly works = new Set<Promise<void>>();
  /** The model of the run that it computes; undefined while it does something else. */
  computes: ModelEntry | undefined;
  /** The last thing it did was a task: a run comes next, so that loading many models does not stop the others. */
  hadTask = false;
  #endReason: Error | undefined;
  #isLost = false;
  #nextNumber = 1;
  #maxResultBytes = Infinity;

  /** @param lost is called once, when the engine can no longer be used. */
  constructor(process: EngineProcess, lost: (slot: EngineSlot) => void) {
    this.process = process;
    this.#calls = openCalls(process.stream, () => this.#maxResultBytes);
    // Its failure is that of the calls.
    this.#calls.endpoint.ready.catch(() => undefined);
    void this.#calls.endpoint.closed.then(() => {
      this.#isLost = true;
      // It may compute on, without a stream to answer to.
      process.end();
      lost(this);
    });
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Why the pool ended it. */
  get endReason(): Error | undefined {
    return this.#endReason;
  }

  /** Ends the process. Calls reject with ENGINE_LOST. */
  end(reason: Error): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#endReason ??= reason;
    this.process.end();
    void this.#calls.endpoint.close(reason);
  }

  /** The process has ended. */
  gone(): void {
    this.#isLost = true;
    void this.#calls.endpoint.close(new EnclosError('ENGINE_LOST'));
  }

  /** How many models belong here. */
  get load(): number {
    return this.#models.size;
  }

  isAssigned(model: ModelEntry): boolean {
    return this.#models.has(model);
  }

  assign(model: ModelEntry): void {
    this.#models.set(model, undefined);
  }

  holds(model: ModelEntry): boolean {
    return this.#models.get(model) !== undefined;
  }

  /** Sends a model and has it loaded. The model serves only after `serve`. @returns its number. */
  async send(model: ModelEntry, bytes: Uint8Array): Promise<{ readonly number: number; readonly facts: Facts }> {
    const { calls } = this.#calls;
    const number = this.#nextNumber++;
    this.#maxResultBytes = Infinity;
    try {
      await calls.begin({ model: number, sizeBytes: bytes.byteLength, threads: model.threads });
      for (let at = 0; at < bytes.byteLength; at += MODEL_CHUNK_BYTES) {
        await calls.add({ model: number, data: bytes.subarray(at, at + MODEL_CHUNK_BYTES) });
      }
      return { number, facts: await calls.finish({ model: number }) };
    } catch (error) {
      await this.drop(number);
      throw error;
    }
  }

  serve(model: ModelEntry, number: number): void {
    this.#models.set(model, number);
  }

  /** Has the engine forget a model, if it still lives. */
  async drop(number: number): Promise<void> {
    if (!this.#isLost) await this.#calls.calls.unload({ model: number }).catch(() => undefined);
  }

  async unload(model: ModelEntry): Promise<void> {
    const number = this.#models.get(model);
    this.#models.delete(model);
    if (number !== undefined) await this.drop(number);
  }

  /** The number of a loaded model. */
  numberOf(model: ModelEntry): number {
    const number = this.#models.get(model);
    if (number === undefined) throw new EnclosError('ENGINE_MODEL_UNKNOWN');
    return number;
  }

  /** Computes one run. */
  async run(
    model: number,
    inputs: readonly IndexedTensor[],
    { outputs, maxOutputBytes }: { readonly outputs: readonly number[]; readonly maxOutputBytes: number },
  ): Promise<readonly IndexedTensor[]> {
    // The engine refuses larger outputs. One that sends them all the same loses its stream.
    this.#maxResultBytes = maxOutputBytes + RESULT_HEADER_BYTES;
    return unpackTensors(await this.#calls.calls.run({ model, ...packTensors(inputs), outputs, maxOutputBytes }));
  }
}
