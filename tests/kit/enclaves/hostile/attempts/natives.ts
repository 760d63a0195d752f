import { AsyncResource } from 'node:async_hooks';
import { createHash, createHmac, createSign, createECDH, generateKeyPairSync } from 'node:crypto';
import { createGzip } from 'node:zlib';
import { call, capabilities, member, objectOf, requireOf, type Attempts } from '../stolen.ts';
import { authorityIn, type Found } from './graph.ts';
import { realProcess } from './process.ts';

/** Prototypes that the interpreter's native objects share: what is planted there sees all of them. */
function nativePrototypes(): readonly object[] {
  const found: object[] = [];
  let at = Reflect.getPrototypeOf(objectOf(member(capabilities().gate, '_handle')));
  for (; at !== null && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) found.push(at);
  return found;
}

/** Objects of the web and of Node that have a native one inside. */
function nativeHolders(): readonly Found[] {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const holders: Readonly<Record<string, object>> = {
    gzip: createGzip(),
    hash: createHash('sha256'),
    hmac: createHmac('sha256', 'key'),
    sign: createSign('sha256'),
    ecdh: createECDH('prime256v1'),
    privateKey,
    blob: new Blob(['text']),
    compression: new CompressionStream('gzip'),
    controller: new AbortController(),
    transferable: objectOf(call(requireOf('util')['transferableAbortController'], undefined)),
    timeoutSignal: AbortSignal.timeout(1000),
    readable: new ReadableStream(),
    writable: new WritableStream(),
    transform: new TransformStream(),
    resource: new AsyncResource('hostile'),
    mark: performance.mark('hostile'),
    timing: objectOf(member(performance, 'nodeTiming')),
    error: new Error('text'),
    url: new URL('http://example.org'),
    decoder: new TextDecoder(),
  };
  return Object.entries(holders).map(([path, object]) => ({ object, path }));
}

export const nativeAttempts: Attempts = {
  'authority in the native parts of objects': () => authorityIn(nativeHolders()),
  'a setter on the prototypes of handles': () => {
    const open = nativePrototypes().filter((prototype) => Object.isExtensible(prototype));
    return open.length === 0 ? undefined : `${open.length} of them take members`;
  },
  'another method on the prototypes of handles': () => {
    const names = nativePrototypes().flatMap((prototype) =>
      Reflect.ownKeys(prototype).filter((name) => {
        const { writable, configurable } = Reflect.getOwnPropertyDescriptor(prototype, name) ?? {};
        return writable === true || configurable === true;
      }),
    );
    return names.length === 0 ? undefined : names.map(String).join(' ');
  },
  'a native handle for a signal': async () => {
    const real = await realProcess();
    const before = nativeSignals(real);
    const listener = (): void => undefined;
    call(member(real, 'on'), real, 'SIGUSR2', listener);
    call(member(real, 'removeListener'), real, 'SIGUSR2', listener);
    return before;
  },
  'this of a timer, a tick and a microtask': async () => {
    const seen: Found[] = [];
    const keep = (path: string) =>
      function (this: unknown) {
        if (this !== undefined && this !== null && this !== globalThis) seen.push({ object: objectOf(this), path });
      };
    setTimeout(keep('timeout'), 0);
    setImmediate(keep('immediate'));
    queueMicrotask(keep('microtask'));
    process.nextTick(keep('tick'));
    new AbortController().signal.addEventListener('abort', keep('abort'));
    AbortSignal.abort().addEventListener('abort', keep('aborted'));
    await new Promise((done) => setTimeout(done, 20));
    return authorityIn(seen);
  },
  'an option that is a proxy': async () => {
    const seen: Found[] = [];
    const proxy: object = new Proxy(() => undefined, {
      get(_, name, receiver) {
        seen.push({ object: objectOf(receiver === proxy ? undefined : receiver), path: `get ${String(name)}` });
        return undefined;
      },
      apply(_, on, args: readonly unknown[]) {
        seen.push(...[on, ...args].map((value) => ({ object: objectOf(value), path: 'apply' })));
        return undefined;
      },
      construct(_, args: readonly unknown[]) {
        seen.push(...args.map((value: unknown) => ({ object: objectOf(value), path: 'construct' })));
        return {};
      },
    });
    const uses: readonly (() => unknown)[] = [
      () => structuredClone(proxy),
      () => createGzip(proxy),
      () => createHash('sha256', proxy),
      () => new ReadableStream(proxy),
      () => new TransformStream(proxy),
      () => new AsyncResource('a', proxy),
      () => call(requireOf('events')['once'], undefined, proxy, 'event'),
      () => call(requireOf('util')['inspect'], undefined, proxy, { showProxy: true }),
      () => call(requireOf('stream')['finished'], undefined, proxy, proxy),
      () => new AbortController().signal.addEventListener('abort', proxy as () => void),
      () => Promise.resolve(proxy),
      () => new Response(proxy as never),
      () => new Request('http://127.0.0.1', proxy),
    ];
    for (const use of uses) {
      try {
        await use();
      } catch {
        // What it saw before that is what counts.
      }
    }
    return authorityIn(seen);
  },
  'what a listener for uncaught errors sees': async () => {
    const real = await realProcess();
    const seen: Found[] = [];
    const listener = function (this: unknown, ...args: readonly unknown[]): void {
      seen.push(...[this, ...args].map((value) => ({ object: objectOf(value), path: 'uncaught' })));
    };
    call(member(real, 'on'), real, 'uncaughtException', listener);
    setTimeout(() => {
      throw new Error('on purpose');
    }, 0);
    await new Promise((done) => setTimeout(done, 20));
    call(member(real, 'removeListener'), real, 'uncaughtException', listener);
    if (seen.length === 0) throw new Error('It was not called.');
    return authorityIn(seen);
  },
  'what a host function of WebAssembly sees': async () => {
    // (module (import "m" "f" (func)) (start 0))
    const code = [0x0061736d, 0x01000000, 0x01040160, 0x00000207, 0x01016d01, 0x66000008, 0x0100];
    const bytes = Buffer.from(code.map((word, i) => word.toString(16).padStart(i === 6 ? 4 : 8, '0')).join(''), 'hex');
    const seen: unknown[] = [];
    const f = function (this: unknown, ...args: readonly unknown[]): void {
      seen.push(this, ...args);
    };
    const assembly = member(globalThis, 'WebAssembly');
    await call(member(assembly, 'instantiate'), assembly, bytes, { m: { f } });
    if (seen.length === 0) throw new Error('It was not called.');
    return seen.find((value) => value !== undefined);
  },
  'streaming compilation, which brings an HTTP client': () =>
    member(globalThis, 'WebAssembly', 'compileStreaming') ?? member(globalThis, 'WebAssembly', 'instantiateStreaming'),
  'modules of OpenSSL from files': () => {
    const crypto = requireOf('crypto');
    const mode = Reflect.getOwnPropertyDescriptor(crypto, 'fips');
    return crypto['setFips'] ?? crypto['setEngine'] ?? mode?.set;
  },
};

/** Whether `on` of a signal's name still makes a native object, which has the name of its class. */
function nativeSignals(real: unknown): unknown {
  const counted = call(member(real, 'listenerCount'), real, 'newListener');
  return counted === 0 ? undefined : `${String(counted)} listeners that make them`;
}
