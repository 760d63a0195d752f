import { ScriptThrow, type HostFunction, type ScriptOutcome, type ScriptValue } from '../engine.ts';
import { MAX_VALUES, Slots } from './slots.ts';
import { webAssembly, type WasmMemory, type WasmModule } from './webassembly.ts';

const PAGE_BYTES = 65_536;
/** Beyond so much stack of the interpreter, a host function is only called where V8 has stack left for it. */
const SHALLOW_STACK_BYTES = 16_384;
const ROOM_LEVELS = 400;
/** Calls of the host, or so many bytes that pass for one, between two looks at the time. */
const CALLS_A_POLL = 64;
const BYTES_A_CALL = 8192;

/** What the machine gives to interpreters. */
export interface QuickJsMachine {
  /** Milliseconds, never going back: limits of time. */
  monotonicMs(): number;
  /** Milliseconds since 1970: `Date`. */
  dateMs(): number;
  /** At least 0 and less than 1: `Math.random`. */
  random(): number;
}

/** What an instance calls out to. */
export interface InstanceHost {
  readonly machine: QuickJsMachine;
  readonly functions: readonly HostFunction[];
  /** The interpreter asked for the time. */
  polled(): void;
  /** Asks for so many bytes of memory in all. */
  mayGrowTo(bytes: number): boolean;
  entry(name: string, index: number): void;
}

interface Exports {
  readonly memory: WasmMemory;
  readonly __stack_pointer: { value: number };
  _initialize(): void;
  slots(): number;
  heap_break(): number;
  lowest_stack(): number;
  create(heap: number, stack: number): number;
  reserve(bytes: number): number;
  host_function(name: number, index: number): void;
  prelude(name: number, text: number, bytes: number): number;
  module(name: number, text: number, bytes: number): void;
  link(): number;
  call(entry: number, count: number, heap: number, stack: number): number;
}

/** Ends a script from inside an import. It passes through the interpreter, whose state is worth nothing afterwards. */
class ScriptEnd extends Error {
  readonly outcome: ScriptOutcome;

