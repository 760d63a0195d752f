/**
 * What code inside an enclave can name without declaring it: the globals that the platform's loader leaves. A test of the loader
 * compares this list with the pinned interpreter; the build refuses other names. `Headers`, `Request`, `Response` and
 * `FormData` are there for a bundle that names one of them.
 */
export const enclaveGlobals: readonly string[] = Object.freeze(
  (
    'AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt ' +
    'BigInt64Array BigUint64Array Blob Boolean Buffer ByteLengthQueuingStrategy CompressionStream ' +
    'CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DataView Date DecompressionStream ' +
    'DisposableStack Error EvalError Event EventTarget File FinalizationRegistry Float16Array Float32Array ' +
    'Float64Array FormData Function Headers Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math ' +
    'NaN Number Object Promise Proxy RangeError ReadableByteStreamController ReadableStream ' +
    'ReadableStreamBYOBReader ReadableStreamDefaultController ReadableStreamDefaultReader ReferenceError Reflect ' +
    'RegExp Request Response Set SharedArrayBuffer String SubtleCrypto SuppressedError Symbol SyntaxError ' +
    'TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController ' +
    'TypeError URIError URL URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef ' +
    'WeakSet WebAssembly WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa ' +
    'clearImmediate clearInterval clearTimeout console crypto decodeURI decodeURIComponent encodeURI ' +
    'encodeURIComponent escape eval global globalThis isFinite isNaN parseFloat parseInt performance process ' +
    'queueMicrotask setImmediate setInterval setTimeout structuredClone undefined unescape'
  ).split(' '),
);

/** The members of the global `process` inside an enclave, by the same test. */
export const enclaveProcessMembers: readonly string[] = Object.freeze(
  'arch argv cwd emitWarning env execArgv hrtime memoryUsage nextTick platform uptime version versions'.split(' '),
);
