import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { TokenRule } from '../../src/client/index.ts';
import {
  azureJwk,
  base64,
  certificateFor,
  expectSgx,
  issuer,
  memberJwk,
  nowSeconds,
  offlineClient,
  p256Key,
  refusal,
  rsaKey,
  sgxClaims,
  signToken,
  smallKey,
  spkiOf,
  strangerKey,
} from './token-kit.ts';

const part = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)));
const goodToken = signToken(sgxClaims);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = goodToken.split('.');

/** The text of the public key as the secret of an HMAC: key confusion. */
function confused(alg: 'HS256', secret: Uint8Array): string {
  const signed = `${part({ alg, kid: 'rsa', typ: 'JWT' })}.${part(sgxClaims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const pem = new Uint8Array(Buffer.from(rsaKey.publicKey.export({ type: 'spki', format: 'pem' })));
const strangerChain = [base64(certificateFor(strangerKey))];

const cases: readonly (readonly [what: string, rule: TokenRule, token: string])[] = [
  ['an empty text', 'form', ''],
  ['two parts', 'form', `${goodHeader}.${goodPayload}`],
  ['four parts', 'form', `${goodToken}.${goodSignature}`],
  ['five parts, an encrypted token', 'form', `${goodToken}.a.b`],
  ['white space around', 'form', ` ${goodToken}`],
  ['a line break at the end', 'form', `${goodToken}\n`],
  ['padding', 'form', `${goodHeader}=.${goodPayload}.${goodSignature}`],
  ['a header that is not JSON', 'form', `${toBase64url(utf8('{'))}.${goodPayload}.${goodSignature}`],
  ['a header that is a list', 'form', `${part([])}.${goodPayload}.${goodSignature}`],
  ['a payload that is no object', 'form', signToken('"sgx"')],
  [
    'a payload that is not UTF-8',
    'form',
    `${goodHeader}.${toBase64url(Uint8Array.of(0x7b, 0xff, 0x7d))}.${goodSignature}`,
  ],
  ['duplicate claims', 'form', signToken(JSON.stringify(sgxClaims).replace('{', '{"x-ms-sgx-svn":9,'))],
  ['a duplicate claim that is escaped', 'form', signToken(JSON.stringify(sgxClaims).replace('{', '{"\\u0069ss":"b",'))],
  ['a duplicate in the header', 'form', signToken(sgxClaims, { header: '{"alg":"RS256","alg":"none","kid":"rsa"}' })],
  ['claims that nest deeply', 'form', signToken(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`)],
  ['a text that is too long', 'size', signToken({ ...sgxClaims, more: 'x'.repeat(140_000) })],

  ['alg none without a signature', 'algorithm', `${part({ alg: 'none', kid: 'rsa' })}.${goodPayload}.`],
  ['alg None in another case', 'algorithm', `${part({ alg: 'NoNe', kid: 'rsa' })}.${goodPayload}.`],
  ['no algorithm', 'algorithm', signToken(sgxClaims, { header: { alg: undefined } })],
  ['an algorithm that is a list', 'algorithm', signToken(sgxClaims, { header: { alg: ['RS256'] } })],
  ['an algorithm named as a method of objects', 'algorithm', signToken(sgxClaims, { header: { alg: 'constructor' } })],
  ['HMAC with the PEM of the key', 'algorithm', confused('HS256', pem)],
  ['HMAC with the DER of the key', 'algorithm', confused('HS256', spkiOf(rsaKey))],
  ['an algorithm that is not allowed', 'algorithm', signToken(sgxClaims, { header: { alg: 'PS256' } })],
  ['ES256 with an RSA key', 'algorithm', signToken(sgxClaims, { key: p256Key, header: { kid: 'rsa' } })],
  ['RS256 with a curve key', 'algorithm', signToken(sgxClaims, { header: { kid: 'p256' } })],
  ['ES384 with a P-256 key', 'algorithm', signToken(sgxClaims, { key: p256Key, header: { alg: 'ES384' } })],
  [
    'an algorithm that the set reserves for another',
    'algorithm',
    signToken(sgxClaims, { header: { kid: 'reserved' } }),
  ],

  ['crit, empty', 'critical-header', signToken(sgxClaims, { header: { crit: [] } })],
  ['crit with b64', 'critical-header', signToken(sgxClaims, { header: { crit: ['b64'], b64: false } })],
  ['another type', 'type-header', signToken(sgxClaims, { header: { typ: 'dpop+jwt' } })],
  ['a type that is a number', 'type-header', signToken(sgxClaims, { header: { typ: 1 } })],
  ['jku of somebody else', 'key-location', signToken(sgxClaims, { header: { jku: 'https://evil.test/certs' } })],
  ['jku of another path', 'key-location', signToken(sgxClaims, { header: { jku: `${issuer}/certs?x` } })],
  ['jku of a look-alike', 'key-location', signToken(sgxClaims, { header: { jku: `${issuer}.evil.test/certs` } })],
  ['jku that is no text', 'key-location', signToken(sgxClaims, { header: { jku: 1 } })],
  ['no kid', 'key-id', signToken(sgxClaims, { header: { kid: undefined } })],
  ['a kid that is a number', 'key-id', signToken(sgxClaims, { header: { kid: 1 } })],
  ['an unknown kid', 'unknown-key', signToken(sgxClaims, { header: { kid: 'other' } })],
  ['a kid named as a member of all objects', 'unknown-key', signToken(sgxClaims, { header: { kid: '__proto__' } })],
  [
    'its own x5c and an unknown kid',
    'unknown-key',
    signToken(sgxClaims, { key: strangerKey, header: { x5c: strangerChain } }),
  ],
  [
    'its own x5c and no kid',
    'key-id',
    signToken(sgxClaims, { key: strangerKey, header: { kid: undefined, x5c: strangerChain } }),
  ],
  [
    'its own x5c and a known kid',
    'signature',
    signToken(sgxClaims, { key: strangerKey, header: { kid: 'rsa', x5c: strangerChain } }),
  ],
  [
    'its own jwk and a known kid',
    'key-location',
    signToken(sgxClaims, { key: strangerKey, header: { kid: 'rsa', jwk: memberJwk(strangerKey) } }),
  ],
  [
    'a URL of its own certificates and a known kid',
    'key-location',
    signToken(sgxClaims, { key: strangerKey, header: { kid: 'rsa', x5u: 'https://evil.test/chain' } }),
  ],
  ['b64 without crit', 'critical-header', signToken(sgxClaims, { header: { b64: false } })],
  ['a compressed payload', 'critical-header', signToken(sgxClaims, { header: { zip: 'DEF' } })],
  ['a header of many values', 'form', signToken(sgxClaims, { header: { x5c: Array.from({ length: 70 }, () => '') } })],
  ['alg none with a signature', 'algorithm', signToken(sgxClaims, { header: { alg: 'none' } })],
  ['a key below 2,048 bits', 'unusable-key', signToken(sgxClaims, { key: smallKey })],
  ['a symmetric key', 'unusable-key', signToken(sgxClaims, { header: { kid: 'symmetric' } })],
  ['a key for encryption', 'unusable-key', signToken(sgxClaims, { header: { kid: 'encryption' } })],
  ['a key that may not verify', 'unusable-key', signToken(sgxClaims, { header: { kid: 'operations' } })],
  ['a certificate of another key', 'unusable-key', signToken(sgxClaims, { header: { kid: 'mixed' } })],
  ['a certificate of another type of key', 'unusable-key', signToken(sgxClaims, { header: { kid: 'crossed' } })],
  ['a key with neither members nor certificate', 'unusable-key', signToken(sgxClaims, { header: { kid: 'empty' } })],
  [
    'a point that is not on the curve',
    'unusable-key',
    signToken(sgxClaims, { key: p256Key, header: { kid: 'off-curve' } }),
  ],
  ['an RSA exponent over 2^33', 'unusable-key', signToken(sgxClaims, { header: { kid: 'wide' } })],
  ['an x5c whose second item is not a certificate', 'unusable-key', signToken(sgxClaims, { header: { kid: 'chain' } })],
  ['an RSA exponent of one', 'unusable-key', signToken(sgxClaims, { header: { kid: 'one' } })],

  [
    'a flipped bit in the signature',
    'signature',
    signToken(sgxClaims, { signature: (good) => good.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) }),
  ],
  ['no signature', 'signature', signToken(sgxClaims, { signature: () => new Uint8Array() })],
  ['a signature that is cut', 'signature', signToken(sgxClaims, { signature: (good) => good.subarray(1) })],
  [
    'a signature of zeros',
    'signature',
    signToken(sgxClaims, { key: p256Key, signature: (good) => new Uint8Array(good.length) }),
  ],
  [
    'the claims of another token',
    'signature',
    `${goodHeader}.${part({ ...sgxClaims, 'x-ms-sgx-svn': 9 })}.${goodSignature}`,
  ],
  ['a signature that is too long', 'form', signToken(sgxClaims, { signature: () => new Uint8Array(2000) })],

  ['no issuer', 'issuer', signToken({ ...sgxClaims, iss: undefined })],
  ['another issuer', 'issuer', signToken({ ...sgxClaims, iss: 'https://other.example.test' })],
  ['an issuer with another scheme', 'issuer', signToken({ ...sgxClaims, iss: 'http://maa.example.test' })],
  ['an issuer on another port', 'issuer', signToken({ ...sgxClaims, iss: `${issuer}:8443` })],
  ['an issuer with another path', 'issuer', signToken({ ...sgxClaims, iss: `${issuer}/tenant` })],
  ['an issuer with a user', 'issuer', signToken({ ...sgxClaims, iss: 'https://maa.example.test@evil.test' })],
  ['an issuer that is a list', 'issuer', signToken({ ...sgxClaims, iss: [issuer] })],

  [
    'exp in the past',
    'expired',
    signToken({ ...sgxClaims, exp: nowSeconds - 5, iat: nowSeconds - 200, nbf: nowSeconds - 200 }),
  ],
  ['exp now', 'expired', signToken({ ...sgxClaims, exp: nowSeconds })],
  ['nbf in the future', 'not-yet-valid', signToken({ ...sgxClaims, nbf: nowSeconds + 1 })],
  ['iat in the future', 'issued-in-future', signToken({ ...sgxClaims, iat: nowSeconds + 1 })],
  ['no exp', 'claims', signToken({ ...sgxClaims, exp: undefined })],
  ['no iat', 'claims', signToken({ ...sgxClaims, iat: undefined })],
  ['exp that is a text', 'claims', signToken({ ...sgxClaims, exp: '9999999999' })],
  ['exp beyond all dates', 'claims', signToken({ ...sgxClaims, exp: 1e300 })],
  ['exp before iat', 'claims', signToken({ ...sgxClaims, exp: sgxClaims.iat, nbf: 1 })],
  ['no measurement', 'claims', signToken({ ...sgxClaims, 'x-ms-sgx-mrenclave': undefined })],
  ['a measurement that is cut', 'claims', signToken({ ...sgxClaims, 'x-ms-sgx-mrenclave': 'ab' })],
  ['a product id that is a text', 'claims', signToken({ ...sgxClaims, 'x-ms-sgx-product-id': '4' })],
  ['a security version below zero', 'claims', signToken({ ...sgxClaims, 'x-ms-sgx-svn': -1 })],
  ['a platform that is no text', 'claims', signToken({ ...sgxClaims, 'x-enclos-platform': true })],
  ['a state without a digest', 'claims', signToken({ ...sgxClaims, 'x-enclos-state': { epoch: 1 } })],
  ['a policy hash that is no text', 'claims', signToken({ ...sgxClaims, 'x-ms-policy-hash': 1 })],
  [
    'a policy signer without a certificate',
    'claims',
    signToken({ ...sgxClaims, 'x-ms-policy-signer': { kty: 'RSA' } }),
  ],
];

