import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  ReplayWindow,
  coarsePadding,
  kemIds,
  noPadding,
  openBoundRequest,
  requestName,
  sealBoundRequest,
  type BoundRequest,
  type HpkeEngine,
  type KeyConfig,
  type OpenedBoundRequest,
  type PaddingBuckets,
  type RequestBinding,
} from '../src/index.ts';
import { paddingOf, unpad } from '../src/bound/padding.ts';
import { nodeEngine } from '../src/node/index.ts';
import { engines, is, scriptedEngine, x25519Suite } from './scene.ts';

const binding: RequestBinding = {
  method: 'POST',
  path: '/v2/models/digits/infer',
  model: 'digits',
  modelDigest: new Uint8Array(32).fill(7),
};
const now = 1_800_000_000_000;
const limits = { maxBytes: 100_000 };
const engine = nodeEngine();

async function service(over: HpkeEngine = engine) {
  const pair = await over.kem(kemIds.x25519).generateKeyPair();
  const config: KeyConfig = { keyId: 3, kem: kemIds.x25519, publicKey: pair.publicKey, suites: [x25519Suite] };
  const window = new ReplayWindow();
  const open = async (
    message: Uint8Array,
    changed: { binding?: RequestBinding; nowMs?: number; maxBytes?: number; window?: ReplayWindow } = {},
  ): Promise<OpenedBoundRequest> =>
    openBoundRequest(over, { keyOf: () => pair, binding, window, nowMs: now, ...limits, ...changed }, message);
  const seal = async (content: Uint8Array, padding: PaddingBuckets = noPadding): Promise<BoundRequest> =>
    sealBoundRequest(over, { config, binding, dateMs: now, padding }, content);
  return { pair, config, open, seal };
}

test('a bound request and its response pass, padded or not, over both engines', async () => {
  for (const [, over] of engines) {
    const { open, seal } = await service(over);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(noPadding, coarsePadding),
        async (content, chunks, padding) => {
          const request = await seal(content, padding);
          const opened = await open(request.message);
          assert.deepEqual([opened.content, opened.requestId, opened.dateMs], [content, request.requestId, now]);
          const sealer = await opened.sealResponse(padding);
          const parts = [sealer.head];
          for (const [index, chunk] of chunks.entries()) {
            parts.push(await sealer.seal(chunk, index === chunks.length - 1));
          }
          const answer = await request.openWholeResponse(concatBytes(...parts), limits);
          assert.deepEqual(answer, concatBytes(...chunks));
        },
      ),
      { numRuns: 15 },
    );
  }
});

test('D2: no nonce and no key comes twice, so the same answer never looks the same', async () => {
  const { open, seal } = await service();
  const seen = new Set<string>();
  for (let round = 0; round < 50; round++) {
    const request = await seal(utf8('the same question'));
    const opened = await open(request.message);
    for (const bytes of [
      request.message,
      await opened.sealWholeResponse(utf8('yes')),
      await opened.sealWholeResponse(utf8('yes')),
    ]) {
      seen.add(toHex(bytes.subarray(-19)));
      assert.deepEqual(bytes.length > 0, true);
    }
  }
  assert.equal(seen.size, 150);
});

test('D3: a request is accepted once; without the window, the same bytes would run again', async () => {
  const { open, seal } = await service();
  const { message } = await seal(utf8('pay'));
  await open(message);
  await assert.rejects(open(message), is('HPKE_REPLAYED'));
  // The attempt with the defence off: a window that has not seen it.
  assert.deepEqual((await open(message, { window: new ReplayWindow() })).content, utf8('pay'));
});

test('D4: the answer to another request of the same client does not open', async () => {
  const { open, seal } = await service();
  const [one, two] = [await seal(utf8('one')), await seal(utf8('two'))];
  const answer = await (await open(one.message)).sealWholeResponse(utf8('for one'));
  await assert.rejects(two.openWholeResponse(answer, limits), is('HPKE_OPEN_FAILED'));
  assert.deepEqual(await one.openWholeResponse(answer, limits), utf8('for one'));
});

test('D6: method, path, model, model digest and key id are bound', async () => {
  const { pair, seal } = await service();
  const { message } = await seal(utf8('predict'));
  const changes: readonly Partial<RequestBinding>[] = [
    { method: 'PUT' },
    { path: '/v2/models/digits/unload' },
    { model: 'other' },
    { modelDigest: new Uint8Array(32).fill(8) },
    { modelDigest: new Uint8Array(0) },
    // The same bytes, cut elsewhere.
    { path: '/v2/models/digits/inferdigits', model: '' },
  ];
  const options = { keyOf: () => pair, nowMs: now, ...limits };
  for (const change of changes) {
    const attempt = { ...options, binding: { ...binding, ...change }, window: new ReplayWindow() };
    await assert.rejects(openBoundRequest(engine, attempt, message), is('HPKE_OPEN_FAILED'), JSON.stringify(change));
  }
  // Key id, request id and date stand in the clear before the seal.
  for (const at of [1, 8, 23, 30, 31]) {
    const changed = message.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const attempt = { ...options, binding, window: new ReplayWindow() };
    await assert.rejects(openBoundRequest(engine, attempt, changed), is('HPKE_OPEN_FAILED'), `byte ${at}`);
  }
  assert.deepEqual(
    (await openBoundRequest(engine, { ...options, binding, window: new ReplayWindow() }, message)).content,
    utf8('predict'),
  );
});

