import assert from 'node:assert/strict';
import { constants, createHash, sign, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { nodeCrypto } from '../src/node/spki-crypto.ts';
import {
  digest,
  runSteps,
  runStepsSync,
  verifySignature,
  type CryptoRequest,
  type CryptoSteps,
  type SignatureScheme,
} from '../src/spki-steps.ts';
import { ecKey, rsaKey, type AmdKeyPair } from './snp/synthetic-pki.ts';

const data = utf8('what is signed');
const ec = ecKey();
const rsa = rsaKey(2048);
const { RSA_PKCS1_PSS_PADDING: pss } = constants;

const signatures: Readonly<Record<SignatureScheme, readonly [AmdKeyPair, Uint8Array]>> = {
  'ecdsa-p384-sha384': [ec, sign('sha384', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })],
  'rsa-pss-sha384': [rsa, sign('sha384', data, { key: rsa.privateKey, padding: pss, saltLength: 48 })],
  'rsa-pkcs1-sha256': [rsa, sign('sha256', data, rsa.privateKey)],
};
const schemes = Object.keys(signatures) as SignatureScheme[];

/** What both libraries say; they must agree. */
async function answer(
  scheme: SignatureScheme,
  publicKey: Uint8Array,
  signature: Uint8Array,
  signedBytes = data,
): Promise<boolean> {
  const steps = (): CryptoSteps<boolean> => verifySignature(scheme, publicKey, { signature, signedBytes });
  const asynchronous = await runSteps(steps(), webcrypto.subtle);
  assert.equal(runStepsSync(steps(), nodeCrypto), asynchronous, scheme);
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

test('digests', async () => {
  for (const [name, algorithm] of [
    ['SHA-256', 'sha256'],
    ['SHA-384', 'sha384'],
  ] as const) {
    const expected = new Uint8Array(createHash(algorithm).update(data).digest());
    assert.deepEqual(runStepsSync(digest(name, data), nodeCrypto), expected);
    assert.deepEqual(await runSteps(digest(name, data), undefined), expected);
  }
});

test('only true is a good signature, and a digest is bytes', () => {
  const steps = verifySignature('rsa-pss-sha384', rsa.spki, { signature: data, signedBytes: data });
  assert.equal(
    runStepsSync(steps, () => Uint8Array.of(1)),
    false,
  );
  const isMisuse = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');
  assert.throws(() => runStepsSync(digest('SHA-256', data), () => true), isMisuse);
});

test('each operation is asked for once, in order', () => {
  const requests: CryptoRequest[] = [];
  function* both(): CryptoSteps<void> {
    yield* digest('SHA-256', data);
    yield* digest('SHA-384', data);
  }
  runStepsSync(both(), (request) => {
    requests.push(request);
    return nodeCrypto(request);
  });
  assert.deepEqual(
    requests.map((request) => request.kind === 'digest' && request.hash),
    ['SHA-256', 'SHA-384'],
  );
});
