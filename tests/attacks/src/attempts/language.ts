import type { Attempt } from '../attempt.ts';

/** The language and the web's own classes, changed under the interpreter's code, and what that code then gives away. */

/** Makes the interpreter work, so that what was planted is called. */
const exercise = `
  const { EventEmitter, once } = cap.require('events'), { Readable, Transform } = cap.require('stream');
  const exercise = async () => {
    const crowded = new EventEmitter(); for (let i = 0; i < 12; i += 1) crowded.on('event', () => undefined);
    crowded.emit('event');
    await once(Readable.from(['a']).pipe(new Transform({ transform(c, e, done) { done(null, c) } })).resume(), 'end');
    await new Blob(['a']).stream().pipeThrough(new TextDecoderStream()).getReader().read();
    const gone = new AbortController(); AbortSignal.any([gone.signal]); gone.abort();
    guarded(() => structuredClone(new Map([[1, new Date()]]))); cap.require('util').inspect(new Map([[1, crowded]]));
    cap.gate.write('a'); cap.gate.pause(); cap.gate.resume(); await pause(20);
  };`;

const planted = (on: string, name: string): Attempt => ({
  name: `what a replaced ${on}.${name} sees`,
  source: `${exercise} const spy = seen(${on}, '${name}'); try { await exercise() } finally { spy.restore() } return spy.found.map((v) => has(v, 'getBuiltinModule', 'binding', 'dlopen')).find((v) => v !== undefined)`,
  closedBy: ['stripProcess'],
  reachedBy: ['closeModules'],
});

const protocol = (name: string): string =>
  `const ${name} = chainOf(new Blob([])).flatMap(Object.getOwnPropertySymbols).find((s) => s.description === 'messaging_${name}_symbol');`;

const forged = (module: string): Attempt => ({
  name: `a clone of ${module}`,
  source: `${protocol('clone')} const blob = new Blob([]);
    Object.defineProperty(blob, clone, { value: () => ({ data: {}, deserializeInfo: '${module}:nothing' }) });
    try { structuredClone(blob) } catch (error) { return /Unknown deserialize spec/.test(error) ? 'loaded' : undefined }`,
  closedBy: ['stripClones', 'closeModules'],
  reachedBy: ['stripNatives', 'stripProcess', 'permissions'],
});

export const languageAttempts: readonly Attempt[] = [
  planted('EventEmitter.prototype', 'emit'),
  forged('child_process'),
  forged('internal/worker'),
  forged('http'),
  {
    name: 'a getter on Object.prototype',
    source: `${exercise} const found = [];
      for (const name of ['domain', 'signal', 'objectMode', 'highWaterMark', 'captureRejections', 'transform'])
        Object.defineProperty(Object.prototype, name, { configurable: true, set() {}, get() { found[found.length] = this; return undefined } });
      await exercise(); return found.length > 0 ? 'objects of the interpreter' : undefined`,
    closedBy: ['closePrototypes'],
  },
  ...[
    'Function',
    'Array',
    'Promise',
    'Map',
    'Set',
    'WeakMap',
    'RegExp',
    'Error',
    'String',
    'Symbol',
    'Uint8Array',
    'ArrayBuffer',
  ].map((name): Attempt => ({
    name: `a member on ${name}.prototype`,
    source: `Object.defineProperty(${name}.prototype, 'planted', { value: 1 }); return 'planted'`,
    closedBy: ['closePrototypes'],
  })),
  ...['call', 'apply', 'bind'].map((name): Attempt => ({
    name: `another Function.prototype.${name}`,
    source: `Object.defineProperty(Function.prototype, '${name}', { value() {} }); return 'replaced'`,
    closedBy: ['closePrototypes'],
  })),
  {
    name: 'a hook of asynchronous resources',
    source: `return has(cap.require('async_hooks'), 'createHook', 'executionAsyncResource')`,
    closedBy: ['pureModules'],
    reachedBy: ['closeModules'],
  },
  {
    name: 'the module domain',
    source: `return has(cap.require('domain'), 'create')`,
    closedBy: ['pureModules', 'closeModules'],
    reachedBy: ['stripProcess'],
  },
  {
    name: 'an engine of OpenSSL',
    source: `return has(cap.require('crypto'), 'setEngine')`,
    closedBy: ['pureModules'],
    reachedBy: ['closeModules'],
  },
  {
    name: 'a listener for a signal',
    source: `${exercise} const spy = seen(EventEmitter.prototype, 'emit'); try { await exercise() } finally { spy.restore() }
      const real = spy.found.find((v) => v && v.versions && v.on); return real && real.listenerCount('newListener') > 0 ? 'native handles' : undefined`,
    closedBy: ['stripProcess'],
    reachedBy: ['closeModules'],
  },
];