test('D9: errors travel inside the channel, and padded ones have the size of an answer', async () => {
  const { open, seal } = await service();
  const request = await seal(utf8('q'));
  const opened = await open(request.message);
  const answer = await opened.sealWholeResponse(utf8('{"outputs":[1,2,3]}'), coarsePadding);
  const failure = await opened.sealWholeResponse(utf8('{"error":"no"}'), coarsePadding);
  assert.equal(failure.length, answer.length);
  assert.ok(!Buffer.from(failure).includes('error'));
  const bare = [utf8('{"outputs":[1,2,3]}'), utf8('{"error":"no"}')].map(
    async (text) => (await opened.sealWholeResponse(text)).length,
  );
  const [long, short] = await Promise.all(bare);
  assert.notEqual(long, short, 'without padding, the length tells which it is');
});

test('D10: what is cut off, changed or larger than the bound is refused, and nothing is remembered of it', async () => {
  const { open, seal } = await service();
  const { message } = await seal(new Uint8Array(50));
  const window = new ReplayWindow();
  for (let length = 0; length < message.length; length++) {
    await assert.rejects(open(message.subarray(0, length), { window }), EnclosError);
  }
  for (let at = 0; at < message.length; at++) {
    const changed = message.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
    await assert.rejects(open(changed, { window }), EnclosError);
  }
  await assert.rejects(open(message, { window, maxBytes: 66 }), is('HPKE_LIMIT_EXCEEDED'));
  assert.equal(window.size, 0);
  await assert.rejects(
    open(concatBytes(Uint8Array.of(2), message.subarray(1)), { window }),
    is('HPKE_MESSAGE_INVALID'),
  );
  await assert.rejects(
    open(
      message.map((byte, index) => (index === 24 ? 0xff : byte)),
      { window },
    ),
    is('HPKE_MESSAGE_INVALID'),
  );
  await open(message, { window, maxBytes: 67 });
});

test('a request of another time is refused before it is opened', async () => {
  const { open, seal } = await service();
  const { message } = await seal(utf8('q'));
  for (const nowMs of [now - 60_001, now + 60_001]) {
    await assert.rejects(open(message, { nowMs, window: new ReplayWindow() }), is('HPKE_DATE_REFUSED'));
  }
  for (const nowMs of [now - 60_000, now + 60_000]) await open(message, { nowMs, window: new ReplayWindow() });
});

test('what cannot be bound is not sealed', async () => {
  const { config } = await service();
  const seal = async (change: object): Promise<unknown> =>
    sealBoundRequest(engine, { config, binding, dateMs: now, ...change }, utf8(''));
  const bad = [
    { dateMs: -1 },
    { dateMs: 0.5 },
    { requestId: new Uint8Array(15) },
    { binding: { ...binding, modelDigest: new Uint8Array(31) } },
  ];
  for (const change of bad) await assert.rejects(seal(change), is('HPKE_MESSAGE_INVALID'));
  await assert.rejects(seal({ binding: { ...binding, path: 'x'.repeat(8193) } }), is('HPKE_LIMIT_EXCEEDED'));
  for (const padding of [[], [0], [2, 2], [1.5]]) await assert.rejects(seal({ padding }), is('HPKE_LIMIT_EXCEEDED'));
});

test('padding ends in its bucket and comes off; without its end it is refused', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.constantFrom(noPadding, coarsePadding, [100]),
      (content, buckets) => {
        const padded = concatBytes(content, paddingOf(content.length, buckets));
        const last = buckets.at(-1) ?? 0;
        assert.ok(buckets.includes(padded.length) || padded.length % last === 0);
        assert.deepEqual(unpad(padded), content);
      },
    ),
  );
  for (const bytes of [[], [0], [0, 0], [0x80, 1], [1]]) {
    assert.throws(() => unpad(Uint8Array.from(bytes)), is('HPKE_MESSAGE_INVALID'));
  }
});

const nameOf = (value: number): Uint8Array => {
  const name = new Uint8Array(16);
  new DataView(name.buffer).setUint32(0, value);
  return name;
};

