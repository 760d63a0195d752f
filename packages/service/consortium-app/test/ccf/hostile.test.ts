import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { ScriptThrow, type HostFunction, type ScriptEngine, type ScriptValue } from '@enclos/script';

import type { ScriptRole } from '../../src/index.ts';
import { engineTest, evaluate, input, limits, loadModule, request, thrownByEach, valueOf } from '../kit/scripts.ts';
import { MemoryTransaction } from '../kit/memory-transaction.ts';

engineTest('builtins that an application replaces change nothing of the global', (engine) => {
  const source = `
    const { defineProperty } = Object; const { stringify } = JSON;
    const evil = (name) => function () { throw new Error('evil ' + name); };
    const spoil = (owner, names) => { for (const name of names) defineProperty(owner, name, { value: evil(name), configurable: true, writable: true }); };
    const key = ccf.strToBuf('k'), value = ccf.strToBuf('v');
    export function f() {
      spoil(Reflect, ['apply', 'ownKeys', 'getOwnPropertyDescriptor', 'defineProperty']);
      spoil(Object, ['keys', 'freeze', 'create', 'getPrototypeOf']);
      spoil(Number, ['isInteger']); spoil(ArrayBuffer, ['isView']); spoil(ArrayBuffer.prototype, ['slice']);
      spoil(DataView.prototype, ['getUint32', 'getUint8']); spoil(JSON, ['parse', 'stringify']);
      spoil(Function.prototype, ['call', 'apply', 'bind']); spoil(Array.prototype, ['push', 'map', 'forEach', 'join', Symbol.iterator]);
      defineProperty(ArrayBuffer.prototype, 'byteLength', { get: evil('byteLength'), configurable: true });
      defineProperty(Object.prototype, 'get', { set: evil('get'), configurable: true });
      defineProperty(Object.prototype, 'value', { set: evil('value'), configurable: true });
      globalThis.ArrayBuffer = globalThis.Uint8Array = globalThis.DataView = globalThis.Promise = globalThis.Proxy = globalThis.TypeError = evil('class');
      const t = ccf.kv.t; t.set(key, value);
      let visited = 0; t.forEach(() => { visited++; });
      const id = ccf.consensus.getLastCommittedTxId();
      let refused; try { ccf.kv['public:ccf.gov.x'].set(key, value); } catch (error) { refused = error.message; }
      const text = ccf.bufToStr(t.get(key)), object = ccf.bufToJsonCompatible(ccf.jsonCompatibleToBuf({ a: 1 }));
      console.log(object);
      ccf.rpc.setClaimsDigest(ccf.crypto.digest('SHA-256', value));
      return { statusCode: 201, headers: { a: 'b' }, body: { visited, seqno: id.seqno, refused: refused.length > 50, text, a: object.a, random: Math.random() < 1 } };
    }`;
  const transaction = new MemoryTransaction();
  const { outcome, call } = loadModule(engine, source).handle(
    { module: '/app.js', name: 'f' },
    request(),
    input({ transaction }),
    limits,
  );
  assert.equal(outcome.kind, 'returned', JSON.stringify(outcome));
  assert.equal(call.response?.status, 201);
  assert.deepEqual(call.response?.headers, { a: 'b' });
  const body: unknown = JSON.parse(String(call.response?.body));
  assert.deepEqual(body, { visited: 1, seqno: 14, refused: true, text: 'v', a: 1, random: true });
  assert.equal(call.claimsDigest?.length, 32);
  assert.deepEqual([...transaction.tables.keys()], ['t']);
});