  constructor(outcome: ScriptOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

const timeout = new ScriptEnd({ kind: 'timeout' });
const exhaustedHeap = new ScriptEnd({ kind: 'exhausted', resource: 'heap' });
const exhaustedStack = new ScriptEnd({ kind: 'exhausted', resource: 'stack' });

/** One instance of the interpreter, with its memory. */
export class Instance {
  readonly exports: Exports;
  readonly slots: Slots;
  /** Where the stack begins, which grows down, and what is initialised begins, which grows up. */
  readonly stackTop: number;
  #host: InstanceHost;
  /** Infinite where no script runs. */
  #deadlineMs = Infinity;
  #isOver = false;
  #untilPoll = CALLS_A_POLL;
  #hostFailure: { readonly error: unknown } | undefined;

  constructor(module: WasmModule, host: InstanceHost) {
    this.#host = host;
    const imports = {
      poll: () => this.poll(),
      exhausted: (resource: number) => {
        throw resource === 0 ? exhaustedHeap : exhaustedStack;
      },
      grow: (pages: number) => this.#grow(pages),
      call: (index: number, count: number, depth: number) => this.#call(index, count, depth),
      take: (slot: number, address: number) => this.slots.take(slot, address >>> 0),
      entry: (index: number) => this.#host.entry(String(this.slots.read(0)), index),
      now: () => this.#host.machine.dateMs(),
      random: () => this.#host.machine.random(),
    };
    const { exports } = new webAssembly.Instance(module, { enclos: imports });
    this.exports = exports as Exports;
    this.stackTop = this.exports.__stack_pointer.value;
    this.slots = new Slots(this.exports.memory, this.exports.slots(), (bytes) => this.#spend(bytes / BYTES_A_CALL));
  }

  /** Gives the instance to another interpreter. */
  serve(host: InstanceHost): void {
    this.#host = host;
  }

  /** The memory above the stack, without the zeros at its end. */
  image(): Uint8Array<ArrayBuffer> {
    const { bytes } = this.slots;
    let end = this.exports.heap_break() >>> 0;
    while (end > this.stackTop && bytes[end - 1] === 0) end -= 1;
    return bytes.slice(this.stackTop, end);
  }

  /** Empties the memory, whatever state a script has left. There is no other state: globals other than the stack's never change. */
  wipe(): void {
    this.exports.__stack_pointer.value = this.stackTop;
    this.slots.bytes.fill(0);
  }

  /** Puts an image into an empty memory. */
  put(image: Uint8Array): void {
    this.slots.bytes.set(image, this.stackTop);
  }

  get memoryBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** Grows the memory to so many bytes at least. */
  growTo(bytes: number): void {
    const missing = Math.ceil((bytes - this.memoryBytes) / PAGE_BYTES);
    if (missing > 0) this.exports.memory.grow(missing);
    this.slots.refresh();
  }

  /**
   * Runs code of the interpreter.
   * @returns what it gave, or how it was ended: nothing of the instance may be used then
   * @throws whatever a host function threw
   */
  run<T>(maxExecutionMs: number, code: () => T): T | ScriptOutcome {
    this.#hostFailure = undefined;
    this.#isOver = false;
    this.#untilPoll = CALLS_A_POLL;
    this.#deadlineMs = this.#host.machine.monotonicMs() + maxExecutionMs;
    try {
      return code();
    } catch (error) {
      return this.#endOf(error);
    } finally {
      this.#deadlineMs = Infinity;
    }
  }

  /** @throws ScriptEnd the time is up */
  poll(): void {
    this.#host.polled();
    this.#untilPoll = CALLS_A_POLL;
    if (this.#host.machine.monotonicMs() < this.#deadlineMs) return;
    this.#isOver = true;
    throw timeout;
  }

  #endOf(error: unknown): ScriptOutcome {
    if (error instanceof ScriptEnd) return error.outcome;
    if (this.#hostFailure !== undefined) throw this.#hostFailure.error;
    // V8's own stack, which frames of WebAssembly are on.
    if (error instanceof RangeError) return { kind: 'exhausted', resource: 'stack' };
    if (error instanceof webAssembly.RuntimeError) {
      return { kind: 'threw', message: `InternalError: the interpreter trapped: ${error.message}`, trace: '' };
    }
    throw error;
  }

  #spend(calls: number): void {
    this.#untilPoll -= calls;
    if (this.#untilPoll < 0) this.poll();
  }

  #grow(pages: number): number {
    const { memory } = this.exports;
    if (!this.#host.mayGrowTo(memory.buffer.byteLength + pages * PAGE_BYTES)) return 0;
    try {
      memory.grow(pages);
    } catch {
      // What it did not get does not count.
      this.#host.mayGrowTo(memory.buffer.byteLength);
      return 0;
    }
    this.slots.refresh();
    return 1;
  }

  #call(index: number, count: number, depth: number): void {
    // A host function that V8 ended somewhere in its middle would leave the host's own state in pieces.
    if (depth > SHALLOW_STACK_BYTES && useStack(ROOM_LEVELS) < 0) throw exhaustedStack;
    const { slots } = this;
    this.#spend(1);
    try {
      slots.write(0, callWith(this.#host.functions[index], slots, count));
    } catch (error) {
      // A host function may have made another error of the end of the script.
      if (this.#isOver) throw timeout;
      if (error instanceof ScriptThrow) {
        slots.writeThrow(error);
        return;
      }
      this.#hostFailure = { error };
      throw error;
    }
    if (this.#isOver) throw timeout;
  }
}

/** The usual numbers of values take no array. */
function callWith(hostFunction: HostFunction | undefined, slots: Slots, count: number): ScriptValue {
  if (hostFunction === undefined) return undefined;
  switch (count) {
    case 0:
      return hostFunction();
    case 1:
      return hostFunction(slots.read(0));
    case 2:
      return hostFunction(slots.read(0), slots.read(1));
    case 3:
      return hostFunction(slots.read(0), slots.read(1), slots.read(2));
    default:
      return hostFunction(...Array.from({ length: Math.min(count, MAX_VALUES) }, (_, at) => slots.read(at)));
  }
}

/** Recurses. @throws RangeError where V8 has too little stack */
function useStack(levels: number): number {
  return levels === 0 ? 0 : useStack(levels - 1) + 1;
}
