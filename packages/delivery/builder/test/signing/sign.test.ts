import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { layOutImage, pinnedInterpreter, type EnclaveManifest } from '@enclos/manifest';
import { Attribute, verifySigstruct } from '@enclos/sgx';
import { measureImage, sha256 } from '@enclos/sgx/node';
import { manifestFields } from '@enclos/testkit';

import { generateKey, writeKeyFile } from '../../src/signing/key-file.ts';
import { signEnclave, signingDate } from '../../src/signing/sign.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-sign-'));
after(() => rmSync(folder, { recursive: true }));

// One key for all: making it takes a second.
const key = generateKey();
const date = new Date('2026-03-04T23:30:00Z');

const manifest = manifestFields(pinnedInterpreter, { name: 'demo', productId: 7, securityVersion: 9 });

function imageOf(change: Partial<EnclaveManifest> = {}): Uint8Array {
  return layOutImage({ manifest: { ...manifest, ...change }, bundle: new TextEncoder().encode('(()=>0)'), files: [] });
}

const refuses = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);

test('a signature says what the measured manifest says, and verifies', () => {
  const image = imageOf();
  const sigstruct = verifySigstruct(signEnclave({ image, key, date }), sha256);
  assert.deepEqual(sigstruct.enclaveHash, measureImage(image));
  assert.deepEqual([sigstruct.isvProdId, sigstruct.isvSvn, sigstruct.date], [7, 9, '20260304']);
  assert.deepEqual(sigstruct.isvFamilyId, new Uint8Array(16));
});

test('a production signature demands that DEBUG is off', () => {
  const { type, attributes, attributeMask } = verifySigstruct(signEnclave({ image: imageOf(), key, date }), sha256);
  assert.equal(type, 0);
  assert.equal(attributes.flags & Attribute.DEBUG, 0n);
  assert.equal(attributeMask.flags & Attribute.DEBUG, Attribute.DEBUG);
  assert.equal(attributes.flags, Attribute.MODE64BIT);
});

test('a debug signature demands that DEBUG is on', () => {
  const { type, attributes, attributeMask } = verifySigstruct(
    signEnclave({ image: imageOf({ debug: true }), key, date }),
    sha256,
  );
  assert.equal(type, 0, 'EINIT takes one HEADER only');
  assert.equal(attributes.flags & Attribute.DEBUG, Attribute.DEBUG);
  assert.equal(attributeMask.flags & Attribute.DEBUG, Attribute.DEBUG);
});

test('neither signature lets an enclave have the provisioning key', () => {
  for (const debug of [true, false]) {
    const { attributes, attributeMask } = verifySigstruct(
      signEnclave({ image: imageOf({ debug }), key, date }),
      sha256,
    );
    assert.equal(attributes.flags & Attribute.PROVISIONKEY, 0n);
    assert.equal(attributeMask.flags & Attribute.PROVISIONKEY, Attribute.PROVISIONKEY);
  }
});

test('KSS identifiers are signed when the manifest has them', () => {
  const attributes = { kss: true, familyId: '0a'.repeat(16), extendedProductId: '0b'.repeat(16) };
  const sigstruct = verifySigstruct(signEnclave({ image: imageOf(), key, date, attributes }), sha256);
  assert.equal(sigstruct.attributes.flags & Attribute.KSS, Attribute.KSS);
  assert.deepEqual(sigstruct.isvFamilyId, new Uint8Array(16).fill(10));
  assert.deepEqual(sigstruct.isvExtProdId, new Uint8Array(16).fill(11));
});

test('KSS identifiers without KSS are refused', () => {
  const attributes = { kss: false, familyId: '0a'.repeat(16) };
  assert.throws(() => signEnclave({ image: imageOf(), key, date, attributes }), refuses('BUILD_MANIFEST_INVALID'));
});

test('the same image, key and day give the same bytes, from PEM or a key object', () => {
  const image = imageOf();
  const first = signEnclave({ image, key, date });
  assert.equal(first.length, 1808);
  assert.deepEqual(first, signEnclave({ image, key: createPrivateKey(key), date: new Date('2026-03-04T01:00:00Z') }));
  assert.deepEqual(first, signEnclave({ image, key: new TextEncoder().encode(key), date }));
});

test('SOURCE_DATE_EPOCH takes the place of the date', () => {
  const image = imageOf();
  const signature = signEnclave({ image, key, date, sourceDateEpoch: '1700000000' });
  assert.equal(verifySigstruct(signature, sha256).date, '20231114');
  assert.deepEqual(signature, signEnclave({ image, key, date: new Date(0), sourceDateEpoch: '1700000000' }));
});

test('signingDate() is UTC, and an empty SOURCE_DATE_EPOCH is none', () => {
  assert.equal(signingDate(new Date('2026-01-01T00:00:00+02:00')), '20251231');
  assert.equal(signingDate(date, ''), '20260304');
  assert.equal(signingDate(date, '0'), '19700101');
  assert.equal(signingDate(date, '253402300799'), '99991231');
});

for (const text of ['yesterday', '-1', '1.5', ' 1', '0x10', '253402300800', '9999999999999']) {
  test(`SOURCE_DATE_EPOCH=${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => signingDate(date, text), refuses('BUILD_DATE_INVALID'));
  });
}

test('an invalid date is refused', () => {
  assert.throws(() => signingDate(new Date(Number.NaN)), refuses('BUILD_DATE_INVALID'));
  assert.throws(() => signingDate(new Date(-1)), refuses('BUILD_DATE_INVALID'));
});

for (const [name, wrong] of [
  ['an elliptic-curve key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['a shorter RSA key', generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 }).privateKey],
  ['text that is not a key', 'not a key'],
] as const) {
  test(`${name} is refused`, () => {
    assert.throws(() => signEnclave({ image: imageOf(), key: wrong, date }), refuses('SIGNING_KEY_INVALID'));
  });
}

test('an image with one flipped bit in its manifest is not signed as if it were whole', () => {
  const image = imageOf();
  const sigstruct = verifySigstruct(signEnclave({ image, key, date }), sha256);
  const flipped = image.slice();
  flipped[image.length - 1] = (flipped[image.length - 1] ?? 0) ^ 1;
  assert.throws(
    () => signEnclave({ image: flipped, key, date }),
    (error) => isEnclosError(error),
  );
  assert.notDeepEqual(measureImage(flipped), sigstruct.enclaveHash);
});

test('bytes that are no image are refused', () => {
  assert.throws(
    () => signEnclave({ image: new Uint8Array(64), key, date }),
    (error) => isEnclosError(error),
  );
});

test('a key file is for its owner alone, and is never overwritten', async () => {
  const path = join(folder, 'signing.pem');
  await writeKeyFile(path, key);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(path, 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/);
  await assert.rejects(writeKeyFile(path, 'another'), refuses('BUILD_FILE_EXISTS'));
  assert.equal(readFileSync(path, 'utf8'), key);
});
