import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { JsonObject } from '@enclos/codec/json';
import { toBase64url, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import { compactDecrypt } from 'jose';
import { releaseKeyOf, wrapSecret, type WrapAlgorithm } from '../../src/release/index.ts';
import { refusal, tokenWith } from './tokens.ts';
import { openBlob } from './transfer-blob.ts';

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa = (modulusLength: number, publicExponent = 65_537): Pair =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });
const curve = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve });
const pairs = { rsa: rsa(2048), small: rsa(1024), p256: curve('P-256'), p384: curve('P-384'), p521: curve('P-521') };

function jwkOf({ publicKey }: Pair, changes: object = {}): JsonObject {
  return { ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'enc', ...changes } as JsonObject;
}

const secret = utf8('a secret of some length');
const without = (object: JsonObject, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

const blobs = [
  ['CKM_RSA_AES_KEY_WRAP', 'sha1'],
  ['RSA_AES_KEY_WRAP_256', 'sha256'],
  ['RSA_AES_KEY_WRAP_384', 'sha384'],
] as const;

for (const [algorithm, hash] of blobs) {
  test(`${algorithm}: the owner of the key opens it, in Azure's shape`, () => {
    const wrapped = wrapSecret(secret, jwkOf(pairs.rsa), algorithm);
    assert.equal(wrapped.form, 'transfer-blob');
    const opened = openBlob(wrapped.text, pairs.rsa.privateKey, hash);
    assert.deepEqual(opened.secret, secret);
    assert.deepEqual(opened.blob['header'], { kid: 'k', alg: 'dir', enc: algorithm });
    assert.equal(opened.blob['schema_version'], '1.0.0');
  });
}

const jwes = [
  ['RSA-OAEP-256', 'rsa'],
  ['ECDH-ES+A256KW', 'p256'],
  ['ECDH-ES+A256KW', 'p384'],
] as const;

for (const [algorithm, name] of jwes) {
  test(`${algorithm} with ${name}: jose opens it with the private key`, async () => {
    const wrapped = wrapSecret(secret, jwkOf(pairs[name]), algorithm);
    assert.equal(wrapped.form, 'jwe');
    const { plaintext, protectedHeader } = await compactDecrypt(wrapped.text, pairs[name].privateKey);
    assert.deepEqual(new Uint8Array(plaintext), secret);
    assert.deepEqual([protectedHeader.alg, protectedHeader.enc, protectedHeader.kid], [algorithm, 'A256GCM', 'k']);
  });
}

test('secrets of any size come back, and no two wrappings are alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (given) => {
      const wrapped = wrapSecret(given, jwkOf(pairs.p256), 'ECDH-ES+A256KW').text;
      assert.notEqual(wrapped, wrapSecret(given, jwkOf(pairs.p256), 'ECDH-ES+A256KW').text);
      assert.deepEqual(new Uint8Array((await compactDecrypt(wrapped, pairs.p256.privateKey)).plaintext), given);
      assert.deepEqual(
        openBlob(wrapSecret(given, jwkOf(pairs.rsa), 'RSA_AES_KEY_WRAP_256').text, pairs.rsa.privateKey, 'sha256')
          .secret,
        given,
      );
    }),
    { numRuns: 25 },
  );
});