const oddKeys = {
  keys: [
    azureJwk(rsaKey),
    memberJwk(p256Key),
    { ...memberJwk(rsaKey), kid: 'reserved', alg: 'PS256' },
    memberJwk(smallKey),
    { kty: 'oct', kid: 'symmetric', k: 'AAAA' },
    { ...azureJwk(rsaKey), kid: 'encryption', use: 'enc' },
    { ...memberJwk(rsaKey), kid: 'operations', key_ops: ['encrypt'] },
    { ...memberJwk(rsaKey), kid: 'mixed', x5c: strangerChain },
    { kty: 'EC', kid: 'crossed', x5c: [base64(certificateFor(rsaKey))] },
    { kty: 'RSA', kid: 'empty' },
    { ...memberJwk(p256Key), kid: 'off-curve', y: toBase64url(new Uint8Array(32).fill(7)) },
    { ...memberJwk(rsaKey), kid: 'one', e: 'AQ' },
    { ...memberJwk(rsaKey), kid: 'wide', e: 'AgAAAAE' },
    { kty: 'RSA', kid: 'chain', x5c: [base64(certificateFor(rsaKey)), 7] },
  ],
};

for (const [what, rule, token] of cases) {
  test(`a token is refused (${rule}): ${what}`, async () => {
    const client = offlineClient({ clockSkewMs: 0, keys: { pinned: oddKeys } });
    await assert.rejects(client.verifyToken(token, expectSgx), refusal('TOKEN_REFUSED', rule, token));
  });
}

