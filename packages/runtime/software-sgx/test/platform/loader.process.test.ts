import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { findInterpreter } from '@enclos/isolation';
import { interpreterFlags, loaderParts } from '@enclos/loader';
import { enclaveGlobals, enclaveProcessMembers } from '@enclos/manifest';
import { runLoader, type LoaderPart } from './run-loader.ts';

/**
 * What each part of the loader takes away, seen from a bundle: here that each does its own, and in tests/attacks what a
 * hostile bundle makes of it.
 */
interface Row {
  readonly part: LoaderPart;
  readonly what: string;
  readonly body: string;
  /** Parts that are off both times: what they take away is what the body looks through. */
  readonly off?: readonly LoaderPart[];
  /** What the body says with the part, and without it. */
  readonly answers: readonly [unknown, unknown];
}

const secured = `const tls = cap.require('node:tls'), { Duplex } = cap.require('stream');
  const socket = new tls.TLSSocket(new Duplex({ read() {} }), { isServer: true, secureContext: tls.createSecureContext({ ca: [] }) });
  socket.on('error', () => undefined);`;

const rows: readonly Row[] = [
  {
    part: 'pureModules',
    what: 'functions of modules that load libraries',
    body: `return typeof cap.require('crypto').setEngine`,
    off: ['closeModules'],
    answers: ['undefined', 'function'],
  },
  {
    part: 'stripSockets',
    what: 'connections of the gate',
    body: `return typeof cap.gate.connect`,
    answers: ['undefined', 'function'],
  },
  {
    part: 'stripTls',
    what: 'the classes around TLS',
    body: `${secured} return socket._handle._parent.constructor.name`,
    answers: ['Object', 'JSStream'],
  },
  {
    part: 'pureTls',
    what: 'native handles of TLS that a bundle makes up',
    body: `${secured} return Object.getOwnPropertyDescriptor(tls.TLSSocket.prototype, '_wrapHandle').writable`,
    answers: [false, true],
  },
  {
    part: 'stripClones',
    what: 'transfers of streams, signals and sockets',
    body: `return [new ReadableStream(), new WritableStream(), new TransformStream(), new AbortController().signal, cap.gate]
      .flatMap(chain).flatMap(Object.getOwnPropertySymbols).filter((s) => /^messaging_transfer/.test(s.description)).length`,
    answers: [0, 10],
  },
  {
    part: 'stripClones',
    what: 'clones that load a module',
    body: `const blob = new Blob([]), clone = chain(blob).flatMap(Object.getOwnPropertySymbols).find((s) => s.description === 'messaging_clone_symbol');
      Object.defineProperty(blob, clone, { value: () => ({ data: {}, deserializeInfo: 'fs:nothing' }) });
      return structuredClone(blob)`,
    answers: ['DataCloneError: An enclave clones plain values only.', 'Error: Unknown deserialize spec fs:nothing'],
  },
  {
    part: 'stripNatives',
    what: 'methods of native handles, whatever a bundle names',
    body: `return typeof cap.gate._handle.listen`,
    off: ['stripSockets'],
    answers: ['undefined', 'function'],
  },
  {
    part: 'stripEngines',
    what: 'engines of OpenSSL, whatever a bundle names',
    body: `${secured} return typeof tls.createSecureContext({ ca: [] }).context.setEngineKey`,
    off: ['stripTls'],
    answers: ['undefined', 'function'],
  },
  {
    part: 'closeModules',
    what: 'modules that load late',
    body: `return Object.keys(cap.require('util')['parse' + 'Args']({ args: [] }))`,
    answers: [
      'Error: An enclave loads no more modules, and its bundle does not name what needs internal/util/parse_args/parse_args.',
      ['values', 'positionals'],
    ],
  },
  {
    part: 'stripGlobals',
    what: 'globals with authority',
    body: `return 'fetch' in globalThis`,
    answers: [false, true],
  },
  { part: 'stripProcess', what: 'members of process', body: `return 'binding' in process`, answers: [false, true] },
  {
    part: 'closePrototypes',
    what: 'new members of prototypes',
    body: `return Object.isExtensible(Object.prototype)`,
    answers: [false, true],
  },
  {
    part: 'closePrototypes',
    what: 'the members through which all functions are called, from a bundle that assigns to its own',
    body: `const own = () => 1; own.bind = 2;
      const attempt = (change) => { try { 'use strict'; change(); return 'changed' } catch (error) { return error.name } };
      const was = Function.prototype.bind;
      return [own.bind, attempt(() => { Function.prototype.bind = was }),
        attempt(() => Object.defineProperty(Function.prototype, 'bind', { value: was })), Object.keys(own)]`,
    answers: [
      [2, 'TypeError', 'TypeError', ['bind']],
      [2, 'changed', 'changed', ['bind']],
    ],
  },
];

describe('the loader', { concurrency: 2 }, () => {
  for (const { part, what, body, off = [], answers } of rows) {
    test(`takes away ${what} by ${part}`, async () => {
      assert.deepEqual(
        [await runLoader(body, { skip: off }), await runLoader(body, { skip: [...off, part] })],
        answers,
      );
    });
  }
});

