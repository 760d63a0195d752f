import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { KeyName, KeyPolicy, type KeyRequest } from '@enclos/sgx';
import fc from 'fast-check';
import {
  encodeSealedBlob,
  looksSealed,
  parseSealedBlob,
  SEAL_SALT_BYTES,
  SEALED_BLOB_OVERHEAD_BYTES,
  type SealedBlob,
} from '../src/index.ts';

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const keyRequest: fc.Arbitrary<KeyRequest> = fc.record({
  keyName: fc.constant(KeyName.SEAL),
  keyPolicy: fc.constantFrom(KeyPolicy.MRENCLAVE, KeyPolicy.MRSIGNER),
  isvSvn: fc.nat(65_535),
  cpuSvn: exactly(16),
  attributeMask: fc.record({
    flags: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    xfrm: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  }),
  keyId: exactly(32),
  miscMask: fc.nat(0xffff_ffff),
  configSvn: fc.nat(65_535),
});
const blob: fc.Arbitrary<SealedBlob> = fc.record(
  {
    keyRequest,
    salt: exactly(SEAL_SALT_BYTES),
    nonce: exactly(12),
    ciphertext: fc.uint8Array({ maxLength: 300 }),
    tag: exactly(16),
  },
  { requiredKeys: ['keyRequest', 'nonce', 'ciphertext', 'tag'] },
);

const plain = (value: SealedBlob) => ({
  ...value,
  keyRequest: { ...value.keyRequest, attributeMask: { ...value.keyRequest.attributeMask } },
});

test('encodeSealedBlob() and parseSealedBlob() are inverse', () => {
  fc.assert(
    fc.property(blob, (given) => {
      const bytes = encodeSealedBlob(given);
      const saltBytes = given.salt === undefined ? 0 : SEAL_SALT_BYTES;
      assert.equal(bytes.length, given.ciphertext.length + SEALED_BLOB_OVERHEAD_BYTES + saltBytes);
      assert.equal(bytes[8], given.salt === undefined ? 1 : 2);
      assert.ok(looksSealed(bytes));
      assert.deepEqual(plain(parseSealedBlob(bytes)), plain(given));
    }),
  );
});

test('parseSealedBlob() refuses every truncation, and bytes behind the end', () => {
  const [bytes] = fc.sample(blob.map(encodeSealedBlob), { numRuns: 1, seed: 1 });
  assert.ok(bytes);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => parseSealedBlob(bytes.subarray(0, length)), isEnclosError);
  }
  assert.throws(
    () => parseSealedBlob(Uint8Array.from([...bytes, 0])),
    (error) => isEnclosError(error, 'CODEC_TRAILING'),
  );
});

test('parseSealedBlob() refuses another magic, version or algorithm', () => {
  const [bytes] = fc.sample(blob.map(encodeSealedBlob), { numRuns: 1, seed: 2 });
  assert.ok(bytes);
  for (const at of [0, 7, 8, 10]) {
    const other = Uint8Array.from(bytes);
    other[at] = (other[at] ?? 0) ^ 4;
    assert.throws(() => parseSealedBlob(other), isEnclosError);
  }
});

test('a salt is 32 bytes', () => {
  const [given] = fc.sample(blob, { numRuns: 1, seed: 3 });
  assert.ok(given);
  for (const length of [0, 31, 33]) {
    assert.throws(
      () => encodeSealedBlob({ ...given, salt: new Uint8Array(length) }),
      (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
    );
  }
});

test('parseSealedBlob() of arbitrary bytes throws only typed errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      try {
        assert.deepEqual(encodeSealedBlob(parseSealedBlob(bytes)), bytes);
      } catch (error) {
        assert.ok(isEnclosError(error));
      }
    }),
  );
});
