import type { Root } from './walk.ts';

/** What a bundle gets from the loader, as far as the exercise uses it. */
interface Given {
  readonly gate: object;
  readonly require: (name: string) => unknown;
}

/**
 * Uses what honest bundles use, and keeps every object that comes out. It is turned into text, and its words decide what
 * the loader loads: they name everything.
 */
export async function exercise(cap: Given, keep: (root: Root) => void): Promise<void> {
  const { get } = Reflect;
  // Modules of these names have these types in Node.
  const events = cap.require('events') as typeof import('node:events');
  const stream = cap.require('stream') as typeof import('node:stream');
  const crypto_ = cap.require('crypto') as typeof import('node:crypto');
  const zlib = cap.require('zlib') as typeof import('node:zlib');
  const util = cap.require('util') as typeof import('node:util');
  const assert = cap.require('assert') as typeof import('node:assert');
  const hooks = cap.require('async_hooks') as typeof import('node:async_hooks');
  const timers = cap.require('timers/promises') as typeof import('node:timers/promises');
  // Not in the types of this version, or not in those of Node.
  const call = (on: object, name: string, ...args: readonly unknown[]): unknown =>
    Reflect.apply(get(on, name) as () => unknown, on, args as []);
  const assembly = get(globalThis, 'WebAssembly') as object;
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  const readable = (): ReadableStream => new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(2)) });
  const uses: Readonly<Record<string, () => unknown>> = {
    emitter: () => {
      const emitter = new events.EventEmitter();
      for (let i = 0; i < 12; i += 1) emitter.on('event', () => undefined);
      emitter.emit('event', 1);
      return emitter;
    },
    once: () => {
      const emitter = new events.EventEmitter();
      setImmediate(() => emitter.emit('done', 1));
      return events.once(emitter, 'done');
    },
    pipeline: () =>
      stream.promises.pipeline(stream.Readable.from(['a']), zlib.createGzip(), new stream.PassThrough().resume()),
    duplex: () => stream.Duplex.from(['a']),
    web: () => stream.Readable.toWeb(stream.Readable.from(['a'])),
    gzip: () => zlib.createGzip(),
    brotli: () => zlib.createBrotliCompress(),
    hash: () => crypto_.createHash('sha256').update('a'),
    hmac: () => crypto_.createHmac('sha256', 'a'),
    sign: () => crypto_.createSign('sha256'),
    cipher: () => crypto_.createCipheriv('aes-128-gcm', new Uint8Array(16), new Uint8Array(12)),
    dh: () => crypto_.createECDH('prime256v1'),
    keys: () => crypto_.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    scrypt: () => util.promisify(crypto_.scrypt)('a', 'b', 8),
    subtle: () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']),
    digest: () => crypto.subtle.digest('SHA-256', new Uint8Array(1)),
    x509: () => get(crypto_, 'X509Certificate') as unknown,
    assertion: () => assert.deepEqual({ a: [1] }, { a: [2] }),
    falsy: () => assert.ok(false),
    inspect: () =>
      util.inspect(
        { process, map: new Map([[1, [2]]]), proxy: new Proxy({}, {}) },
        { showHidden: true, depth: 3, showProxy: true },
      ),
    diff: () => call(util, 'diff', 'a', 'b'),
    parseArgs: () => util.parseArgs({ args: [] }),
    mime: () => new util.MIMEType('text/plain'),
    textDecoder: () => new TextDecoder('utf-16le').decode(new Uint8Array(2)),
    local: () => new hooks.AsyncLocalStorage().run(1, () => new hooks.AsyncResource('exercise')),
    sleep: () => timers.setTimeout(1),
    interval: () => setInterval(() => undefined, 1000).unref(),
    immediate: () => setImmediate(() => undefined),
    tick: () => new Promise((done) => process.nextTick(done, 1)),
    warning: () => process.emitWarning('a'),
    abort: () => AbortSignal.any([AbortSignal.timeout(1), new AbortController().signal]),
    transferable: () => util.transferableAbortController(),
    event: () => new EventTarget().dispatchEvent(new CustomEvent('a')),
    exception: () => new DOMException('a', 'AbortError'),
    clone: () => structuredClone({ a: new Map([[1, new Error('a')]]), b: new Uint8Array(1), c: new Date(), d: /a/ }),
    cloneBuffer: () => {
      const buffer = new ArrayBuffer(8);
      return structuredClone(buffer, { transfer: [buffer] });
    },
    cloneStream: () => {
      const one = readable();
      return structuredClone(one, { transfer: [one] });
    },
    cloneSignal: () => {
      const { signal } = util.transferableAbortController();
      return structuredClone(signal, { transfer: [signal] });
    },
    cloneBlob: () => structuredClone(new Blob(['a'])),
    cloneKey: () => structuredClone(crypto_.createSecretKey(new Uint8Array(16))),
    cloneException: () => structuredClone(new DOMException('a')),
    blob: () => new Blob(['a']).arrayBuffer(),
    file: () => new File(['a'], 'a'),
    objectUrl: () => URL.createObjectURL(new Blob(['a'])),
    resolved: () =>
      (cap.require('buffer') as typeof import('node:buffer')).resolveObjectURL(URL.createObjectURL(new Blob(['a']))),
    readable: () => readable().getReader().read(),
    tee: () => readable().tee(),
    writable: () => new WritableStream(),
    bytes: () => new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }),
    encoder: () => readable().pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream()),
    compression: () =>
      readable().pipeThrough(new CompressionStream('gzip')).pipeThrough(new DecompressionStream('gzip')),
    response: () => new Response(readable(), { headers: new Headers({ a: 'b' }) }).clone(),
    request: () => new Request('http://127.0.0.1:1/', { method: 'POST', body: 'a' }).text(),
    form: () => new Response(new FormData()).formData(),
    performance: () => [
      performance.mark('a'),
      performance.now(),
      performance.timeOrigin,
      performance.eventLoopUtilization(),
    ],
    measure: () => performance.measure('b', { start: 0, end: 1, detail: {} }),
    timerify: () => performance.timerify(() => 1)(),
    url: () => new URL('http://a.test/?b#c').searchParams,
    wasm: () => Reflect.construct(get(assembly, 'Module') as ObjectConstructor, [empty]),
    wasmAsync: () => call(assembly, 'instantiate', empty),
    memory: () =>
      Reflect.construct(get(assembly, 'Memory') as ObjectConstructor, [{ initial: 1, maximum: 1, shared: true }]),
    wait: () => get(Atomics, 'waitAsync') as unknown,
    intl: () => new Intl.DateTimeFormat('en').formatToParts(0),
    weak: () => new FinalizationRegistry(() => undefined).register({}, 1),
    console: () => console,
    table: () => get(console, 'table') as unknown,
    tls: () => {
      const tls = cap.require('node:tls') as typeof import('node:tls');
      const nowhere = new stream.Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      const socket = new tls.TLSSocket(nowhere, { isServer: true, secureContext: tls.createSecureContext({ ca: [] }) });
      return socket.on('error', () => undefined);
    },
    gate: () => {
      for (const method of ['pause', 'resume', 'cork', 'uncork', 'address']) call(cap.gate, method);
      return cap.gate;
    },
    refused: () => new URL('no address'),
    late: () => cap.require('fs'),
  };
  const soon = (value: unknown): Promise<unknown> =>
    Promise.race([value, new Promise((done) => setTimeout(done, 50))]).catch((error: unknown) => error);
  for (const [path, use] of Object.entries(uses)) {
    try {
      const made = use();
      keep({ value: made, path });
      keep({ value: await soon(made), path: `${path}(awaited)` });
    } catch (error) {
      keep({ value: error, path: `${path}(refused)` });
    }
  }
}

