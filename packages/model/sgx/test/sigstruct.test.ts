import { concatBytes, fromHex, toHex } from '@enclos/codec';
import { sigstructFields, vectors } from '@enclos/testkit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import {
  computeQ1Q2,
  encodeSigstruct,
  mrSignerOf,
  parseSigstruct,
  parseSigstructToSign,
  sigstructSignedBytes,
  sigstructToSign,
  verifySigstruct,
  type SigstructFields,
} from '../src/index.ts';
import { generateSigningKey, loadSigningKey, publicModulus, sha256, signSigstruct } from '../src/node.ts';
import { sigstruct as sigstructs } from './arbitraries.ts';
import { accepted, flipped, refused } from './refused.ts';

const key = generateSigningKey();
const fields: SigstructFields = sigstructFields({
  date: '20240229',
  attributeMask: { flags: 0xffff_ffff_ffff_fffdn, xfrm: 0xffff_ffff_ffff_fffcn },
  enclaveHash: new Uint8Array(32).fill(7),
  isvSvn: 2,
});
const signed = signSigstruct(fields, key);

test('what a signer signs has the bytes that it always had', () => {
  // SHA-256 of the 256 signed bytes of `fields`, recorded from version 0.1.0 in November 2026. A signature over other bytes is
  // one that no processor takes.
  assert.equal(
    toHex(sha256(sigstructToSign(fields))),
    '6465ae1c8e9e602c4b9e5e3f948693805bf163f8bef30b07d493259abba4fb3b',
  );
  const restored = parseSigstructToSign(sigstructToSign(fields));
  assert.deepEqual({ ...restored }, fields);
});

vectors.test('the signer, hash and quotients of a real enclave hold', () => {
  const sigstruct = verifySigstruct(vectors.read('sgx/test_enclave.sig'), sha256);
  assert.equal(toHex(sigstruct.enclaveHash), '784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc');
  assert.equal(
    toHex(mrSignerOf(sigstruct.modulus, sha256)),
    'fb4bab3d6036ac1d730fa83d7366df1dd2dfeac194ef335d6854d8a6c6475542',
  );
  assert.deepEqual([sigstruct.date, sigstruct.isvProdId, sigstruct.isvSvn], ['20161214', 65535, 0]);
  const { q1, q2 } = computeQ1Q2(sigstruct.signature, sigstruct.modulus);
  assert.deepEqual([q1, q2], [sigstruct.q1, sigstruct.q2]);
});

vectors.test("another implementation's SIGSTRUCT is reproduced byte for byte from its key", () => {
  const expected = vectors.read('sgx/sig1.sigstruct.bin');
  const key1 = loadSigningKey(vectors.read('sgx/sig1.key.pem'));
  const sigstruct = verifySigstruct(expected, sha256);
  assert.equal(toHex(sigstruct.enclaveHash), 'c50673624a6cb17c1c6c2a4e6906f47a170c4629b8723781d1017ef376f1a75d');
  assert.equal(
    toHex(mrSignerOf(publicModulus(key1), sha256)),
    '83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e',
  );
  assert.equal(sigstruct.date, '20160109');
  assert.deepEqual(sigstructSignedBytes(expected), vectors.read('sgx/sig1.tbs.bin'));
  assert.deepEqual(sigstruct.signature.toReversed(), vectors.read('sgx/sig1.s.bin'));
  assert.deepEqual(signSigstruct(sigstruct, key1), expected);
});

test('signing is deterministic, verifies, and carries the fields', () => {
  assert.equal(signed.length, 1808);
  assert.deepEqual(signSigstruct(fields, key), signed);
  const { modulus, exponent, signature, q1, q2, ...rest } = verifySigstruct(signed, sha256);
  assert.deepEqual(rest, fields);
  assert.equal(exponent, 3);
  assert.deepEqual([modulus.length, signature.length, q1.length, q2.length], [384, 384, 384, 384]);
  const verified = verify('sha256', sigstructSignedBytes(signed), createPublicKey(key), signature.toReversed());
  assert.ok(verified, 'OpenSSL agrees');
});

test('every single-byte change of a SIGSTRUCT is refused, without exception', () => {
  for (let index = 0; index < signed.length; index++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      assert.ok(!accepted(() => verifySigstruct(flipped(signed, index, mask), sha256)), `byte ${index} ^ ${mask}`);
    }
  }
});

test('every truncation and every extension of a SIGSTRUCT is refused', () => {
  for (let length = 0; length < signed.length; length++) {
    refused('SIGSTRUCT_INVALID', () => verifySigstruct(signed.subarray(0, length), sha256));
  }
  refused('SIGSTRUCT_INVALID', () => verifySigstruct(concatBytes(signed, Uint8Array.of(0)), sha256));
});

const constants = [
  [0, 12],
  [24, 40],
  [512, 516],
] as const;
const reserved = [
  [44, 128],
  [908, 912],
  [992, 1008],
  [1028, 1040],
] as const;

test('headers, exponent and every reserved byte are checked when parsing', () => {
  for (const [start, end] of [...constants, ...reserved]) {
    for (let index = start; index < end; index++) {
      refused('SIGSTRUCT_INVALID', () => parseSigstruct(flipped(signed, index, 0x10)));
      refused('SIGSTRUCT_INVALID', () => sigstructSignedBytes(flipped(signed, index, 0x10)));
    }
  }
});

