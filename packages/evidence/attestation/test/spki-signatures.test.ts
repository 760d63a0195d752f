import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  isPublicKey,
  sha256,
  verifySignature,
  verifySpkiSignature,
  type SpkiScheme,
  type Steps,
} from '../src/crypto/crypto-steps.ts';
import { runSync } from '../src/crypto/node-crypto.ts';
import { runAsync, type Subtle } from '../src/crypto/web-crypto.ts';
import { countingCrypto } from './counting-crypto.ts';
import { ecKey, rsaKey, type AmdKeyPair } from './snp/synthetic-pki.ts';
import { makeKey } from './synthetic-pki.ts';

const data = utf8('what is signed');
const ec = ecKey();
const rsa = rsaKey(2048);
const { RSA_PKCS1_PSS_PADDING: pss } = constants;

const signatures: Readonly<Record<SpkiScheme, readonly [AmdKeyPair, Uint8Array]>> = {
  'ecdsa-p384-sha384': [ec, sign('sha384', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })],
  'rsa-pss-sha384': [rsa, sign('sha384', data, { key: rsa.privateKey, padding: pss, saltLength: 48 })],
  'rsa-pkcs1-sha256': [rsa, sign('sha256', data, rsa.privateKey)],
};
const schemes = Object.keys(signatures) as SpkiScheme[];

/** What both libraries say; they must agree. */
async function answer(
  scheme: SpkiScheme,
  publicKey: Uint8Array,
  signature: Uint8Array,
  signedBytes = data,
): Promise<boolean> {
  const steps = (): Steps<boolean> => verifySpkiSignature(scheme, publicKey, { signature, signedBytes });
  const asynchronous = await runAsync(steps(), webcrypto.subtle);
  assert.equal(runSync(steps()), asynchronous, scheme);
  return asynchronous;
}

test('a signature is good under its own scheme and key only, on both libraries', async () => {
  const derSignature = sign('sha384', data, ec.privateKey);
  for (const scheme of schemes) {
    const [{ spki }, signature] = signatures[scheme];
    assert.equal(await answer(scheme, spki, signature), true, scheme);
    assert.equal(await answer(scheme, spki, signature, utf8('what is not')), false);
    assert.equal(await answer(scheme, spki, signature.subarray(1)), false);
    assert.equal(await answer(scheme, spki, derSignature), false);
    assert.equal(await answer(scheme, spki, new Uint8Array()), false);
    for (const other of schemes) {
      if (other !== scheme) assert.equal(await answer(other, spki, signature), false, `${other} for ${scheme}`);
    }
  }
});

test('a signature with another salt is no signature', async () => {
  for (const saltLength of [0, 32, 64]) {
    const signature = sign('sha384', data, { key: rsa.privateKey, padding: pss, saltLength });
    assert.equal(await answer('rsa-pss-sha384', rsa.spki, signature), false, `${saltLength}`);
  }
});

test('a key that is none, and one of another kind, verify nothing', async () => {
  const p256 = ecKey('P-256');
  const signature = sign('sha384', data, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' });
  assert.equal(await answer('ecdsa-p384-sha384', p256.spki, signature), false);
  const offCurve = ec.spki.with(ec.spki.length - 1, (ec.spki.at(-1) ?? 0) ^ 1);
  for (const scheme of schemes) {
    const [, good] = signatures[scheme];
    for (const key of [new Uint8Array(), ec.spki.subarray(1), offCurve]) {
      assert.equal(await answer(scheme, key, good), false);
    }
  }
});

test('under a key that neither RSA nor a curve of ECDSA has, no scheme verifies', async () => {
  for (const type of ['ed25519', 'x25519'] as const) {
    const { publicKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    for (const scheme of schemes) assert.equal(await answer(scheme, spki, new Uint8Array(64)), false, type);
  }
});

test('64 bytes that are no point of P-256 verify nothing', async () => {
  const { point } = makeKey();
  for (const [publicKey, isKey] of [
    [point, true],
    [point.with(63, (point[63] ?? 0) ^ 1), false],
    [point.subarray(1), false],
  ] as const) {
    const verifies = (): Steps<boolean> => verifySignature(publicKey, new Uint8Array(64).fill(1), data);
    assert.equal(runSync(isPublicKey(publicKey)), isKey);
    assert.equal(await runAsync(isPublicKey(publicKey), webcrypto.subtle), isKey);
    assert.equal(runSync(verifies()), false);
    assert.equal(await runAsync(verifies(), webcrypto.subtle), false);
  }
});

test('only true is a good signature', () => {
  const steps = verifySpkiSignature('rsa-pss-sha384', rsa.spki, { signature: data, signedBytes: data });
  steps.next();
  assert.deepEqual(steps.next(Uint8Array.of(1)), { done: true, value: false });
});

test('a driver that answers a digest with a boolean is misuse', () => {
  for (const answered of [true, false]) {
    const steps = sha256(data);
    steps.next();
    assert.throws(
      () => steps.next(answered),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
});

test('a key that could not be imported is not remembered as one that cannot', async () => {
  const [{ spki }, signature] = signatures['rsa-pss-sha384'];
  let isBroken = true;
  const importKey = (...given: Parameters<Subtle['importKey']>): ReturnType<Subtle['importKey']> =>
    isBroken ? Promise.reject(new Error('out of memory')) : webcrypto.subtle.importKey(...given);
  const subtle: Subtle = {
    digest: webcrypto.subtle.digest.bind(webcrypto.subtle),
    verify: webcrypto.subtle.verify.bind(webcrypto.subtle),
    // The overload for JWK, which nobody here uses, is left out.
    importKey: importKey as Subtle['importKey'],
  };
  const attempt = (): Promise<boolean> =>
    runAsync(verifySpkiSignature('rsa-pss-sha384', spki, { signature, signedBytes: data }), subtle);
  assert.equal(await attempt(), false);
  isBroken = false;
  assert.equal(await attempt(), true);
});

test('256 keys are kept imported, those that were used last', async () => {
  const points = Array.from({ length: 257 }, () => makeKey().point);
  const [first, second] = points;
  assert.ok(first !== undefined && second !== undefined);
  const crypto = countingCrypto();
  let imports = 0;
  const subtle: Subtle = {
    digest: webcrypto.subtle.digest.bind(webcrypto.subtle),
    verify: webcrypto.subtle.verify.bind(webcrypto.subtle),
    importKey: ((...given: Parameters<Subtle['importKey']>) => {
      imports += 1;
      return webcrypto.subtle.importKey(...given);
    }) as Subtle['importKey'],
  };
  for (const point of [...points.slice(0, 256), first, ...points.slice(256), first]) {
    assert.equal(runSync(isPublicKey(point), crypto), true);
    assert.equal(await runAsync(isPublicKey(point), subtle), true);
  }
  assert.deepEqual([crypto.counts.imports, imports], [257, 257]);
  runSync(isPublicKey(second), crypto);
  await runAsync(isPublicKey(second), subtle);
  assert.deepEqual([crypto.counts.imports, imports], [258, 258]);
});