/** They fail in every enclave, by the language or by the interpreter's flags: there is no part of the loader to take off. */
export const alwaysRefused: readonly Pick<Attempt, 'name' | 'source' | 'words'>[] = [
  ['eval', `return (0, eval)('1 + 1')`],
  ['a function from text', `return new Function('return 1')()`],
  ['an asynchronous function from text', `return await (async () => 0).constructor('return 1')()`],
  ['an import', `return typeof (await import('node:fs'))`],
  ['an import of data', `return typeof (await import('data:text/javascript,export default 1'))`],
  ['a shadow realm', `return typeof new ShadowRealm()`],
  ['__proto__', `return {}.__proto__ === Object.prototype ? 'it reads' : undefined`],
  [
    'the functions and receivers of a stack trace',
    `const found = []; Error.prepareStackTrace = (error, sites) => { for (const s of sites) found.push(s.getThis(), s.getFunction()) };
        const run = [() => void new Error('a').stack, () => structuredClone(), () => cap.require('nothing'), () => new URL('nothing'), () => new DOMException('a').stack,
          () => crypto.subtle.digest(), () => cap.require('fs')];
        for (const f of run) try { f() } catch (error) { void error.stack }
        Error.prepareStackTrace = undefined;
        const text = String(bundle); const mine = (v) => typeof v === 'function' && text.includes(String(v));
        const other = found.find((v) => v && v !== globalThis && !mine(v)); return other && 'of the interpreter: ' + String(other).slice(0, 300)`,
  ],
  [
    'another Symbol.species',
    `const found = []; class Mine extends Promise { constructor(run) { super(run); found.push(run) } }
        Object.defineProperty(Promise, Symbol.species, { get: () => Mine, configurable: true });
        await new Response('a').text(); await crypto.subtle.digest('SHA-256', new Uint8Array(1));
        return found.flatMap(chainOf).map((v) => has(v, 'binding', 'connect', 'listen', 'postMessage')).find(Boolean)`,
  ],
  [
    'a proxy among prototypes, that learns the symbols of transfers',
    `const found = new Set(); const stream = new ReadableStream();
        Object.setPrototypeOf(ReadableStream.prototype, new Proxy({}, { get(target, name) { found.add(name); return undefined } }));
        guarded(() => structuredClone(stream, { transfer: [stream] }));
        const symbol = [...found].find((name) => /transfer_symbol/.test(String(name && name.description)));
        if (!symbol) return;
        ReadableStream.prototype[symbol] = () => ({ data: {}, deserializeInfo: 'child_process:ChildProcess' });
        try { return has(structuredClone(stream, { transfer: [stream] }), 'kill') } catch (error) { return /Unknown deserialize/.test(error) ? 'loaded' : undefined }`,
  ],
  [
    'URLs of blobs',
    `const url = URL.createObjectURL(new Blob(['export default 1'], { type: 'text/javascript' }));
        return typeof (await import(url))`,
  ],
  ['memory beyond the heap', `return new WebAssembly.Memory({ initial: 65 * 16 }).buffer.byteLength`],
  [
    'memory that threads share, of WebAssembly beyond the heap',
    `return new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true }).grow(65 * 16)`,
  ],
].map(([name = '', source = '']) => ({ name, source, words: 'Response subtle webcrypto' }));