engineTest(
  'getters and proxies in arguments fail in the script, and nothing passes for bytes that is none',
  (engine) => {
    assert.deepEqual(
      thrownByEach(
        engine,
        [
          `ccf.crypto.sign({ get name() { throw new Error('mine') } }, 'k', new ArrayBuffer(1))`,
          `ccf.crypto.sign({ name: { toString() { throw new Error('text') } }, hash: '' }, 'k', new ArrayBuffer(1))`,
          `ccf.crypto.wrapKey(new ArrayBuffer(1), new ArrayBuffer(16), new Proxy({}, { get() { throw new Error('proxy') } }))`,
          `ccf.kv.t.set(Object.create(ArrayBuffer.prototype), new ArrayBuffer(1))`,
          `ccf.kv.t.set({ __proto__: ArrayBuffer.prototype, byteLength: 3 }, new ArrayBuffer(1))`,
          `ccf.strToBuf(Object('text'))`,
          `ccf.consensus.getViewForSeqno({ valueOf() { throw new Error('number') } })`,
          `ccf.consensus.getViewForSeqno(1n)`,
          `ccf.consensus.getViewForSeqno(Symbol())`,
          `ccf.kv.t.forEach(new Proxy({}, {}))`,
          `ccf.jsonCompatibleToBuf({ toJSON() { throw new Error('json') } })`,
          `Object.getPrototypeOf(ccf.kv.t).get.call({}, new ArrayBuffer(1))`,
          `(() => { 'use strict'; ccf.kv.x = 1 })()`,
          `(() => { 'use strict'; delete ccf.kv.x })()`,
          `Object.defineProperty(ccf.kv, 'x', { value: 1 })`,
          `(() => { Object.getPrototypeOf(ccf.kv.t).set = 1 })()`,
        ],
        {},
      ).map((text) => String(text).split(':')[0]),
      [
        'Error',
        'Error',
        'Error',
        ...Array.from({ length: 3 }, () => 'TypeError'),
        'Error',
        'TypeError',
        'TypeError',
        'TypeError',
        'Error',
        ...Array.from({ length: 5 }, () => 'TypeError'),
      ],
    );
  },
);

engineTest('state of one call does not reach the answer of the next, after a reset', (engine) => {
  const interpreter = loadModule(
    engine,
    `globalThis.n = (globalThis.n ?? 0) + 1; export const f = () => { ccf.kv.extra = undefined; }; export const g = () => { n += 1; ccf.mark = n; return [n, ccf.mark, typeof host] };`,
  );
  const call = (): unknown => valueOf(interpreter.invoke({ module: '/app.js', name: 'g' }, '[]', input(), limits));
  assert.deepEqual(call(), [2, 2, 'undefined']);
  assert.deepEqual(call(), [3, 3, 'undefined']);
  interpreter.reset();
  assert.deepEqual(call(), [2, 2, 'undefined']);
});

engineTest('loops over tables that are left open end in an error, not in the memory of the host', (engine) => {
  const body = `const t = ccf.kv.t, v = new ArrayBuffer(1 << 20);
    for (let i = 0; i < 20; i += 1) t.set(ccf.strToBuf(String(i)), v);
    let depth = 0;
    const again = () => { depth += 1; t.forEach(again); };
    try { again(); } catch (error) { return [String(error), depth]; }`;
  const [error, depth] = evaluate(engine, body) as [string, number];
  assert.equal(error, 'RangeError: The tables that are iterated over are too large.');
  assert.equal(depth, 7, '128 MiB hold six loops over 20 MiB');
  const left = `const t = ccf.kv.t, v = new ArrayBuffer(1 << 20);
    for (let i = 0; i < 20; i += 1) t.set(ccf.strToBuf(String(i)), v);
    let ended = 0;
    for (let i = 0; i < 10; i += 1) { try { t.forEach(() => { throw 1; }); } catch { ended += 1; } }
    return ended`;
  assert.equal(evaluate(engine, left), 10, 'an exception ends the loop');
  const many = `try { for (let i = 0; i < 20000; i += 1) ccf.kv['t' + i]; } catch (error) { return String(error); }`;
  assert.equal(evaluate(engine, many), 'RangeError: Too many tables are open.');
});

engineTest('loops over tables give entries of any size, in order', (engine) => {
  const body = `const t = ccf.kv.t; const sizes = [3, 70000, 0, 65536, 65527, 1, 3000000, 2];
    sizes.forEach((size, at) => t.set(ccf.strToBuf('key' + at), new Uint8Array(size).fill(at + 1).buffer));
    const seen = [];
    t.forEach((value, key) => { const bytes = new Uint8Array(value); seen.push([ccf.bufToStr(key), bytes.length, bytes.every((byte) => byte === bytes[0]), bytes[0] ?? 0]); });
    return seen`;
  const sizes = [3, 70_000, 0, 65_536, 65_527, 1, 3_000_000, 2];
  assert.deepEqual(
    evaluate(engine, body),
    sizes.map((size, at) => [`key${at}`, size, true, size === 0 ? 0 : at + 1]),
  );
});

