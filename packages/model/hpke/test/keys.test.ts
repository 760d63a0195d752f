import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import fc from 'fast-check';
import {
  KeySet,
  currentKey,
  encodeKeySet,
  keySetDigest,
  kemIds,
  ohttpProfile,
  openOhttpRequest,
  parseKeySet,
  sealOhttpRequest,
  type KeySetDocument,
} from '../src/index.ts';
import { nodeEngine } from '../src/node/index.ts';
import { engines, is, p384Suite, x25519Suite } from './scene.ts';

const engine = nodeEngine();
const hour = 3_600_000;
const start = 1_800_000_000_000;
const { kdf, aead } = x25519Suite;
const kems = [{ kem: kemIds.x25519, suites: [{ kdf, aead }] }];

test('two keys in rotation: the newest is preferred, the one before opens until its grace is over, then it is stale', async () => {
  const keySet = new KeySet(engine, { kems });
  assert.equal(await keySet.refresh(start), true);
  assert.equal(await keySet.refresh(start + 22 * hour), false);
  const [first] = keySet.published();
  assert.ok(first !== undefined);
  assert.equal(await keySet.refresh(start + 23 * hour), true);
  const [second, other, ...more] = keySet.published();
  assert.ok(second !== undefined && other === first && more.length === 0);
  const send = async (key: typeof first, nowMs: number): Promise<unknown> => {
    const request = await sealOhttpRequest(engine, { profile: ohttpProfile, config: key }, new Uint8Array(3));
    const options = { profile: ohttpProfile, keyOf: keySet.finder(nowMs), maxBytes: 100 };
    return openOhttpRequest(engine, options, request.message);
  };
  const document = { keys: keySet.published() };
  assert.equal(currentKey(document, start + 23 * hour), second);
  assert.equal(currentKey(document, start + 23 * hour - 1), first, 'the new one is not used before its time');
  for (const key of [first, second]) await send(key, start + 23.5 * hour);
  const end = start + 24 * hour;
  await send(first, end + hour / 12 - 1);
  assert.equal(keySet.published().length, 1, 'it is published no more');
  await assert.rejects(send(first, end + hour / 12), is('HPKE_KEY_STALE'));
  await assert.rejects(send(first, start), is('HPKE_KEY_STALE'), 'a clock that goes back');
  await send(second, end + hour);
  assert.throws(() => currentKey(document, start + 48 * hour), is('HPKE_KEY_STALE'));
  assert.deepEqual(keySet.pairsOf(kemIds.x25519, end + hour).length, 1);
  assert.deepEqual(keySet.pairsOf(kemIds.p384, end + hour), []);
});

test('a key that is over is wiped and gone, and its end is known while it is there', async () => {
  const keySet = new KeySet(engine, { kems });
  await keySet.refresh(start);
  const [pair] = keySet.pairsOf(kemIds.x25519, start);
  assert.ok(pair !== undefined);
  assert.equal(keySet.goneAtMs(pair), start + 24 * hour + hour / 12);
  assert.equal(await keySet.refresh(start + 25 * hour), true);
  assert.ok(pair.exportPrivateKey().every((byte) => byte === 0));
  assert.throws(() => keySet.goneAtMs(pair), is('HPKE_KEY_STALE'));
});

test('keys that are taken back are published no more, open no undated request, and dated ones for a while', async () => {
  const keySet = new KeySet(engine, { kems });
  await keySet.refresh(start);
  const [first] = keySet.pairsOf(kemIds.x25519, start);
  assert.ok(first !== undefined);
  const { keyId: firstId = 0 } = keySet.published()[0] ?? {};
  let isTold = false;
  const retired = (): void => {
    isTold = true;
    assert.throws(() => keySet.goneAtMs(first), is('HPKE_KEY_STALE'));
  };
  await keySet.retire(start + hour, retired);
  assert.ok(isTold);
  assert.deepEqual(
    keySet.published().map(({ notBeforeMs }) => notBeforeMs),
    [start + hour],
  );
  assert.equal(keySet.newestMs, start + hour);
  const [second] = keySet.pairsOf(kemIds.x25519, start + hour);
  assert.ok(second !== undefined && second !== first);
  assert.equal(keySet.goneAtMs(second), start + 25 * hour + hour / 12);
  const find = (nowMs: number) => keySet.finder(nowMs)(firstId, x25519Suite);
  assert.equal(find(start + hour + hour / 12 - 1), first);
  assert.throws(() => find(start + hour + hour / 12), is('HPKE_KEY_STALE'));
  for (let renewal = 0; renewal < 10; renewal++) {
    await keySet.retire(start + hour, () => undefined);
    assert.equal(keySet.pairsOf(kemIds.x25519, start + hour).length, 1, 'a request without a key is tried with one');
  }
  assert.ok(first.exportPrivateKey().every((byte) => byte === 0));
});

test('each KEM has its key, for its own suites, and calls at the same time make one set', async () => {
  const keySet = new KeySet(engine, { kems: [...kems, { kem: kemIds.p384, suites: [p384Suite] }] });
  assert.deepEqual(await Promise.all([keySet.refresh(start), keySet.refresh(start)]), [true, true]);
  const published = keySet.published();
  assert.deepEqual(
    published.map(({ kem }) => kem),
    [kemIds.x25519, kemIds.p384],
  );
  assert.equal(new Set(published.map(({ keyId }) => keyId)).size, 2);
  assert.equal(currentKey({ keys: published }, start, [kemIds.xWing, kemIds.p384]).kem, kemIds.p384);
  const [x25519] = published;
  assert.throws(() => keySet.finder(start)(x25519?.keyId ?? 0, { ...x25519Suite, aead: 1 }), is('HPKE_UNSUPPORTED'));
  assert.throws(() => keySet.finder(start)(x25519?.keyId ?? 0, p384Suite), is('HPKE_KEY_STALE'));
});