const rsaJwk = jwkOf(pairs.rsa);
const ecJwk = jwkOf(pairs.p256);
const wrap = 'RSA_AES_KEY_WRAP_256';
const agree = 'ECDH-ES+A256KW';
const refused: readonly (readonly [what: string, rule: string, jwk: JsonObject, algorithm: WrapAlgorithm])[] = [
  ['RSA of 1,024 bits', 'size', jwkOf(pairs.small), wrap],
  ['RSA of 1,024 bits for a JWE', 'size', jwkOf(pairs.small), 'RSA-OAEP-256'],
  ['RSA over 8,192 bits', 'members', { ...rsaJwk, n: toBase64url(new Uint8Array(1025).fill(0xff)) }, wrap],
  ['an exponent of one', 'exponent', { ...rsaJwk, e: 'AQ' }, wrap],
  ['an even exponent', 'exponent', { ...rsaJwk, e: 'Ag' }, wrap],
  ['no modulus', 'members', without(rsaJwk, 'n'), wrap],
  ['a modulus that is not base64url', 'members', { ...rsaJwk, n: '+/+/' }, wrap],
  ['no kid', 'kid', without(rsaJwk, 'kid'), wrap],
  ['no use', 'use', without(rsaJwk, 'use'), wrap],
  ['a key for signatures', 'use', { ...rsaJwk, use: 'sig' }, wrap],
  ['a key that may only verify', 'use', { ...without(rsaJwk, 'use'), key_ops: ['verify'] }, wrap],
  ['a key for encryption that may only verify', 'use', { ...rsaJwk, key_ops: ['verify'] }, wrap],
  ['a key for signatures that may encrypt', 'use', { ...rsaJwk, use: 'sig', key_ops: ['encrypt'] }, wrap],
  ['operations that are a text', 'use', { ...rsaJwk, key_ops: 'encrypt' }, wrap],
  ['a curve key that may encrypt', 'use', { ...without(ecJwk, 'use'), key_ops: ['encrypt'] }, agree],
  ['a private RSA key', 'private', { ...rsaJwk, d: 'AA' }, wrap],
  ['a symmetric key', 'private', { kty: 'oct', kid: 'k', use: 'enc', k: 'AA' }, wrap],
  ['an Edwards key', 'kty', { kty: 'OKP', kid: 'k', use: 'enc', crv: 'X25519', x: 'AA' }, agree],
  ['P-521', 'crv', jwkOf(pairs.p521), agree],
  ['another curve', 'crv', { ...ecJwk, crv: 'secp256k1' }, agree],
  ['a point that is not on the curve', 'members', { ...ecJwk, y: toBase64url(new Uint8Array(32).fill(9)) }, agree],
  [
    'a point at the origin',
    'members',
    { ...ecJwk, x: toBase64url(new Uint8Array(32)), y: toBase64url(new Uint8Array(32)) },
    agree,
  ],
  ['RSA to agree with', 'kty', rsaJwk, agree],
  ['a curve to encrypt to', 'kty', ecJwk, 'RSA-OAEP-256'],
  ['a curve to wrap to', 'kty', ecJwk, 'CKM_RSA_AES_KEY_WRAP'],
  ['a key for another algorithm', 'alg', { ...rsaJwk, alg: 'RSA-OAEP-256' }, wrap],
  ['an algorithm that is no text', 'alg', { ...rsaJwk, alg: 1 }, wrap],
];

for (const [what, rule, jwk, algorithm] of refused) {
  test(`nothing is wrapped to ${what}`, () => {
    assert.throws(() => wrapSecret(secret, jwk, algorithm), refusal('RELEASE_KEY_REFUSED', { rule }));
  });
}

test('nothing, too much, and unknown algorithms are mistakes of the caller', () => {
  const misuses: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(), wrap],
    [new Uint8Array(65_537), wrap],
    [secret, 'RSA1_5'],
    [secret, 'toString'],
  ];
  for (const [given, algorithm] of misuses) {
    const act = () => wrapSecret(given, rsaJwk, algorithm as WrapAlgorithm);
    assert.throws(act, refusal('RELEASE_MISUSED', {}));
  }
  assert.equal(
    openBlob(wrapSecret(new Uint8Array(65_536), rsaJwk, wrap).text, pairs.rsa.privateKey, 'sha256').secret.length,
    65_536,
  );
});

test('the key is one of the runtime data that the evidence binds', async () => {
  const azure = { ...without(rsaJwk, 'use'), kid: 'HCLTransferKey', key_ops: ['encrypt'] };
  const signing = { ...rsaJwk, kid: 's', use: 'sig' };
  const token = await tokenWith({ 'x-ms-runtime': { keys: [signing, azure] } });
  assert.equal(releaseKeyOf(token)['kid'], 'HCLTransferKey');
  const found = releaseKeyOf(token, 'HCLTransferKey');
  assert.deepEqual(openBlob(wrapSecret(secret, found, wrap).text, pairs.rsa.privateKey, 'sha256').secret, secret);
  // Named, it is found, and what it is not for is said then.
  assert.throws(
    () => wrapSecret(secret, releaseKeyOf(token, 's'), wrap),
    refusal('RELEASE_KEY_REFUSED', { rule: 'use' }),
  );
  assert.throws(() => releaseKeyOf(token, 'other'), refusal('RELEASE_KEY_REFUSED', { rule: 'keys' }));
  assert.throws(() => releaseKeyOf({ ...token }), refusal('RELEASE_MISUSED', {}));
  const runtimes = [
    undefined,
    [],
    { keys: {} },
    { keys: [] },
    { keys: [1, null] },
    { keys: [signing] },
    { keys: [azure, azure] },
  ];
  for (const runtime of runtimes) {
    const other = await tokenWith({ 'x-ms-runtime': runtime });
    assert.throws(() => releaseKeyOf(other), refusal('RELEASE_KEY_REFUSED', { rule: 'keys' }));
  }
});
