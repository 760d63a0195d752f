import { CppExceptions } from './exceptions.ts';
import { createInvokes, type Invoke } from './invokes.ts';
import { type ModuleMemory, PAGE_BYTES } from './memory.ts';
import type { Runtime } from './runtime.ts';

/** Error numbers of WASI, as Emscripten's C library uses them. */
const ENOSYS = 52;
const ESPIPE = 70;
const EAGAIN = 6;
const EINVAL = 28;
/** What Emscripten says that a heap may become; `ModuleMemory` holds the bound. */
const MAX_HEAP_BYTES = 0xffff_0000;
/** The code in the module that asks JavaScript for weights in other files; 1 says that there are none. */
const EXTERNAL_DATA = 960_468;

/** Names of imports by the number of their arguments, without the index. */
const invokes: readonly (readonly [count: number, names: string])[] = [
  [0, 'c v'],
  [1, 'd r'],
  [2, 'm A i _ $'],
  [3, 'n da Z l M N'],
  [4, 'q ba ca p'],
  [5, 'x J s'],
  [6, 'o t ha'],
  [7, 'O y ga'],
  [8, 'fa'],
  [10, 'B'],
  [11, 'D K'],
  [15, 'C'],
];
/** The same for those with a result of 64 bits. */
const wideInvokes: readonly (readonly [count: number, names: string])[] = [
  [0, 'P'],
  [1, 'ea'],
  [2, 'z'],
  [4, 'E'],
];

/** System calls that do nothing: there are no files, and no file can be opened. */
const absent = 'L Ja pa ra Ka Ha Aa Ga Y qa na Ia oa wa ja U Ca Ma T la ia ua F R Q aa Sa Ea';

/** What the module gets of the outside: memory, C++ exceptions, a clock. No file, no network, no other thread, no output. */
export function importsOf(memory: ModuleMemory, runtime: () => Runtime): Readonly<Record<string, unknown>> {
  const exceptions = new CppExceptions(memory, runtime);
  return {
    a: memory.memory,
    ...Object.fromEntries(absent.split(' ').map((name) => [name, nothing])),
    ...named(invokes, createInvokes({ exceptions, runtime }, undefined)),
    ...named(wideInvokes, createInvokes({ exceptions, runtime }, 0n)),
    ...exceptionImports(exceptions),
    ...clockImports(memory),
    ...systemImports(memory),
    Da(thread: number) {
      runtime().initThread(thread >>> 0, 1, 1, 1, 131_072, 0);
      runtime().initThreadLocal();
    },
  };
}

const nothing = (): number => 0;
const abort = (): never => {
  throw new TypeError('The engine aborted.');
};

function exceptionImports(exceptions: CppExceptions): Readonly<Record<string, unknown>> {
  return {
    b: (object: number, type: number, destructor: number) =>
      exceptions.throw(object >>> 0, type >>> 0, destructor >>> 0),
    e: () => exceptions.findCatch(),
    k: (type: number) => exceptions.findCatch(type >>> 0),
    g: (...types: readonly number[]) => exceptions.findCatch(...types.map((type) => type >>> 0)),
    f: (object: number) => exceptions.beginCatch(object >>> 0),
    w: () => exceptions.endCatch(),
    S: () => exceptions.rethrow(),
    j: (object: number) => exceptions.resume(object >>> 0),
    G: () => exceptions.uncaught,
    h: (type: number) => type,
  };
}

/** Time in UTC: the engine has no place. */
function clockImports(memory: ModuleMemory): Readonly<Record<string, unknown>> {
  return {
    xa: (seconds: bigint, time: number) => writeTime(memory, seconds, time >>> 0),
    ya: (seconds: bigint, time: number) => writeTime(memory, seconds, time >>> 0),
    za: () => -1n,
    Ra(offset: number, daylight: number, ...names: readonly number[]) {
      memory.setUint32(offset >>> 0, 0);
      memory.setUint32(daylight >>> 0, 0);
      for (const name of names) memory.setText(name >>> 0, 'UTC');
    },
    Na: () => Date.now(),
    u: () => performance.now(),
    Oa(clock: number, _precision: bigint, time: number) {
      if (clock < 0 || clock > 3) return EINVAL;
      const milliseconds = clock === 0 ? Date.now() : performance.now();
      memory.view.setBigInt64(time >>> 0, BigInt(Math.round(milliseconds * 1_000_000)), true);
      return 0;
    },
  };
}

function systemImports(memory: ModuleMemory): Readonly<Record<string, unknown>> {
  return {
    V: (code: number) => (code === EXTERNAL_DATA ? 1 : 0),
    Pa: abort,
    Qa: abort,
    sa: abort,
    La: abort,
    ta: () => EAGAIN,
    va: () => -ENOSYS,
    ma: () => MAX_HEAP_BYTES,
    H: () => 1,
    ka: (sizeBytes: number) => (growHeap(memory, sizeBytes >>> 0) ? 1 : 0),
    /** An environment of no variables. */
    Fa(count: number, sizeBytes: number) {
      memory.setUint32(count >>> 0, 0);
      memory.setUint32(sizeBytes >>> 0, 0);
      return 0;
    },
    I: () => ENOSYS,
    X: () => ENOSYS,
    Ba: () => ESPIPE,
    /** Output is taken, and goes nowhere. */
    W(_file: number, vectors: number, count: number, written: number) {
      let bytes = 0;
      for (let at = 0; at < count; at++) bytes += memory.uint32((vectors >>> 0) + 8 * at + 4);
      memory.setUint32(written >>> 0, bytes);
      return 0;
    },
  };
}

function named(lists: typeof invokes, invokeOf: (count: number) => Invoke): Record<string, Invoke> {
  const pairs = lists.flatMap(([count, names]) => names.split(' ').map((name) => [name, invokeOf(count)] as const));
  return Object.fromEntries(pairs);
}

/** Grows by a fifth more than is needed where there is room, so that growing stays rare. */
function growHeap(memory: ModuleMemory, sizeBytes: number): boolean {
  const now = memory.memory.buffer.byteLength;
  const pages = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  return memory.grow(pages(Math.max(sizeBytes, 1.2 * now))) || memory.grow(pages(sizeBytes));
}

/** `struct tm`, in UTC: the engine has no place. */
function writeTime({ view }: ModuleMemory, seconds: bigint, time: number): void {
  const date = new Date(1000 * Number(seconds));
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
  const fields = [
    date.getUTCSeconds(),
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth(),
    date.getUTCFullYear() - 1900,
    date.getUTCDay(),
    Math.floor((date.getTime() - yearStart) / 86_400_000),
    0,
    0,
  ];
  for (const [at, value] of fields.entries()) view.setInt32(time + 4 * at, value, true);
}