test('D1: keys are born from the source of the engine; two sets have nothing in common', async () => {
  const drawn: number[] = [];
  const counted = nodeEngine({
    randomBytes: (length) => (drawn.push(length), crypto.getRandomValues(new Uint8Array(length))),
  });
  const [one, two] = [new KeySet(counted, { kems }), new KeySet(counted, { kems })];
  await Promise.all([one.refresh(start), two.refresh(start)]);
  assert.deepEqual(drawn, [1, 1, 32, 32]);
  assert.notDeepEqual(one.published()[0]?.publicKey, two.published()[0]?.publicKey);
  for (const bad of [{ lifetimeMs: hour, overlapMs: hour }, { lifetimeMs: 0.5, overlapMs: 0 }, { graceMs: -1 }]) {
    assert.throws(() => new KeySet(engine, { kems, ...bad }), is('HPKE_LIMIT_EXCEEDED'));
  }
});

const documentArbitrary: fc.Arbitrary<KeySetDocument> = fc
  .record({
    keys: fc.array(
      fc.record({
        keyId: fc.nat(255),
        publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        notBeforeMs: fc.nat(),
        life: fc.integer({ min: 1, max: 2 ** 40 }),
      }),
      { maxLength: 4 },
    ),
    modelManifestDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    receiptKey: fc.uint8Array({ maxLength: 100 }),
  })
  .map(({ keys, ...rest }) => ({
    ...rest,
    keys: keys.map(({ life, ...key }) => ({
      ...key,
      kem: kemIds.x25519,
      suites: [{ kdf, aead }],
      notAfterMs: key.notBeforeMs + life,
    })),
  }));

test('a key set has one encoding, and comes back', () => {
  fc.assert(
    fc.property(documentArbitrary, (document) => {
      const encoded = encodeKeySet(document);
      assert.deepEqual(parseKeySet(encoded), { ...document });
      assert.deepEqual(encodeKeySet(parseKeySet(encoded)), encoded);
    }),
  );
});

async function sample(): Promise<KeySetDocument> {
  const keySet = new KeySet(engine, { kems });
  await keySet.refresh(start);
  return { keys: keySet.published(), modelManifestDigest: new Uint8Array(32), receiptKey: new Uint8Array(44) };
}

test('D5: keys, their times, the model manifest and the key of receipts are all in the digest that evidence vouches for', async () => {
  const document = await sample();
  const [key] = document.keys;
  assert.ok(key !== undefined);
  const changes: readonly Partial<KeySetDocument>[] = [
    {},
    { receiptKey: new Uint8Array(44).fill(1) },
    { receiptKey: new Uint8Array(43) },
    { modelManifestDigest: new Uint8Array(32).fill(1) },
    { keys: [] },
    { keys: [key, key] },
    { keys: [{ ...key, notAfterMs: key.notAfterMs + 1 }] },
    { keys: [{ ...key, notBeforeMs: key.notBeforeMs + 1 }] },
    { keys: [{ ...key, keyId: (key.keyId + 1) % 256 }] },
    { keys: [{ ...key, publicKey: new Uint8Array(32) }] },
  ];
  for (const [, over] of engines) {
    const digests = await Promise.all(
      changes.map(async (change) => keySetDigest(over, encodeKeySet({ ...document, ...change }))),
    );
    assert.equal(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size, changes.length);
    assert.deepEqual(Buffer.from(digests[0] ?? []), createHash('sha256').update(encodeKeySet(document)).digest());
  }
});

test('each malformed key set is refused', async () => {
  const document = await sample();
  const encoded = encodeKeySet(document);
  for (let length = 0; length < encoded.length; length++) {
    assert.throws(() => parseKeySet(encoded.subarray(0, length)), is('OHTTP_KEYS_INVALID'));
  }
  const [key] = document.keys;
  assert.ok(key !== undefined);
  assert.throws(() => parseKeySet(concatBytes(encoded, Uint8Array.of(0))), is('OHTTP_KEYS_INVALID'));
  for (const [at, value] of [
    [0, 0],
    [17, 33],
    [17 + 1 + 2 + 41, 0xff],
    [17 + 1 + 2 + 41 + 8, 0],
  ] as const) {
    const changed = encoded.map((byte, index) => (index === at ? value : byte));
    if (at > 60) changed.fill(value, at, at + 8);
    assert.throws(() => parseKeySet(changed), is('OHTTP_KEYS_INVALID'), `byte ${at}`);
  }
  const bad: readonly Partial<KeySetDocument>[] = [
    { modelManifestDigest: new Uint8Array(31) },
    { receiptKey: new Uint8Array(4097) },
    { keys: Array.from({ length: 33 }, () => key) },
    { keys: [{ ...key, notAfterMs: key.notBeforeMs }] },
    { keys: [{ ...key, notBeforeMs: -1 }] },
  ];
  for (const change of bad) assert.throws(() => encodeKeySet({ ...document, ...change }), is('OHTTP_KEYS_INVALID'));
});
