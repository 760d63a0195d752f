import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { layOutImage, pinnedInterpreter, type EnclaveManifest } from '@enclos/manifest';
import { manifestFields } from '@enclos/testkit';

import {
  attachSignature,
  prepareSignature,
  type AttachSignatureOptions,
} from '../../src/signing/external-signature.ts';
import { generateKey } from '../../src/signing/key-file.ts';
import { signEnclave } from '../../src/signing/sign.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-external-'));
after(() => rmSync(folder, { recursive: true }));

const manifest = manifestFields(pinnedInterpreter, { name: 'demo', productId: 7, securityVersion: 9 });

function imageOf(change: Partial<EnclaveManifest> = {}): Uint8Array {
  return layOutImage({ manifest: { ...manifest, ...change }, bundle: new TextEncoder().encode('(()=>0)'), files: [] });
}

// The key of the device, and one of another signer.
const key = generateKey();
const otherKey = generateKey();
const publicKey = publicHalf(key);
const date = new Date('2026-03-04T23:30:00Z');
const image = imageOf();
const prepared = prepareSignature({ image, date });
const signature = deviceSigns(prepared);
const good: AttachSignatureOptions = { image, prepared, signature, publicKey };

function publicHalf(pem: string): string {
  return String(createPublicKey(pem).export({ type: 'spki', format: 'pem' }));
}

function deviceSigns(bytes: Uint8Array, pem = key): Uint8Array {
  return new Uint8Array(sign('sha256', bytes, pem));
}

function refusedWith(code: ErrorCode, change: Partial<AttachSignatureOptions>): void {
  assert.throws(
    () => attachSignature({ ...good, ...change }),
    (error) => isEnclosError(error, code),
  );
}

test('two steps give the bytes of one step, with the same key and date', () => {
  assert.equal(prepared.length, 256);
  assert.deepEqual(attachSignature(good), signEnclave({ image, key, date }));
});

test('so they do with KSS, for a debug enclave, and with SOURCE_DATE_EPOCH', () => {
  const attributes = { kss: true, familyId: 'ab'.repeat(16), extendedProductId: '01'.repeat(16) };
  const debug = imageOf({ debug: true });
  const options = { image: debug, date, sourceDateEpoch: '1700000000', attributes };
  const bytes = prepareSignature(options);
  assert.deepEqual(
    attachSignature({ image: debug, attributes, prepared: bytes, signature: deviceSigns(bytes), publicKey }),
    signEnclave({ ...options, key }),
  );
});

const openssl = spawnSync('openssl', ['version']).status === 0;
describe('with openssl as the device', { skip: openssl ? false : 'openssl is not installed' }, () => {
  test('openssl dgst -sha256 -sign makes the signature', () => {
    const file = (name: string, content: Uint8Array | string): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const [keyFile, toSign, out] = [
      file('key.pem', key),
      file('demo.tosign', prepared),
      join(folder, 'demo.signature'),
    ];
    assert.equal(spawnSync('openssl', ['dgst', '-sha256', '-sign', keyFile, '-out', out, toSign]).status, 0);
    const exported = spawnSync('openssl', ['rsa', '-in', keyFile, '-pubout'], { encoding: 'utf8' });
    const made = attachSignature({ ...good, signature: new Uint8Array(readFileSync(out)), publicKey: exported.stdout });
    assert.deepEqual(made, signEnclave({ image, key, date }));
  });
});

test('another key, of the same kind, is refused', () => {
  refusedWith('BUILD_SIGNATURE_REFUSED', { publicKey: publicHalf(otherKey) });
  refusedWith('BUILD_SIGNATURE_REFUSED', { signature: deviceSigns(prepared, otherKey) });
});

test('another exponent, size or kind of key is refused', () => {
  const wrong = [
    generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 65_537 }),
    generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ].map((pair) => String(pair.publicKey.export({ type: 'spki', format: 'pem' })));
  for (const found of [...wrong, 'no key']) refusedWith('SIGNING_KEY_INVALID', { publicKey: found });
});

test('the prepared bytes of another image, or of this one under other attributes, are refused', () => {
  const other = prepareSignature({ image: imageOf({ securityVersion: 10 }), date });
  refusedWith('BUILD_PREPARED_REFUSED', { prepared: other, signature: deviceSigns(other) });
  refusedWith('BUILD_PREPARED_REFUSED', { attributes: { kss: true } });
  refusedWith('BUILD_PREPARED_REFUSED', { image: imageOf({ debug: true }) });
});

test('every changed bit of the prepared bytes is refused', () => {
  for (let bit = 0; bit < prepared.length * 8; bit += 7) {
    const changed = prepared.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // A changed date is one of another day: the signature is then not over it.
    assert.throws(
      () => attachSignature({ ...good, prepared: changed }),
      (error) => isEnclosError(error, 'BUILD_PREPARED_REFUSED') || isEnclosError(error, 'BUILD_SIGNATURE_REFUSED'),
    );
  }
});

test('prepared bytes of another length are refused', () => {
  for (const bytes of [prepared.subarray(1), new Uint8Array(0), new Uint8Array(257)]) {
    refusedWith('BUILD_PREPARED_REFUSED', { prepared: bytes });
  }
});

test('a signature that is cut, long, reversed, of nothing, or over other bytes is refused', () => {
  const wrong = [
    signature.subarray(0, 383),
    new Uint8Array([...signature, 0]),
    signature.slice().reverse(),
    new Uint8Array(384),
    new Uint8Array(384).fill(255),
    deviceSigns(prepared.subarray(0, 255)),
    deviceSigns(image),
    new Uint8Array(sign('sha384', prepared, key)),
  ];
  for (const found of wrong) refusedWith('BUILD_SIGNATURE_REFUSED', { signature: found });
});
