import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { derBitString, derInteger, derOid, derSequence, toBase64url } from '@enclos/codec';
import type { JsonObject } from '@enclos/codec/json';
import {
  publicKeyOfJwk,
  publicKeyOfSpki,
  readCompactJws,
  readKeySet,
  readX5c,
  verifyJws,
  type PublicKey,
  type VerificationCrypto,
} from '../src/index.ts';
import { b64url, ecKey, rsaKey } from './keys.ts';

const maxLength = 100_000;
const refused = (read: () => unknown, rule: string, message: RegExp = /./): void =>
  assert.throws(read, { name: 'EnclosError', details: { rule }, message });

test('a JWS may have as much as its bounds say, and no more', () => {
  const text = `${b64url({ alg: 'none' })}..`;
  assert.doesNotThrow(() => readCompactJws(text, { maxLength: text.length }));
  refused(() => readCompactJws(text, { maxLength: text.length - 1 }), 'size');

  const header = (sizeBytes: number): string => {
    const frame = JSON.stringify({ alg: 'none', x: '' }).length;
    return b64url({ alg: 'none', x: 'x'.repeat(sizeBytes - frame) });
  };
  assert.doesNotThrow(() => readCompactJws(`${header(32_768)}..`, { maxLength }));
  refused(() => readCompactJws(`${header(32_769)}..`, { maxLength }), 'form');

  const signed = (sizeBytes: number): string =>
    `${b64url({ alg: 'RS512' })}..${toBase64url(new Uint8Array(sizeBytes))}`;
  assert.equal(readCompactJws(signed(1024), { maxLength }).signature.length, 1024);
  refused(() => readCompactJws(signed(1025), { maxLength }), 'form');
});

test('a header is an object, and its algorithm a text', () => {
  refused(() => readCompactJws(`${b64url('[]')}.e30.AA`, { maxLength }), 'form', /not a JSON object/);
  refused(() => readCompactJws(`${b64url({ alg: ['RS256'] })}.e30.AA`, { maxLength }), 'algorithm');
});

test('a kid has 512 characters at most', () => {
  const set = ['k'.repeat(512), 'k'.repeat(513)].map((kid) => ({ kid }));
  assert.deepEqual([...readKeySet(set, 2, () => 0).keys()], ['k'.repeat(512)]);
});

test('an item of an x5c that is not a text is called so', () => {
  for (const item of [1, null, '', ['AQ==']]) {
    refused(
      () => readX5c([item], { maxCertificates: 1, maxBytes: 9 }),
      'x5c',
      /^The x5c has an item that is not a text\.$/,
    );
  }
});

const rsaJwk = (modulusBytes: number, exponent: readonly number[]): JsonObject => ({
  kty: 'RSA',
  n: toBase64url(new Uint8Array(modulusBytes).fill(0xff)),
  e: toBase64url(Uint8Array.from(exponent)),
});
const [n, e] = [256, [1, 0, 1]];

test('an RSA key has 2,048 to 8,192 bits, and an odd exponent from 3 to 2^33', () => {
  for (const [bytes, exponent] of [
    [256, e],
    [1024, e],
    [n, [3]],
    [n, [1, 255, 255, 255, 255]],
  ] as const) {
    assert.equal(publicKeyOfJwk(rsaJwk(bytes, exponent))?.type, 'RSA');
  }
  refused(() => publicKeyOfJwk(rsaJwk(255, e)), 'size');
  refused(() => publicKeyOfJwk(rsaJwk(1025, e)), 'members');
  for (const exponent of [[1], [2], [4], [1, 0, 0], [2, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0, 0, 1]]) {
    refused(() => publicKeyOfJwk(rsaJwk(n, exponent)), 'exponent');
  }
  refused(() => publicKeyOfJwk(rsaJwk(n, [1, 0, 0, 0, 0, 0, 0, 0, 1])), 'members');
});

