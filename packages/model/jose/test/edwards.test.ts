import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { calculateJwkThumbprint, CompactSign } from 'jose';
import {
  jwkOf,
  publicKeyOfJwk,
  publicKeyOfSpki,
  readCompactJws,
  samePublicKey,
  signatureKeyOfJwk,
  signatureKeyOfSpki,
  verifyJws,
} from '../src/index.ts';
import { nodePublicKeyOf, thumbprintOf, verifyJwsSync } from '../src/node/index.ts';
import { ecKey, rsaKey } from './keys.ts';

const broken = (rule: string) => (error: unknown) =>
  isEnclosError(error) && error.code.startsWith('CODEC_') && error.details['rule'] === rule;
const pair = generateKeyPairSync('ed25519');
const { x = '' } = pair.publicKey.export({ format: 'jwk' });
const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
const bounds = { maxLength: 10_000, algorithms: ['EdDSA', 'ES256'] } as const;
const written = async (): Promise<string> =>
  new CompactSign(Buffer.from('content')).setProtectedHeader({ alg: 'EdDSA' }).sign(pair.privateKey);

test('a signature of Ed25519 that jose made holds over both engines, and with its key alone', async () => {
  const jws = readCompactJws(await written(), bounds);
  const key = signatureKeyOfJwk({ kty: 'OKP', crv: 'Ed25519', x });
  assert.ok(key !== undefined);
  const other = signatureKeyOfSpki(
    new Uint8Array(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })),
  );
  const changed = { ...jws, signingInput: new Uint8Array(jws.signingInput).fill(0, 0, 1) };
  assert.equal(await verifyJws(jws, key, crypto.subtle), undefined);
  assert.equal(await verifyJws(jws, other, crypto.subtle), 'signature');
  assert.equal(await verifyJws(changed, key, crypto.subtle), 'signature');
  assert.equal(await verifyJws({ ...jws, algorithm: 'ES256' }, key, crypto.subtle), 'algorithm');
  assert.ok(verifyJwsSync(jws, nodePublicKeyOf(key)));
  assert.ok(!verifyJwsSync(jws, nodePublicKeyOf(other)));
  assert.ok(!verifyJwsSync(changed, nodePublicKeyOf(key)));
  const ec = nodePublicKeyOf(
    publicKeyOfSpki(new Uint8Array(ecKey().publicKey.export({ type: 'spki', format: 'der' }))),
  );
  assert.ok(!verifyJwsSync(jws, ec));
});

test('only a caller that names EdDSA reads it, and then nothing that it does not name', async () => {
  const text = await written();
  assert.throws(() => readCompactJws(text, { maxLength: 10_000 }), broken('algorithm'));
  assert.throws(() => readCompactJws(text, { ...bounds, algorithms: ['ES256'] }), broken('algorithm'));
  assert.throws(() => readCompactJws('eyJhbGciOiJub25lIn0..', bounds), broken('algorithm'));
  assert.throws(() => readCompactJws(text.replace(/[^.]+$/, ''), bounds), broken('signature'));
});

test('an Ed25519 key is the same from JWK and DER, has the thumbprint of RFC 8037, and no token has one', async () => {
  const key = signatureKeyOfSpki(spki);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x };
  assert.deepEqual(jwkOf(key), jwk);
  assert.ok(samePublicKey(key, signatureKeyOfJwk(jwk) ?? key));
  assert.equal(thumbprintOf(key), await calculateJwkThumbprint(jwk));
  const example = signatureKeyOfJwk({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' });
  assert.equal(example && thumbprintOf(example), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  assert.throws(() => publicKeyOfJwk(jwk), broken('kty'));
  assert.throws(() => publicKeyOfSpki(spki), broken('kty'));
});

test('other keys are read as before, and other Edwards keys are refused', () => {
  for (const { publicKey } of [ecKey(), rsaKey()]) {
    const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    assert.deepEqual(signatureKeyOfSpki(der), publicKeyOfSpki(der));
    assert.deepEqual(signatureKeyOfJwk({ ...jwkOf(publicKeyOfSpki(der)) }), publicKeyOfSpki(der));
  }
  assert.throws(() => signatureKeyOfJwk({ kty: 'OKP', crv: 'Ed448', x }), broken('crv'));
  assert.throws(() => signatureKeyOfJwk({ kty: 'OKP', crv: 'X25519', x }), broken('crv'));
  for (const wrong of ['', x.slice(4), `${x}AAAA`, 7]) {
    assert.throws(() => signatureKeyOfJwk({ kty: 'OKP', crv: 'Ed25519', x: wrong }), broken('members'));
  }
  const short = spki.slice(0, -1);
  assert.throws(() => signatureKeyOfSpki(short), isEnclosError);
});