/** The same with a connection that the host passed: its other end answers with what it reads. */
export async function exercisePassed(
  cap: Given & { readonly passage?: { readonly send: (notices: Uint8Array) => void } },
  passed: import('node:net').Socket,
  keep: (root: Root) => void,
): Promise<void> {
  const tls = cap.require('node:tls') as typeof import('node:tls') | undefined;
  for (const method of ['pause', 'cork', 'uncork', 'address', 'setNoDelay', 'setKeepAlive', 'ref', 'unref']) {
    keep({ value: (Reflect.get(passed, method) as () => unknown).call(passed), path: `passed.${method}()` });
  }
  // Under TLS nothing comes to it.
  const answered = new Promise((done) => {
    passed.once('data', done);
    setTimeout(done, 100);
  });
  passed.resume().write('a');
  keep({ value: await answered, path: 'passed(data)' });
  cap.passage?.send(new Uint8Array(24));
  if (tls === undefined) return;
  try {
    const secureContext = tls.createSecureContext({ ca: [] });
    const wrapped = new tls.TLSSocket(passed, { isServer: true, secureContext }).on('error', () => undefined);
    keep({ value: wrapped, path: 'passed(TLS)' });
  } catch (error) {
    keep({ value: error, path: 'passed(refused)' });
  }
}