test('the window remembers each name until its date refuses it, whatever the clock does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.nat(8), date: fc.nat(400), step: fc.integer({ min: -150, max: 150 }) }), {
        maxLength: 80,
      }),
      (events) => {
        const window = new ReplayWindow({ windowMs: 100 });
        const accepted = new Set<string>();
        let clock = 200;
        for (const { name, date, step } of events) {
          clock += step;
          try {
            window.accept(nameOf(name), date, clock);
          } catch {
            continue;
          }
          const key = `${name} ${date}`;
          assert.ok(!accepted.has(key), 'a request was accepted twice');
          accepted.add(key);
        }
      },
    ),
  );
});

test('a full window refuses and forgets nothing early; it has room again when dates are over', () => {
  const window = new ReplayWindow({ windowMs: 1000, maxEntries: 100 });
  for (let entry = 0; entry < 100; entry++) window.accept(nameOf(entry), 10_000, 10_000);
  assert.throws(() => window.accept(nameOf(100), 10_000, 10_000), is('HPKE_WINDOW_FULL'));
  for (let entry = 0; entry < 100; entry++) {
    assert.throws(() => window.accept(nameOf(entry), 10_000, 11_000), is('HPKE_REPLAYED'));
  }
  assert.equal(window.size, 100);
  window.accept(nameOf(100), 11_200, 11_200);
  assert.equal(window.size, 1);
  assert.throws(() => window.accept(nameOf(0), 10_000, 10_000), is('HPKE_DATE_REFUSED'), 'a clock that was set back');
});

test('requests without a date are remembered as long as their key', () => {
  const window = new ReplayWindow({ windowMs: 1000 });
  window.acceptUndated(nameOf(1), 90_000, 10_000);
  assert.throws(() => window.acceptUndated(nameOf(1), 90_000, 89_999), is('HPKE_REPLAYED'));
  assert.throws(() => window.acceptUndated(nameOf(2), 90_000, 90_001), is('HPKE_DATE_REFUSED'));
});

test('requests without a date fill their part of a window, and leave room for those that have one', () => {
  const window = new ReplayWindow({ windowMs: 1000, maxEntries: 10 });
  for (let entry = 0; entry < 5; entry++) window.acceptUndated(nameOf(entry), 90_000, 10_000);
  assert.throws(() => window.acceptUndated(nameOf(5), 90_000, 10_000), is('HPKE_WINDOW_FULL'));
  assert.throws(() => window.acceptUndated(nameOf(0), 90_000, 10_000), is('HPKE_REPLAYED'));
  for (let entry = 10; entry < 15; entry++) window.accept(nameOf(entry), 10_000, 10_000);
  assert.throws(() => window.accept(nameOf(15), 10_000, 10_000), is('HPKE_WINDOW_FULL'));
  window.accept(nameOf(15), 12_000, 12_000);
  assert.equal(window.size, 6);
  // With the defence off, one client without a date keeps all others out for a day.
  const open = new ReplayWindow({ windowMs: 1000, maxEntries: 10, maxUndatedEntries: 10 });
  for (let entry = 0; entry < 10; entry++) open.acceptUndated(nameOf(entry), 90_000, 10_000);
  assert.throws(() => open.accept(nameOf(10), 89_000, 89_000), is('HPKE_WINDOW_FULL'));
});

test('undated requests are forgotten together, and dated ones stay', () => {
  const window = new ReplayWindow({ windowMs: 1000, maxEntries: 8 });
  for (let entry = 0; entry < 4; entry++) window.acceptUndated(nameOf(entry), 90_000, 10_000);
  window.accept(nameOf(9), 10_000, 10_000);
  assert.deepEqual([window.undatedShare, window.size], [1, 5]);
  window.forgetUndated();
  assert.deepEqual([window.undatedShare, window.size], [0, 1]);
  window.acceptUndated(nameOf(5), 90_000, 10_000);
  assert.throws(() => window.accept(nameOf(9), 10_000, 10_000), is('HPKE_REPLAYED'));
});

test('a request is named by a secret of its context', async () => {
  const { open, seal } = await service();
  const request = await seal(utf8('q'));
  const opened = await open(request.message);
  assert.deepEqual(await requestName(opened.context), await requestName(request.context));
  assert.notDeepEqual(await requestName(opened.context), await requestName((await seal(utf8('q'))).context));
});

test('D1: every byte that is drawn comes from the given source', async () => {
  const { config } = await service();
  const key = new Uint8Array(32).fill(9);
  const requestId = new Uint8Array(16).fill(5);
  const seal = async (...script: Uint8Array[]): Promise<string> =>
    toHex((await sealBoundRequest(scriptedEngine(...script), { config, binding, dateMs: now }, utf8('q'))).message);
  assert.equal(await seal(requestId, key), await seal(requestId, key));
  assert.notEqual(await seal(requestId, key), await seal(requestId, new Uint8Array(32).fill(8)));
  await assert.rejects(seal(requestId), /The script has no 32 bytes/);
});
