import { closeModules, openInternals, preload } from './modules.ts';
import {
  closeRequests,
  fixedBuffer,
  keptNatives,
  openReport,
  stripClones,
  stripEngines,
  stripNatives,
} from './natives.ts';
import { pureTls, stripTls } from './tls.ts';

/**
 * The authority that the loader takes away. Each function is turned into text on its own and runs in the enclave's interpreter,
 * so it must not refer to anything outside itself. Each fails rather than leave something in place.
 *
 * The rule is not to hide an object but to leave nothing on it: a measured bundle may be hostile, and it can get hold of
 * anything in its realm.
 */

/** Modules without authority: any code could compute what they compute. `@enclos/build` allows the same ones. */
function pureModules(require: NodeJS.Require, tls: object | undefined): (name: string) => unknown {
  const names =
    'assert assert/strict async_hooks buffer crypto events path path/posix querystring stream stream/consumers ' +
    'stream/promises stream/web string_decoder timers timers/promises url util util/types zlib';
  const modules = new Map<string, unknown>(names.split(' ').map((name) => [name, require(`node:${name}`)]));
  // Hooks see the resources of the interpreter itself; the context that libraries need works without them.
  const { AsyncLocalStorage, AsyncResource, executionAsyncId, triggerAsyncId } =
    require('node:async_hooks') as typeof import('node:async_hooks');
  modules.set('async_hooks', Object.freeze({ AsyncLocalStorage, AsyncResource, executionAsyncId, triggerAsyncId }));
  if (tls !== undefined) modules.set('tls', tls);
  // The functions that load shared libraries are left out; not all of them can be deleted.
  const members = Object.getOwnPropertyDescriptors(require('node:crypto') as object);
  const harmless = Object.entries(members).filter(([name]) => !['setEngine', 'setFips', 'fips'].includes(name));
  modules.set('crypto', Object.defineProperties({}, Object.fromEntries(harmless)));
  return (name) => {
    const found = modules.get(name.replace(/^node:/, ''));
    if (found === undefined) throw new Error(`An enclave has no module ${name}.`);
    return found;
  };
}

/** A stream's socket and handle lead to their classes, and these to new connections and to other descriptors. */
function stripSockets(
  Socket: typeof import('node:net').Socket,
  socket: import('node:net').Socket,
  handleClass?: object,
): void {
  const strip = (object: object, names: readonly string[]): void => {
    for (const name of names) {
      if (!Reflect.deleteProperty(object, name)) throw new Error(`The interpreter keeps ${name} of a socket.`);
    }
  };
  strip(Socket.prototype, ['connect', 'constructor']);
  const handle = Reflect.get(socket, '_handle') as object;
  for (const start of [Object.getPrototypeOf(handle) as object, handleClass]) {
    if (start === undefined) continue;
    // The methods of a pipe and of TCP: the gate is one or the other, and what is passed is TCP.
    strip(start, ['bind', 'bind6', 'listen', 'connect', 'connect6', 'open', 'fchmod']);
    // Pipe or TCP, LibuvStreamWrap, HandleWrap, AsyncWrap: other native objects inherit from them, and a member that is planted
    // or replaced here would expose those.
    for (let at = start; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
      if (Object.isFrozen(at)) continue;
      // The second takes any buffer of a bundle's: see `fixedBuffer`.
      strip(at, ['constructor', 'useUserBuffer']);
      Object.freeze(at);
    }
  }
}

/**
 * The globals of the language: those of a realm without Node. Making a realm to list them takes 1 ms, so they are written down
 * for the pinned interpreter, and a test compares. All other globals are taken away.
 */
function languageNames(): readonly string[] {
  return (
    'Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error ' +
    'AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON Math Intl ArrayBuffer ' +
    'Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array ' +
    'Uint8ClampedArray Float32Array Float64Array DataView Map BigInt Set Iterator WeakMap WeakSet Proxy Reflect ' +
    'FinalizationRegistry WeakRef decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite ' +
    'isNaN console SuppressedError DisposableStack AsyncDisposableStack Float16Array SharedArrayBuffer WebAssembly'
  ).split(' ');
}

/** Keeps everything of the language and of the web platform that carries no authority. */
function stripGlobals(language: readonly string[], hasHttp: boolean): void {
  const kept = new Set(
    (
      'globalThis global console process Buffer setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate ' +
      'queueMicrotask structuredClone atob btoa URL URLSearchParams DOMException AbortController AbortSignal Event EventTarget ' +
      'CustomEvent TextEncoder TextDecoder TextEncoderStream TextDecoderStream ReadableStream ReadableStreamDefaultReader ' +
      'ReadableStreamBYOBReader ReadableByteStreamController ReadableStreamDefaultController WritableStream ' +
      'WritableStreamDefaultController WritableStreamDefaultWriter TransformStream TransformStreamDefaultController ' +
      'ByteLengthQueuingStrategy CountQueuingStrategy CompressionStream DecompressionStream Blob File performance crypto Crypto ' +
      'CryptoKey SubtleCrypto WebAssembly'
    ).split(' '),
  );
  if (hasHttp) for (const name of ['Headers', 'Request', 'Response', 'FormData']) kept.add(name);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (kept.has(name) || language.includes(name)) continue;
    if (!Reflect.deleteProperty(globalThis, name)) throw new Error(`The interpreter keeps the global ${name}.`);
  }
  // They take responses of an HTTP client, and would load it.
  for (const name of ['compileStreaming', 'instantiateStreaming']) {
    const isGone = Reflect.deleteProperty(Reflect.get(globalThis, 'WebAssembly') as object, name);
    if (!isGone) throw new Error(`The interpreter keeps WebAssembly.${name}.`);
  }
  // The HTTP client keeps its connection pool under symbols that every script can name.
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (symbol === Symbol.toStringTag || Reflect.deleteProperty(globalThis, symbol)) continue;
    if (!Reflect.set(globalThis, symbol, undefined)) throw new Error('The interpreter keeps a global symbol.');
  }
}