type Host = Readonly<Record<string, HostFunction>>;

/** Runs an attack inside a call, in the place of a script that got hold of the functions of the host. */
function withHost(role: ScriptRole, attack: (host: Host) => void): void {
  const engine: ScriptEngine = {
    name: 'attack',
    load: ({ host }) => ({
      call() {
        attack(host);
        return { kind: 'returned', value: undefined };
      },
      checkTime: () => undefined,
      reset: () => undefined,
      dispose: () => undefined,
    }),
  };
  loadModule(engine, '', { role }).invoke({ module: '/app.js', name: 'f' }, '[]', input(), limits);
}

const values: fc.Arbitrary<ScriptValue> = fc.oneof(
  fc.constantFrom<ScriptValue>(
    undefined,
    null,
    true,
    '',
    'toString',
    '__proto__',
    '{"keys":[{}]}',
    '{',
    -1,
    0,
    1.5,
    NaN,
    Infinity,
    2 ** 53,
    1e300,
  ),
  fc.string(),
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom(
    'public:ccf.gov.x',
    'ccf.internal.x',
    'RSA-OAEP',
    'AES-KWP',
    'SHA-256',
    'ec public',
    'x'.repeat(100_000),
  ),
);

for (const role of ['readwrite', 'validate', 'apply'] as const) {
  test(`whatever a script passes to a function of the host, it gets a value or an error of its own (${role})`, () => {
    withHost(role, (host) => {
      for (const [name, call] of Object.entries(host)) {
        const anything = fc.array(values, { maxLength: 7 });
        fc.assert(
          fc.property(anything, (given) => {
            try {
              const answer = call(...given);
              assert.ok(
                ['undefined', 'boolean', 'number', 'string'].includes(typeof answer) ||
                  answer === null ||
                  answer instanceof Uint8Array,
              );
            } catch (error) {
              assert.ok(error instanceof ScriptThrow, `${name}: ${String(error)}`);
            }
          }),
          { numRuns: 60 },
        );
      }
    });
  });
}

test('the rules of tables hold in the host, whoever asks', () => {
  withHost('readonly', (host) => {
    const key = Uint8Array.of(1);
    const handle = host['kvOpen']?.(-1, 'public:ccf.gov.x');
    assert.throws(() => host['kvSet']?.(handle, key, key), { kind: 'TypeError', message: /read-only in current/ });
    const own = host['kvOpen']?.(-1, 't');
    for (const name of ['kvSet', 'kvDelete', 'kvClear']) {
      assert.throws(() => host[name]?.(own, key, key), { kind: 'TypeError' });
    }
    const hidden = host['kvOpen']?.(-1, 'ccf.internal.x');
    for (const name of ['kvGet', 'kvHas', 'kvSize', 'kvEach', 'kvVersion']) {
      assert.throws(() => host[name]?.(hidden, key), { kind: 'TypeError' });
    }
  });
  withHost('ballot', (host) => {
    for (const name of ['rpcApplyWrites', 'govSetKeys', 'govOpen', 'govValidate', 'historicalRange']) {
      assert.equal(host[name], undefined);
    }
  });
});

test('texts that the host parses have a bound', () => {
  withHost('readwrite', (host) => {
    const headers = (length: number) => JSON.stringify({ name: 'x'.repeat(length) });
    host['requestRespond']?.(200, undefined, undefined, headers(262_000));
    assert.throws(() => host['requestRespond']?.(200, undefined, undefined, headers(262_144)), { kind: 'RangeError' });
  });
  withHost('apply', (host) => {
    const keys = (length: number) => JSON.stringify({ keys: [], more: 'x'.repeat(length) });
    assert.throws(() => host['govSetKeys']?.('https://issuer.example', keys(1_000_000)), { message: /from 1 to 256/ });
    assert.throws(() => host['govSetKeys']?.('https://issuer.example', keys(1_048_576)), { message: /characters/ });
  });
});