test('a JWK that has some of its members needs them all, in full length', () => {
  refused(() => publicKeyOfJwk({ kty: 'RSA', n: 'AAAA' }), 'members');
  refused(() => publicKeyOfJwk({ kty: 'EC', x: 'AAAA' }), 'crv');
  refused(() => publicKeyOfJwk({ kty: 'EC', y: 'AAAA' }), 'crv');
  refused(() => publicKeyOfJwk({ kty: 'EC', crv: 'P-256' }), 'members');
  const whole = toBase64url(new Uint8Array(32).fill(1));
  const short = toBase64url(new Uint8Array(31).fill(1));
  assert.equal(publicKeyOfJwk({ kty: 'EC', crv: 'P-256', x: whole, y: whole })?.type, 'P-256');
  refused(() => publicKeyOfJwk({ kty: 'EC', crv: 'P-256', x: short, y: whole }), 'members', /another length/);
  refused(() => publicKeyOfJwk({ kty: 'EC', crv: 'P-256', x: whole, y: short }), 'members', /another length/);
});

test('a key of DER is of a kind that is known, with nothing after its parameters', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  refused(() => publicKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))), 'kty');
  const point = derBitString(Uint8Array.of(4, ...new Uint8Array(64)));
  const [ec, p256] = [derOid('1.2.840.10045.2.1'), derOid('1.2.840.10045.3.1.7')];
  assert.equal(publicKeyOfSpki(derSequence(derSequence(ec, p256), point)).type, 'P-256');
  assert.throws(() => publicKeyOfSpki(derSequence(derSequence(ec, p256, derInteger(1)), point)), {
    code: 'CODEC_TRAILING',
  });
});

const { subtle } = webcrypto;
const spkiOf = ({ publicKey }: ReturnType<typeof ecKey>): PublicKey =>
  publicKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
const unsigned = { signingInput: new Uint8Array(), signature: new Uint8Array(64) };

test('a verification says why a signature does not count', async () => {
  const [rsa, p256, p384] = [rsaKey(), ecKey('P-256'), ecKey('P-384')].map(spkiOf) as [PublicKey, PublicKey, PublicKey];
  const fault = (algorithm: 'none' | 'ES256' | 'RS256', key: PublicKey) =>
    verifyJws({ ...unsigned, algorithm }, key, subtle);
  for (const key of [rsa, p256]) assert.equal(await fault('none', key), 'algorithm');
  for (const key of [rsa, p384]) assert.equal(await fault('ES256', key), 'algorithm');
  assert.equal(await fault('RS256', p256), 'algorithm');
  assert.equal(await fault('ES256', p256), 'signature');
  assert.equal(await fault('RS256', rsa), 'signature');
  const coordinate = toBase64url(new Uint8Array(32).fill(7));
  assert.equal(await fault('ES256', { type: 'P-256', x: coordinate, y: coordinate }), 'key');
});

test('the engine is asked for exactly what the algorithm is, and an engine that fails has verified nothing', async () => {
  const asked: unknown[] = [];
  const engine = {
    importKey: (...words: readonly unknown[]) => (asked.push(words), Promise.resolve({} as webcrypto.CryptoKey)),
    verify: (...words: readonly unknown[]) => (asked.push(words[0]), Promise.reject(new Error('wrong length'))),
  } as unknown as VerificationCrypto;
  const rsa = spkiOf(rsaKey());
  const asks = async (algorithm: 'RS384' | 'PS256' | 'ES512', key: PublicKey): Promise<readonly unknown[]> => {
    asked.length = 0;
    assert.equal(await verifyJws({ ...unsigned, algorithm }, key, engine), 'signature');
    const [[format, , parameters, isExtractable, uses], verified] = asked as [unknown[], unknown];
    assert.deepEqual([format, isExtractable, uses], ['jwk', false, ['verify']]);
    return [parameters, verified];
  };
  const pkcs1 = 'RSASSA-PKCS1-v1_5';
  assert.deepEqual(await asks('RS384', rsa), [{ name: pkcs1, hash: 'SHA-384' }, { name: pkcs1 }]);
  assert.deepEqual(await asks('PS256', rsa), [
    { name: 'RSA-PSS', hash: 'SHA-256' },
    { name: 'RSA-PSS', saltLength: 32 },
  ]);
  assert.deepEqual(await asks('ES512', spkiOf(ecKey('P-521'))), [
    { name: 'ECDSA', namedCurve: 'P-521' },
    { name: 'ECDSA', hash: 'SHA-512' },
  ]);
});
