import assert from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, createSign, generateKeyPairSync, randomUUID, webcrypto } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { resolve } from 'node:path';
import { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { inspect, promisify } from 'node:util';
import { createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { createTlsIdentity } from '@enclos/enclave';
import { construct, member, objectOf, requireOf, type Attempts } from './stolen.ts';

const identity = createTlsIdentity('enclave.test');

/** What is written to the one is read from the other. */
function streamPair(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const other of [1, 0]) {
    const end = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        ends[other]?.push(chunk);
        done();
      },
      final(done) {
        ends[other]?.push(null);
        done();
      },
    });
    ends.push(end);
  }
  const [left, right] = ends;
  if (left === undefined || right === undefined) throw new Error('There is no pair.');
  return [left, right];
}

/** Each gives something when it works. Many things of the interpreter that libraries use would fail after the loader if it took too much. */
export const needs: Attempts = {
  'the words of a failed assertion': () => {
    assert.throws(() => assert.deepEqual({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }), { name: 'AssertionError' });
    assert.throws(() => assert.ok(false, 'words'), { name: 'AssertionError' });
    return true;
  },
  'memory usage': () => process.memoryUsage().heapUsed > 0 || undefined,
  uptime: () => process.uptime() > 0 || undefined,
  'high-resolution time': () => process.hrtime.bigint() > 0n || process.hrtime()[0] || undefined,
  nextTick: () => new Promise((done) => process.nextTick(done, true)),
  'a relative path': () => resolve('a/b') === '/a/b' || undefined,
  'an async context': () => {
    const storage = new AsyncLocalStorage<number>();
    return storage.run(7, async () => (await sleep(1), storage.getStore()));
  },
  'more listeners than usual': () => {
    const emitter = new EventEmitter();
    for (let i = 0; i < 20; i += 1) emitter.on('event', () => undefined);
    return emitter.emit('event');
  },
  'an event as a promise': async () => {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('done', 1));
    return once(emitter, 'done');
  },
  'an emitter of the old style': () => {
    function Old(this: EventEmitter): void {
      EventEmitter.call(this);
    }
    Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
    Reflect.set(objectOf(Old.prototype), 'toString', () => 'old');
    const old: unknown = Reflect.construct(Old, []);
    return String(old);
  },
  inspect: () => inspect({ process, console, map: new Map([[1, { a: [2] }]]) }, { depth: 4, showHidden: true }).length,
  console: () => {
    console.log('text', { a: 1 });
    console.table?.([{ a: 1 }]);
    return true;
  },
  'a promisified timer': () => promisify(setTimeout)(1).then(() => true),
  'a stream pipeline': async () => {
    const chunks: unknown[] = [];
    await pipeline(Readable.from(['a', 'b']), createGzip(), async (source) => {
      for await (const chunk of source) chunks.push(chunk);
    });
    return chunks.length;
  },
  gzip: () => gunzipSync(gzipSync('text')).toString(),
  'a web stream': async () =>
    new Response(new Blob(['text']).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(),
  'a response': () => new Response('text', { headers: new Headers({ a: 'b' }) }).text(),
  'a request': () => new Request('http://example.org/', { method: 'POST', body: '{"a":1}' }).json(),
  'a form': () => {
    const form = new FormData();
    form.set('a', new File(['text'], 'a.txt'));
    return new Response(form).text();
  },
  'a clone': () => structuredClone(new Map([[1, new Uint8Array(2)]])).size,
  'a random id': () => randomUUID(),
  'random numbers of the web': () => crypto.getRandomValues(new Uint8Array(8)).length,
  'a digest of the web': () => crypto.subtle.digest('SHA-256', new Uint8Array(3)),
  'a key of the web': () => webcrypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']),
  'a hash as a stream': async () => (await Readable.from(['a']).pipe(createHash('sha256')).toArray()).length,
  'an EC signature': () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return createSign('sha256').update('text').sign(privateKey).length;
  },
  abort: () => {
    const signal = AbortSignal.timeout(1);
    return new Promise((done) => signal.addEventListener('abort', () => done(true)));
  },
  'an aborted signal among others': () => AbortSignal.any([AbortSignal.abort()]).aborted || undefined,
  'a date in words': () => new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'Europe/Paris' }).format(0),
  'a WebAssembly module': () => {
    const module = construct(member(globalThis, 'WebAssembly', 'Module'), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    return construct(member(globalThis, 'WebAssembly', 'Instance'), module);
  },
  'TLS on a stream, from both sides, with a name that is checked': async () => {
    const [left, right] = streamPair();
    const server = new TLSSocket(left, { isServer: true, secureContext: createSecureContext(identity) });
    server.on('data', (chunk: Buffer) => void server.end(`not ${chunk.toString()}`));
    const client = connect({ socket: right, ca: identity.cert, servername: 'enclave.test' });
    client.write('heard');
    const [answer] = (await once(client, 'data')) as [Buffer];
    return answer.toString() === 'not heard' && client.authorized;
  },
  'TLS on a stream, to a server of another name': async () => {
    const [left, right] = streamPair();
    const server = new TLSSocket(left, { isServer: true, secureContext: createSecureContext(identity) });
    server.on('error', () => undefined);
    const client = connect({ socket: right, ca: identity.cert, servername: 'other.test' });
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    return error.code === 'ERR_TLS_CERT_ALTNAME_INVALID' || undefined;
  },
  'a stack in an error': () => new Error('text').stack,
  'a weak reference': () => new WeakRef({}).deref() !== undefined || undefined,
  'every module that the build allows': () =>
    ['assert/strict', 'path/posix', 'stream/consumers', 'stream/web'].map(
      (name) => Object.keys(requireOf(name)).length,
    ),
  'a member of the process that is asked for': () => typeof member(process, 'version') === 'string' || undefined,
};
