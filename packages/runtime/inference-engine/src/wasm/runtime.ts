import { webAssembly } from './webassembly.ts';

/** The functions of the module that the glue calls, by what they do. Addresses and handles are unsigned, and errors are numbers but 0. */
export interface Runtime {
  readonly functionAt: (index: number) => (...values: readonly unknown[]) => unknown;
  readonly stack: () => number;
  readonly restoreStack: (address: number) => void;
  readonly setThrew: (threw: number, value: number) => void;
  readonly setTempRet0: (value: number) => void;
  readonly canCatch: (candidate: number, type: number, pointer: number) => number;
  readonly retainException: (object: number) => void;
  readonly releaseException: (object: number) => void;
  readonly exceptionPointer: (object: number) => number;
  readonly initThread: (...values: readonly number[]) => void;
  readonly initThreadLocal: () => void;
  readonly construct: () => void;
  readonly allocate: (sizeBytes: number) => number;
  readonly free: (address: number) => void;
  readonly ort: OrtFunctions;
}

/** The C functions of onnxruntime/wasm/api.cc. */
export interface OrtFunctions {
  readonly init: (threads: number, logLevel: number) => number;
  readonly lastError: (code: number, message: number) => number;
  readonly createSessionOptions: (...values: readonly number[]) => number;
  readonly releaseSessionOptions: (options: number) => number;
  readonly createSession: (data: number, sizeBytes: number, options: number) => number;
  readonly releaseSession: (session: number) => number;
  readonly count: (session: number, inputs: number, outputs: number) => number;
  readonly metadata: (session: number, index: number, name: number, metadata: number) => number;
  readonly free: (address: number) => number;
  readonly createTensor: (...values: readonly number[]) => number;
  readonly tensorData: (...values: readonly number[]) => number;
  readonly releaseTensor: (tensor: number) => number;
  readonly run: (...values: readonly number[]) => number;
}

/**
 * The names are those of `ort-wasm-simd-threaded.mjs` in onnxruntime-web 1.27.0; another build of the module has others, and is refused
 * by its imports before this.
 */
export function runtimeOf(exports: Readonly<Record<string, unknown>>): Runtime {
  const of = (name: string): ((...values: readonly unknown[]) => number) => {
    const found = exports[name];
    if (typeof found !== 'function') throw new TypeError(`The module has no function ${name}.`);
    // Functions of a module return numbers, or nothing where their type here says so.
    return found as (...values: readonly unknown[]) => number;
  };
  /** WebAssembly has signed numbers only. */
  const unsigned = (name: string): ((...values: readonly unknown[]) => number) => {
    const call = of(name);
    return (...values) => call(...values) >>> 0;
  };
  const table = exports['wb'];
  if (!(table instanceof webAssembly.Table)) throw new TypeError('The module has no table.');
  return {
    functionAt(index) {
      // Every element that the module calls is a function.
      return table.get(index) as (...values: readonly unknown[]) => unknown;
    },
    stack: of('Jb'),
    restoreStack: of('Hb'),
    setThrew: of('Eb'),
    setTempRet0: of('Fb'),
    canCatch: of('Mb'),
    retainException: of('Lb'),
    releaseException: of('Kb'),
    exceptionPointer: of('Nb'),
    initThread: of('xb'),
    initThreadLocal: of('vb'),
    construct: of('Ta'),
    allocate: unsigned('ub'),
    free: of('tb'),
    ort: {
      init: of('Ua'),
      lastError: of('Va'),
      createSessionOptions: unsigned('Wa'),
      releaseSessionOptions: of('_a'),
      createSession: unsigned('$a'),
      releaseSession: of('ab'),
      count: of('bb'),
      metadata: of('cb'),
      free: of('db'),
      createTensor: unsigned('eb'),
      tensorData: of('fb'),
      releaseTensor: of('gb'),
      run: of('qb'),
    },
  };
}
