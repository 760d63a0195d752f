/** What passes between a script and its host: scalars, text and bytes. Bytes are an ArrayBuffer inside the script. */
export type ScriptValue = undefined | null | boolean | number | string | Uint8Array;

/**
 * A function of the host that scripts call. It gets copies: what a script passes is the host's to keep, and the other way round. To
 * throw an error of the language in the script, it throws a {@link ScriptThrow}; anything else that it throws ends the script, and
 * the caller of the script gets it.
 */
export type HostFunction = (...values: readonly ScriptValue[]) => ScriptValue;

/** An error that a host function throws into the script. */
export class ScriptThrow extends Error {
  readonly kind: 'Error' | 'TypeError' | 'RangeError';

  constructor(kind: ScriptThrow['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One file: the name is what traces show and what imports resolve against. */
export interface ScriptFile {
  readonly name: string;
  readonly source: string;
}

/** A program as an engine loads it, once. */
export interface ScriptProgram {
  /**
   * Our own code, run first as classic scripts, in order. It finds the host functions in the parameter-like global
   * `host`, which is gone when the prelude has ended, and makes the globals that modules see.
   */
  readonly prelude: readonly ScriptFile[];
  /** ES modules by absolute name (`/app.js`). Imports are relative or absolute within these; nothing else resolves. */
  readonly modules: readonly ScriptFile[];
  readonly host: Readonly<Record<string, HostFunction>>;
}

export interface ScriptLimits {
  readonly maxHeapBytes: number;
  readonly maxStackBytes: number;
  readonly maxExecutionMs: number;
}

/** How a call ended. Only `returned` leaves the interpreter fit for another call without `reset`. */
export type ScriptOutcome =
  | { readonly kind: 'returned'; readonly value: ScriptValue }
  /** An exception that the script did not catch. `trace` has a line for each frame. */
  | { readonly kind: 'threw'; readonly message: string; readonly trace: string }
  | { readonly kind: 'timeout' }
  /** The heap or the stack was exhausted. */
  | { readonly kind: 'exhausted'; readonly resource: 'heap' | 'stack' };

/** A program loaded into its own interpreter. Not for two calls at once: it runs in the caller's thread. */
export interface ScriptInterpreter {
  /** Calls a function that the prelude registered (`host.register(name, function)`) with scalars, text and bytes. */
  call(name: string, values: readonly ScriptValue[], limits: ScriptLimits): ScriptOutcome;
  /**
   * For host functions that take long, to call between the parts of their work: ends the script once its time is up, by an exception
   * that has to pass. Nothing runs on if the host function keeps it all the same. The engine does this itself after many calls and
   * much that was copied.
   */
  checkTime(): void;
  /** Makes it as it was after loading: every global, module variable and object is new. */
  reset(): void;
  /** Frees its memory. */
  dispose(): void;
}

/** Something that runs programs: an interpreter in WebAssembly in production, V8 in development. */
export interface ScriptEngine {
  readonly name: string;
  /**
   * Loads a program: runs the prelude, compiles and links all modules. Modules are evaluated when the prelude first asks for one
   * (`host.import(name)`, which gives the module's exports), inside the limits of the call that asks.
   * @throws EnclosError SCRIPT_INVALID a module does not compile or link; the message names file and line
   */
  load(program: ScriptProgram, limits: ScriptLimits): ScriptInterpreter;
}
