import { EnclosError } from '@enclos/errors';

import type { ScriptInterpreter, ScriptLimits, ScriptOutcome, ScriptProgram, ScriptValue } from '../engine.ts';
import type { MemoryBudget } from './budget.ts';
import { Instance, type InstanceHost, type QuickJsMachine } from './instance.ts';
import { loadInto } from './load.ts';
import { MAX_VALUES } from './slots.ts';
import type { WasmModule } from './webassembly.ts';

/** What one more instance costs less than: cleaning so much memory for the next request. */
const MAX_SPARE_BYTES = 4 << 20;
/** Frames below the last check of the stack: they check only at calls of scripts. */
const UNCHECKED_STACK_BYTES = 16_384;

/** What an interpreter shares with the others of its engine. */
export interface InterpreterParts {
  readonly module: WasmModule;
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
      mayGrowTo: (bytes) => parts.budget.charge(this, imageBytes + bytes),
      entry: (name, index) => this.#entries.set(name, index),
    };
    try {
      const instance = this.#newInstance();
      loadInto(instance, names, program, limits);
      this.#image = imageOf(instance);
      imageBytes = this.#image.byteLength;
      this.#loadedBytes = instance.memoryBytes;
      if (!this.#host.mayGrowTo(this.#loadedBytes)) throw tooMuchMemory();
      this.#instance = instance;
    } catch (error) {
      parts.budget.release(this);
      throw error;
    }
  }

  /** How often the interpreter asked for the time, in all calls: what its limits cost. */
  get polls(): number {
    return this.#polls + (this.#instance?.polls ?? 0);
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
      const ended = instance.run(limits.maxExecutionMs, () =>
        exports.call(entry, values.length, limitBytes(limits.maxHeapBytes), stackBytes(limits, instance)),
      );
      if (typeof ended !== 'number') return ended;
      isIntact = true;
      return ended === 0 ? { kind: 'returned', value: slots.read(0) } : thrown(slots.read(0), slots.read(1));
    } finally {
      this.#state = isIntact ? 'fit' : 'spent';
    }
  }

  reset(): void {
    const instance = this.#instance;
    if (this.#state === 'running' || instance === undefined) {
      throw new EnclosError('SCRIPT_MISUSED', `The interpreter is ${this.#state}.`);
    }
    if (this.#state === 'spent' || instance.memoryBytes > this.#loadedBytes + MAX_SPARE_BYTES) this.#renew(instance);
    else this.#clean(instance);
    this.#state = 'fit';
  }

  dispose(): void {
    if (this.#state === 'running') throw new EnclosError('SCRIPT_MISUSED', 'The interpreter is running.');
    this.#state = 'disposed';
    // What keeps the interpreter must not keep its memory, which is no longer counted.
    this.#polls = this.polls;
    this.#instance = undefined;
    this.#image = new Uint8Array();
    this.#parts.budget.release(this);
  }

  #newInstance(): Instance {
    const instance = new Instance(this.#parts.module, this.#host);
    if (!this.#host.mayGrowTo(instance.memoryBytes)) throw tooMuchMemory();
    return instance;
  }

  /** An instance whose script was ended is in no state that could be cleaned, and its memory never shrinks. */
  #renew(ended: Instance): void {
    this.#polls += ended.polls;
    const instance = new Instance(this.#parts.module, this.#host);
    instance.growTo(this.#loadedBytes);
    instance.slots.bytes.set(this.#image, instance.stackTop);
    this.#host.mayGrowTo(instance.memoryBytes);
    this.#instance = instance;
  }

  /** Copies the image back, and clears whatever else the script may have written: heap above the image, and stack. */
  #clean(instance: Instance): void {
    const { exports, slots, stackTop } = instance;
    const lowest = Math.min(stackTop, Math.max(0, (exports.lowest_stack() >>> 0) - UNCHECKED_STACK_BYTES));
    const heapBreak = exports.heap_break() >>> 0;
    exports.__stack_pointer.value = stackTop;
    slots.bytes.fill(0, lowest, stackTop);
    slots.bytes.fill(0, stackTop + this.#image.length, heapBreak);
    slots.bytes.set(this.#image, stackTop);
  }
}

function stackBytes({ maxStackBytes }: ScriptLimits, { stackTop }: Instance): number {
  return Math.min(limitBytes(maxStackBytes), stackTop - UNCHECKED_STACK_BYTES * 4);
}

/** Limits are unsigned words of the interpreter. */
function limitBytes(bytes: number): number {
  return Math.max(0, Math.min(Math.trunc(bytes), 0xffff_ffff));
}

function thrown(message: ScriptValue, trace: ScriptValue): ScriptOutcome {
  return {
    kind: 'threw',
    message: typeof message === 'string' ? message : '',
    trace: typeof trace === 'string' ? trace.trimEnd() : '',
  };
}

/** Without the zeros at its end. */
function imageOf({ slots, stackTop, exports }: Instance): Uint8Array {
  const { bytes } = slots;
  let end = exports.heap_break() >>> 0;
  while (end > stackTop && bytes[end - 1] === 0) end -= 1;
  return bytes.slice(stackTop, end);
}

function tooMuchMemory(): EnclosError {
  return new EnclosError('SCRIPT_MEMORY_EXHAUSTED', 'All interpreters together have as much memory as they may.');
}