/**
 * The interpreter's own code keeps its reference to `process`, and emitters and
 * streams can be made to give it away: only members without authority stay on
 * it. The bundle sees another, smaller object.
 */
function stripProcess(v8: typeof import('node:v8')): void {
  const kept = new Set(
    (
      'version versions arch platform release _events _eventsCount _maxListeners domain _exiting exitCode uptime reallyExit ' +
      'cpuUsage threadCpuUsage resourceUsage memoryUsage constrainedMemory availableMemory exit hrtime features ' +
      '_fatalException hasUncaughtExceptionCaptureCallback emitWarning nextTick _tickCallback sourceMapsEnabled argv0 permission'
    ).split(' '),
  );
  // With them, a listener for a signal would make a native object.
  for (const event of ['newListener', 'removeListener']) process.removeAllListeners(event);
  for (const name of Object.getOwnPropertyNames(process)) {
    if (kept.has(name)) continue;
    if (!Reflect.deleteProperty(process, name)) throw new Error(`The interpreter keeps process.${name}.`);
  }
  const empty = Object.freeze({});
  const standIns = { env: empty, argv: Object.freeze([]), execArgv: Object.freeze([]), cwd: (): string => '/' };
  // The interpreter's own code reads these, for example to word a failed assertion.
  Object.defineProperties(process, Object.getOwnPropertyDescriptors(standIns));
  const visible = Object.freeze({
    ...standIns,
    version: process.version,
    versions: process.versions,
    platform: process.platform,
    arch: process.arch,
    nextTick: process.nextTick.bind(process),
    hrtime: process.hrtime,
    uptime: process.uptime.bind(process),
    emitWarning: (): void => undefined,
    // Only the heap: the kernel reports the resident size in a file that an enclave cannot read.
    memoryUsage() {
      const heap = v8.getHeapStatistics();
      return {
        rss: heap.total_physical_size + heap.external_memory,
        heapTotal: heap.total_heap_size,
        heapUsed: heap.used_heap_size,
        external: heap.external_memory,
        arrayBuffers: 0,
      };
    },
  });
  Object.defineProperty(globalThis, 'process', { value: visible, writable: false, configurable: false });
}

/**
 * A getter on `Object.prototype` sees every object of the interpreter that is asked for a member it does not have; a replaced
 * `call` sees every function and its `this`. So all prototypes of the language are closed to new members: a polluted prototype,
 * whether from inside or through remote data, reaches the objects of all code. Existing members can be replaced, as they must
 * be for `Mine.prototype.toString = ...` to work: a frozen prototype refuses that to everything that inherits from it.
 *
 * `call`, `apply` and `bind` are fixed. A bundle that assigns to a function's own (`lodash.bind = ...`) gets them as accessors, by
 * which that works; they take longer to read, so every other bundle gets them as values.
 */
function closePrototypes(language: readonly string[], script: string): void {
  const prototypes = new Set<unknown>();
  // The prototypes without a name: of iterators, generators and asynchronous functions.
  const samples = [
    [][Symbol.iterator](),
    new Map().entries(),
    new Set().values(),
    ''[Symbol.iterator](),
    ''.matchAll(/a/g),
  ];
  const functions = [function* () {}, async () => {}, async function* () {}];
  for (const start of [
    ...samples,
    ...functions,
    ...functions.map((made) => made.prototype as unknown),
    new Uint8Array(),
  ]) {
    for (let at: unknown = start; at !== null && at !== undefined; at = Object.getPrototypeOf(at)) prototypes.add(at);
  }
  for (const name of language) {
    const found: unknown = Reflect.get(globalThis, name);
    if (typeof found === 'function') prototypes.add(found.prototype);
  }
  for (const prototype of prototypes) Object.preventExtensions(prototype);
  const inherited: object = Function.prototype;
  const { defineProperty } = Object;
  for (const name of ['call', 'apply', 'bind']) {
    const fixed: unknown = Reflect.get(inherited, name);
    const own = {
      get: () => fixed,
      set(this: object, value: unknown) {
        // Of the prototype itself, this throws.
        defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
    };
    const isAssigned = new RegExp(`\\.${name}\\s*=(?![=>])`).test(script);
    defineProperty(inherited, name, { ...(isAssigned ? own : { writable: false }), configurable: false });
  }
}

export const loaderParts = Object.freeze({
  openInternals,
  openReport,
  fixedBuffer,
  preload,
  stripTls,
  pureTls,
  pureModules,
  languageNames,
  stripSockets,
  stripClones,
  keptNatives,
  stripNatives,
  stripEngines,
  closeRequests,
  closeModules,
  stripGlobals,
  stripProcess,
  closePrototypes,
});