/** Of the modules and globals that load late by themselves, with the words by which {@link loaderParts} knows them. */
const uses: Readonly<Record<string, string>> = {
  'a random value': `return crypto.getRandomValues(new Uint8Array(4)).length === 4`,
  'a random identifier': `return crypto.randomUUID().length === 36`,
  'an assertion in words': `const assert = cap.require('assert'); try { assert.deepEqual([1], [2]) } catch (error) { return error.code === 'ERR_ASSERTION' }`,
  'a falsy assertion in words': `try { cap.require('assert')(false) } catch (error) { return error.code === 'ERR_ASSERTION' }`,
  'a comparison': `return cap.require('util').isDeepStrictEqual([1], [1])`,
  'arguments of a program': `return Object.keys(cap.require('util').parseArgs({ args: [] })).length === 2`,
  'a difference of texts': `return cap.require('util').diff('a', 'b').length > 0`,
  'a context that is kept': `return new (cap.require('async_hooks').AsyncLocalStorage)().run(1, () => true)`,
  'a duplex stream of anything': `return cap.require('stream').Duplex.from(['a']) !== undefined`,
  time: `return performance.now() > 0 && performance.mark('a').name === 'a'`,
  'an event with a listener that is waited for': `const { EventEmitter, on } = cap.require('events'); const e = new EventEmitter(); const all = on(e, 'a'); e.emit('a', 1); return (await all.next()).value[0] === 1`,
  'a file of the web': `return (await new File(['a'], 'a').text()) === 'a'`,
  'a response': `return (await new Response('a').text()) === 'a'`,
  'a compressed stream': `const s = new Blob(['a']).stream().pipeThrough(new CompressionStream('gzip')); return (await s.getReader().read()).value.length > 0`,
};
const keys: Readonly<Record<string, string>> = {
  'AES-GCM': `{ name: 'AES-GCM', length: 256 }, true, ['encrypt']`,
  HMAC: `{ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']`,
  ECDSA: `{ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']`,
  ECDH: `{ name: 'ecdh', namedCurve: 'P-384' }, true, ['deriveBits']`,
  Ed25519: `{ name: 'Ed25519' }, true, ['sign']`,
  X25519: `{ name: 'X25519' }, true, ['deriveBits']`,
  'RSA-PSS': `{ name: 'RSA-PSS', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['sign']`,
};

describe('after the loader', { concurrency: 2 }, () => {
  for (const [what, body] of Object.entries(uses)) {
    test(`there is ${what}, which a bundle names`, async () => assert.equal(await runLoader(body), true));
  }
  for (const [name, words] of Object.entries(keys)) {
    test(`the web’s cryptography makes, exports and imports keys for ${name}`, async () => {
      assert.equal(
        await runLoader(`const made = await crypto.subtle.generateKey(${words}); return made !== undefined`),
        true,
      );
    });
  }

  test('the globals of the language are those that a realm without Node has', async () => {
    const inside = await runLoader(`return Object.getOwnPropertyNames(globalThis).sort()`, { skip: ['stripGlobals'] });
    const program = `JSON.stringify(require('node:vm').runInNewContext('Object.getOwnPropertyNames(globalThis)').sort())`;
    const language = JSON.parse(execFileSync(findInterpreter().path, ['-p', program]).toString()) as readonly string[];
    assert.deepEqual([...loaderParts.languageNames()].sort(), language);
    assert.ok(Array.isArray(inside) && language.every((name) => inside.includes(name)));
  });

  test('the globals and the members of process are those that the build knows', async () => {
    // Four of them are there for a bundle that names one.
    const inside = await runLoader(
      `void 'Response'; return [Object.getOwnPropertyNames(globalThis), Reflect.ownKeys(process)]`,
    );
    const known = [enclaveGlobals, enclaveProcessMembers].map((names) => [...names].sort());
    assert.ok(Array.isArray(inside));
    assert.deepEqual(
      (inside as string[][]).map((names) => names.sort()),
      known,
    );
  });

  test('native parts that trusted code goes on using remain, and the others do not', () => {
    const loader = import.meta.resolve('@enclos/loader');
    const program = `import { createRequire } from 'node:module'; import { Socket, connect, createServer } from 'node:net';
      import { open } from 'node:fs/promises'; import { writeSync } from 'node:fs'; import { spawnSync } from 'node:child_process';
      const { confine, loaderParts } = await import(${JSON.stringify(loader)});
      const server = createServer(() => undefined); await new Promise((done) => server.listen(0, '127.0.0.1', done));
      const gate = connect(server.address().port, '127.0.0.1'); await new Promise((done) => gate.once('connect', done));
      const exit = process.exit.bind(process);
      confine(createRequire(import.meta.url), loaderParts, { gate, script: '', remaining: ['fs', 'module_wrap'] });
      const file = await open('/dev/null', 'r+'); const { bytesWritten } = await file.write(new Uint8Array(3));
      let refused = false; try { spawnSync('/bin/true') } catch { refused = true }
      gate.write('x', () => { writeSync(1, JSON.stringify({ bytesWritten, refused })); exit(0) });`;
    const flags = interpreterFlags({ heapSizeBytes: 64n * 1024n * 1024n, debug: true }).filter(
      (flag) => flag !== '--permission',
    );
    const words = [...flags, '--input-type=module', '-e', program];
    const { stdout, stderr } = spawnSync(findInterpreter().path, words, { encoding: 'utf8' });
    assert.equal(stdout, '{"bytesWritten":3,"refused":true}', stderr);
  });
});
