import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { isFreedYoung } from '@enclos/testkit';
import fc from 'fast-check';
import { verifySignature } from '../src/crypto/crypto-steps.ts';
import { runOnThreads, runSync } from '../src/crypto/node-crypto.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
const point = new Uint8Array(Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]));
const fixed = 'ieee-p1363';

/** What node:crypto says of the fixed form itself. */
const asFixed = (data: Uint8Array, signature: Uint8Array): boolean =>
  verify('sha256', data, { key: publicKey, dsaEncoding: fixed }, signature);
const asHere = (data: Uint8Array, signature: Uint8Array): boolean => runSync(verifySignature(point, signature, data));
const onThreads = (data: Uint8Array, signature: Uint8Array, key = point): Promise<boolean> =>
  runOnThreads(verifySignature(key, signature, data));

test('and its threads judge as it does at once, also what is no key and no signature', async () => {
  const data = new Uint8Array(3);
  const good = new Uint8Array(sign('sha256', data, { key: privateKey, dsaEncoding: fixed }));
  assert.equal(await onThreads(data, good), true);
  assert.equal(await onThreads(data, new Uint8Array(64)), false);
  assert.equal(await onThreads(new Uint8Array(4), good), false);
  assert.equal(await onThreads(data, good.subarray(1)), false);
  assert.equal(await onThreads(data, good, new Uint8Array(64)), false);
});

test('and its threads keep nothing of what was verified', async () => {
  const good = new Uint8Array(sign('sha256', new Uint8Array(8192), { key: privateKey, dsaEncoding: fixed }));
  const verifyCopy = (): Promise<boolean> => onThreads(new Uint8Array(8192), good.slice());
  assert.ok(await isFreedYoung(verifyCopy, { sizeBytes: 8192 }));
});

test('a signature of P-256 is judged as node:crypto judges its fixed form, whatever its numbers are', () => {
  const number = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(32).fill(1, 31)),
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((low) => Uint8Array.from([...new Uint8Array(16), ...low])),
  );
  fc.assert(
    fc.property(fc.uint8Array(), number, number, (data, r, s) => {
      const wrong = Uint8Array.from([...r, ...s]);
      assert.equal(asHere(data, wrong), asFixed(data, wrong));
      const good = new Uint8Array(sign('sha256', data, { key: privateKey, dsaEncoding: fixed }));
      assert.equal(asHere(data, good), true);
      good[63] = (good[63] ?? 0) ^ 1;
      assert.equal(asHere(data, good), false);
    }),
  );
});

test('a signature whose numbers begin with zeros holds, and one of another length does not', () => {
  const data = new Uint8Array(4);
  let short: Uint8Array | undefined;
  // One in 128 has a number with a zero in front.
  for (let i = 0; short === undefined; i++) {
    new DataView(data.buffer).setUint32(0, i);
    const made = new Uint8Array(sign('sha256', data, { key: privateKey, dsaEncoding: fixed }));
    if (made[0] === 0 || made[32] === 0) short = made;
  }
  assert.equal(asHere(data, short), true);
  const [r, s] = [short.subarray(0, 32), short.subarray(32)];
  for (const other of [
    new Uint8Array(),
    short.subarray(0, 63),
    Uint8Array.from([...short, 0]),
    // The same numbers, with more zeros in front: another text of the same signature.
    Uint8Array.from([0, ...r, 0, ...s]),
    new Uint8Array(sign('sha256', data, privateKey)),
  ]) {
    assert.equal(asHere(data, other), false, `${other.length} bytes`);
  }
});