test('the same token without the change is accepted', async () => {
  const client = offlineClient({ clockSkewMs: 0, keys: { pinned: oddKeys } });
  assert.equal((await client.verifyToken(goodToken, expectSgx)).kid, 'rsa');
});

test('a clock that gives no time makes nothing valid', async () => {
  const client = offlineClient({ now: () => new Date(Number.NaN) });
  const expired = signToken({ ...sgxClaims, exp: 3, iat: 1, nbf: 1 });
  for (const token of [expired, goodToken]) {
    await assert.rejects(client.verifyToken(token, expectSgx), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
  }
});

test('the clocks may differ by the skew, and no more', async () => {
  const early = signToken({ ...sgxClaims, iat: nowSeconds + 60, nbf: nowSeconds + 60 });
  const late = signToken({ ...sgxClaims, exp: nowSeconds - 59, iat: nowSeconds - 200, nbf: nowSeconds - 200 });
  const client = offlineClient({ clockSkewMs: 60_000 });
  await client.verifyToken(early, expectSgx);
  await client.verifyToken(late, expectSgx);
  const tooEarly = signToken({ ...sgxClaims, iat: nowSeconds + 61, nbf: nowSeconds });
  const tooLate = signToken({ ...sgxClaims, exp: nowSeconds - 60, iat: nowSeconds - 200, nbf: nowSeconds - 200 });
  await assert.rejects(client.verifyToken(tooEarly, expectSgx), refusal('TOKEN_REFUSED', 'issued-in-future'));
  await assert.rejects(client.verifyToken(tooLate, expectSgx), refusal('TOKEN_REFUSED', 'expired'));
});

test('an algorithm that the caller allows is accepted, and then only that one', async () => {
  const client = offlineClient({ algorithms: ['ES256'] });
  assert.equal((await client.verifyToken(signToken(sgxClaims, { key: p256Key }), expectSgx)).algorithm, 'ES256');
  await assert.rejects(client.verifyToken(goodToken, expectSgx), refusal('TOKEN_REFUSED', 'algorithm'));
});

test('the path of an issuer counts, a slash at its end does not', async () => {
  const client = offlineClient({ issuer: `${issuer}/tenant-1` });
  await client.verifyToken(signToken({ ...sgxClaims, iss: `${issuer}/tenant-1` }), expectSgx);
  await client.verifyToken(signToken({ ...sgxClaims, iss: `${issuer}/tenant-1/` }), expectSgx);
  await assert.rejects(client.verifyToken(goodToken, expectSgx), refusal('TOKEN_REFUSED', 'issuer'));
});