test('type, vendor and exponent take only the values of the SDM', () => {
  const sigstruct = parseSigstruct(signed);
  for (const type of [1, 0x4000_0000, 0x8000_0001]) {
    refused('SIGSTRUCT_INVALID', () => encodeSigstruct({ ...sigstruct, type }));
  }
  for (const vendor of [1, 0x8087, 0x8086_0000]) {
    refused('SIGSTRUCT_INVALID', () => encodeSigstruct({ ...sigstruct, vendor }));
  }
  assert.equal(
    verifySigstruct(signSigstruct({ ...fields, type: 0x8000_0000, vendor: 0x8086 }, key), sha256).vendor,
    0x8086,
  );
});

test('the date is a calendar date in BCD', () => {
  for (const date of [
    '20230229',
    '19000229',
    '20241301',
    '20240001',
    '20240100',
    '20240431',
    '2024-1-1',
    '2024010',
    '2024010a',
    '',
  ]) {
    refused('SIGSTRUCT_INVALID', () => signSigstruct({ ...fields, date }, key));
  }
  for (const date of ['20000229', '20240229', '20261231']) {
    assert.equal(parseSigstruct(signSigstruct({ ...fields, date }, key)).date, date);
  }
  const notDecimal = signed.slice();
  notDecimal[20] = 0x1a;
  refused('SIGSTRUCT_INVALID', () => parseSigstruct(notDecimal));
});

function patched(offset: number, value: Uint8Array): Uint8Array {
  const copy = signed.slice();
  copy.set(value, offset);
  return copy;
}

/** Little-endian integer plus or minus one. */
function neighbour(bytes: Uint8Array, step: 1n | -1n): Uint8Array {
  const value = BigInt(`0x${toHex(bytes.toReversed())}`) + step;
  return fromHex(value.toString(16).padStart(768, '0')).reverse();
}

test('q1 and q2 must be the exact quotients', () => {
  const { q1, q2 } = parseSigstruct(signed);
  for (const step of [1n, -1n] as const) {
    refused('SIGSTRUCT_SIGNATURE', () => verifySigstruct(patched(1040, neighbour(q1, step)), sha256));
    refused('SIGSTRUCT_SIGNATURE', () => verifySigstruct(patched(1424, neighbour(q2, step)), sha256));
  }
});

test('a signature that is not below the modulus is refused', () => {
  const { modulus } = parseSigstruct(signed);
  refused('SIGSTRUCT_SIGNATURE', () => verifySigstruct(patched(516, modulus), sha256));
  refused('SIGSTRUCT_SIGNATURE', () => verifySigstruct(patched(516, new Uint8Array(384).fill(0xff)), sha256));
  refused('SIGSTRUCT_SIGNATURE', () => computeQ1Q2(modulus, modulus));
});

test('small signatures, whose quotients are trivially right, are refused', () => {
  for (const small of [0, 1]) {
    const signature = new Uint8Array(384);
    signature[0] = small;
    const copy = patched(516, signature);
    copy.fill(0, 1040);
    refused('SIGSTRUCT_SIGNATURE', () => verifySigstruct(copy, sha256));
  }
});

test('a modulus that is not one of 3072 bits is refused', () => {
  const { modulus, signature } = parseSigstruct(signed);
  const short = modulus.slice();
  short[383] = 0x7f;
  const even = modulus.slice();
  even[0] = (even[0] ?? 0) & 0xfe;
  for (const wrong of [short, even, new Uint8Array(384)]) {
    refused('SIGSTRUCT_INVALID', () => verifySigstruct(patched(128, wrong), sha256));
    refused('SIGSTRUCT_INVALID', () => computeQ1Q2(signature, wrong));
  }
  for (const length of [0, 383, 385]) {
    refused('SIGSTRUCT_INVALID', () => mrSignerOf(new Uint8Array(length), sha256));
    refused('SIGSTRUCT_INVALID', () => computeQ1Q2(signature, new Uint8Array(length)));
    refused('SIGSTRUCT_INVALID', () => computeQ1Q2(new Uint8Array(length), modulus));
  }
});

test('a signature by another key verifies only as that key', () => {
  const other = signSigstruct(fields, generateSigningKey());
  const signer = (bytes: Uint8Array): string => toHex(mrSignerOf(verifySigstruct(bytes, sha256).modulus, sha256));
  assert.notEqual(signer(other), signer(signed));
});

test('what is encoded parses to the same value', () => {
  fc.assert(
    fc.property(sigstructs, (sigstruct) => {
      const bytes = encodeSigstruct(sigstruct);
      assert.deepEqual(parseSigstruct(bytes), sigstruct);
      assert.deepEqual(encodeSigstruct(parseSigstruct(bytes)), bytes);
    }),
    { numRuns: 60 },
  );
});

test('arbitrary bytes throw nothing but Enclos errors', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc
      .tuple(sigstructs, fc.nat(1807), fc.integer({ min: 0, max: 255 }))
      .map(([s, at, mask]) => flipped(encodeSigstruct(s), at, mask)),
  );
  fc.assert(
    fc.property(bytes, (input) => assert.ok(!accepted(() => verifySigstruct(input, sha256)))),
    { numRuns: 100 },
  );
});

test('the fields come back from the bytes to sign, and from no others', () => {
  assert.deepEqual(parseSigstructToSign(sigstructToSign(fields)), fields);
  fc.assert(
    fc.property(sigstructs, (value) => {
      const bytes = sigstructSignedBytes(encodeSigstruct(value));
      assert.deepEqual(sigstructToSign(parseSigstructToSign(bytes)), bytes);
    }),
  );
  for (const length of [0, 255, 257, 1808]) {
    refused('SIGSTRUCT_INVALID', () => parseSigstructToSign(new Uint8Array(length)));
  }
  refused('SIGSTRUCT_INVALID', () => parseSigstructToSign(new Uint8Array(256)));
});
