import { EnclosError } from '@enclos/errors';

import type { ScriptInterpreter, ScriptLimits, ScriptOutcome, ScriptProgram, ScriptValue } from '../engine.ts';
import type { MemoryBudget } from './budget.ts';
import type { Instance, InstanceHost, QuickJsMachine } from './instance.ts';
import { loadInto } from './load.ts';
import type { InstancePool } from './pool.ts';
import { MAX_VALUES } from './slots.ts';

/** What a memory may be larger than it was at first and still serve the next request. */
const MAX_SPARE_BYTES = 4 << 20;
/** Frames below the last check of the stack: they check only at calls of scripts. */
const UNCHECKED_STACK_BYTES = 16_384;

/** What an interpreter shares with the others of its engine. */
export interface InterpreterParts {
  readonly instances: InstancePool;
  readonly machine: QuickJsMachine;
  readonly budget: MemoryBudget;
}

/** Loads a program, and keeps the image of the memory as it is then: `reset` copies it back. */
export class QuickJsInterpreter implements ScriptInterpreter {
  readonly #parts: InterpreterParts;
  readonly #entries = new Map<string, number>();
  readonly #host: InstanceHost;
  #image: Uint8Array;
  readonly #loadedBytes: number;
  #instance: Instance | undefined;
  #state: 'fit' | 'running' | 'spent' | 'disposed' = 'fit';
  #polls = 0;

  constructor(parts: InterpreterParts, program: ScriptProgram, limits: ScriptLimits) {
    this.#parts = parts;
    const names = Object.keys(program.host);
    let imageBytes = 0;
    this.#host = {
      machine: parts.machine,
      functions: Object.values(program.host),
      polled: () => {
        this.#polls += 1;
      },
      mayGrowTo: (bytes) => parts.budget.charge(this, imageBytes + bytes),
      entry: (name, index) => this.#entries.set(name, index),
    };
    const instance = parts.instances.take(this.#host);
    try {
      if (!this.#host.mayGrowTo(instance.memoryBytes)) throw tooMuchMemory();
      loadInto(instance, names, program, limits);
      this.#image = instance.image();
      imageBytes = this.#image.byteLength;
      this.#loadedBytes = instance.memoryBytes;
      if (!this.#host.mayGrowTo(this.#loadedBytes)) throw tooMuchMemory();
      this.#instance = instance;
    } catch (error) {
      parts.budget.release(this);
      parts.instances.give(instance);
      throw error;
    }
  }

  /** How often the interpreter asked for the time, in all calls: what its limits cost. */
  get polls(): number {
    return this.#polls;
  }

  call(name: string, values: readonly ScriptValue[], limits: ScriptLimits): ScriptOutcome {
    const instance = this.#instance;
    if (this.#state !== 'fit' || instance === undefined) {
      throw new EnclosError('SCRIPT_MISUSED', `The interpreter is ${this.#state}.`);
    }
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      throw new EnclosError('SCRIPT_MISUSED', `The prelude registered no entry point "${name}".`);
    }
    if (values.length > MAX_VALUES) {
      throw new EnclosError('SCRIPT_MISUSED', `A call has ${values.length} values; at most ${MAX_VALUES} pass.`);
    }
    const { slots, exports } = instance;
    for (let at = 0; at < values.length; at++) slots.write(at, values[at]);
    this.#state = 'running';
    let isIntact = false;
    try {
      return instance.run(limits.maxExecutionMs, () => {
        const heap = limitBytes(limits.maxHeapBytes);
        const status = exports.call(entry, values.length, heap, stackBytes(limits, instance));
        const outcome = status === 0 ? returned(slots.read(0)) : thrown(slots.read(0), slots.read(1));
        isIntact = true;
        return outcome;
      });
    } finally {
      this.#state = isIntact ? 'fit' : 'spent';
    }
  }

  checkTime(): void {
    this.#instance?.poll();
  }

  reset(): void {
    const instance = this.#instance;
    if (this.#state === 'running' || instance === undefined) {
      throw new EnclosError('SCRIPT_MISUSED', `The interpreter is ${this.#state}.`);
    }
    const isLarge = instance.memoryBytes > this.#loadedBytes + MAX_SPARE_BYTES;
    if (!isLarge || !this.#exchange(instance)) {
      if (this.#state === 'fit') this.#clean(instance);
      else instance.wipe();
      instance.put(this.#image);
    }
    this.#state = 'fit';
  }

  dispose(): void {
    if (this.#state === 'running') throw new EnclosError('SCRIPT_MISUSED', 'The interpreter is running.');
    this.#state = 'disposed';
    const instance = this.#instance;
    // What keeps the interpreter must not keep its memory.
    this.#instance = undefined;
    this.#image = new Uint8Array();
    this.#parts.budget.release(this);
    if (instance !== undefined) this.#parts.instances.give(instance);
  }

  /** Goes on in a smaller memory, which a memory that has grown never becomes. */
  #exchange(grown: Instance): boolean {
    const instance = this.#parts.instances.exchange(grown, this.#host, this.#loadedBytes);
    if (instance === undefined) return false;
    instance.put(this.#image);
    this.#host.mayGrowTo(instance.memoryBytes);
    this.#instance = instance;
    return true;
  }

  /** Clears what a script may have written outside of the image: heap above it, and stack. */
  #clean(instance: Instance): void {
    const { exports, slots, stackTop } = instance;
    const lowest = Math.min(stackTop, Math.max(0, (exports.lowest_stack() >>> 0) - UNCHECKED_STACK_BYTES));
    const heapBreak = exports.heap_break() >>> 0;
    exports.__stack_pointer.value = stackTop;
    slots.bytes.fill(0, lowest, stackTop);
    slots.bytes.fill(0, stackTop + this.#image.length, heapBreak);
  }
}

function stackBytes({ maxStackBytes }: ScriptLimits, { stackTop }: Instance): number {
  return Math.min(limitBytes(maxStackBytes), stackTop - UNCHECKED_STACK_BYTES * 4);
}

/** Limits are unsigned words of the interpreter. */
function limitBytes(bytes: number): number {
  return Math.max(0, Math.min(Math.trunc(bytes), 0xffff_ffff));
}

function returned(value: ScriptValue): ScriptOutcome {
  return { kind: 'returned', value };
}

function thrown(message: ScriptValue, trace: ScriptValue): ScriptOutcome {
  return {
    kind: 'threw',
    message: typeof message === 'string' ? message : '',
    trace: typeof trace === 'string' ? trace.trimEnd() : '',
  };
}

function tooMuchMemory(): EnclosError {
  return new EnclosError('SCRIPT_MEMORY_EXHAUSTED', 'All interpreters together have as much memory as they may.');
}
