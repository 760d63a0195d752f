import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { toBase64, toBase64url } from '@enclos/codec';
import type { JsonObject, JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { calculateJwkThumbprint } from 'jose';
import {
  algorithmOfSignatureKey,
  jwkOf,
  keyTypeOf,
  publicKeyOfJwk,
  publicKeyOfSpki,
  readKeySet,
  readX5c,
  samePublicKey,
  type PublicKey,
} from '../src/index.ts';
import { nodePublicKeyOf, thumbprintOf } from '../src/node/index.ts';
import { ecKey, rsaKey, type KeyPair } from './keys.ts';

const pairs = { rsa: rsaKey(), p256: ecKey('P-256'), p384: ecKey('P-384'), p521: ecKey('P-521') };
const jwk = ({ publicKey }: KeyPair): JsonObject => ({ ...publicKey.export({ format: 'jwk' }) }) as JsonObject;
const spki = ({ publicKey }: KeyPair): Uint8Array => new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
const rsa = jwk(pairs.rsa);
const p256 = jwk(pairs.p256);

const byRule =
  (rule: string) =>
  (error: unknown): boolean => {
    if (!isEnclosError(error)) throw error;
    assert.equal(error.details['rule'], rule, error.message);
    return error.code.startsWith('CODEC_');
  };

describe('a public key', () => {
  for (const [name, pair] of Object.entries(pairs)) {
    it(`is the same from a JWK and from a certificate, and to node:crypto (${name})`, async () => {
      const fromJwk = publicKeyOfJwk(jwk(pair)) as PublicKey;
      const fromSpki = publicKeyOfSpki(spki(pair));
      assert.ok(samePublicKey(fromJwk, fromSpki));
      assert.ok(nodePublicKeyOf(fromJwk).key.equals(pair.publicKey));
      assert.deepEqual(jwkOf(fromJwk), jwk(pair));
      assert.equal(keyTypeOf(fromJwk), jwk(pair)['kty']);
      assert.equal(thumbprintOf(fromJwk), await calculateJwkThumbprint(jwkOf(fromJwk)));
    });
  }

  it('differs from any other', () => {
    const all = Object.values(pairs).map((pair) => publicKeyOfSpki(spki(pair)));
    for (const left of all) for (const right of all) assert.equal(samePublicKey(left, right), left === right);
  });

  it('is undefined for a JWK that has no members', () => {
    assert.equal(publicKeyOfJwk({ kty: 'RSA', x5c: ['AAAA'] }), undefined);
    assert.equal(publicKeyOfJwk({ kty: 'EC' }), undefined);
  });

  const n = pairs.rsa.publicKey.export({ format: 'jwk' }).n ?? '';
  const withZero = toBase64url(Uint8Array.of(0, ...Buffer.from(n, 'base64url')));
  const refused: readonly (readonly [what: string, rule: string, jwk: JsonObject])[] = [
    ['a symmetric key', 'kty', { kty: 'oct', k: 'AAAA' }],
    ['an Edwards key', 'kty', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }],
    ['RSA of 1,024 bits', 'size', jwk(rsaKey(1024))],
    ['RSA over 8,192 bits', 'members', { ...rsa, n: toBase64url(new Uint8Array(1025).fill(255)) }],
    ['a modulus that begins with a zero', 'members', { ...rsa, n: withZero }],
    ['a modulus with padding', 'members', { ...rsa, n: `${n}==` }],
    ['a modulus in the other alphabet', 'members', { ...rsa, n: '+/+/' }],
    ['no modulus', 'members', { kty: 'RSA', e: 'AQAB' }],
    ['an exponent of one', 'exponent', { ...rsa, e: 'AQ' }],
    ['an even exponent', 'exponent', { ...rsa, e: 'Ag' }],
    ['an exponent of 2^33 + 1', 'exponent', { ...rsa, e: toBase64url(Uint8Array.of(2, 0, 0, 0, 1)) }],
    ['an exponent that begins with a zero', 'exponent', { ...rsa, e: 'AAEAAQ' }],
    ['another curve', 'crv', jwk(ecKey('secp256k1'))],
    ['a curve named as a method of objects', 'crv', { ...p256, crv: 'constructor' }],
    ['a coordinate that is cut', 'members', { ...p256, x: 'AAAA' }],
    ['a coordinate that is too long', 'members', { ...p256, x: toBase64url(new Uint8Array(33)) }],
    ['a coordinate that is a number', 'members', { ...p256, x: 1 }],
  ];
  for (const [what, rule, given] of refused) {
    it(`is refused (${rule}): ${what}`, () => assert.throws(() => publicKeyOfJwk(given), byRule(rule)));
  }

  it('is refused by the engine for a point that is not on the curve', () => {
    const off = publicKeyOfJwk({ ...p256, y: toBase64url(new Uint8Array(32).fill(7)) }) as PublicKey;
    assert.throws(() => nodePublicKeyOf(off), byRule('members'));
  });

  it('from DER is of a kind that is known, and whole', () => {
    const p256Spki = spki(pairs.p256);
    const compressed = createPublicKey({ key: jwkOf(publicKeyOfSpki(p256Spki)), format: 'jwk' });
    assert.ok(compressed);
    assert.throws(() => publicKeyOfSpki(spki(ecKey('secp256k1'))), byRule('crv'));
    assert.throws(() => publicKeyOfSpki(spki(rsaKey(1024))), byRule('size'));
    assert.throws(() => publicKeyOfSpki(p256Spki.subarray(1)), { name: 'EnclosError' });
    const hybrid = p256Spki.slice();
    hybrid[p256Spki.length - 65] = 6;
    assert.throws(() => publicKeyOfSpki(hybrid), byRule('members'));
  });

  it('is read or refused, whatever the members are', () => {
    const member = fc.option(fc.oneof(fc.base64String(), fc.string(), fc.nat()), { nil: undefined });
    const any = fc.record({
      kty: fc.constantFrom('RSA', 'EC', 'oct'),
      crv: fc.constantFrom('P-256', 'P-384', 'x', undefined),
      n: member,
      e: member,
      x: member,
      y: member,
    });
    fc.assert(
      fc.property(any, (given) => {
        try {
          publicKeyOfJwk(given as unknown as JsonObject);
        } catch (error) {
          assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
        }
      }),
    );
  });
});

describe('a key set', () => {
  const read = (keys: JsonValue | undefined, max = 3): readonly string[] => [
    ...readKeySet(keys, max, (_kid, key) => key).keys(),
  ];

  it('has each key that a kid points to', () => {
    assert.deepEqual(read([{ kid: 'a' }, {}, { kid: '' }]), ['a']);
    assert.deepEqual(read([{ kid: 1 }, { kid: 'x'.repeat(513) }, { kid: '__proto__' }]), ['__proto__']);
  });

  it('is a list within its bound, of objects, with each kid once', () => {
    const sets: readonly (JsonValue | undefined)[] = [
      undefined,
      {},
      'keys',
      [null],
      ['key'],
      [{ kid: 'a' }, { kid: 'a', use: 'enc' }],
      [{}, {}, {}, {}],
    ];
    for (const keys of sets) assert.throws(() => read(keys), byRule('keys'), JSON.stringify(keys));
  });

  it('says what a key is for', () => {
    assert.equal(algorithmOfSignatureKey({}), undefined);
    assert.equal(algorithmOfSignatureKey({ use: 'sig', key_ops: ['verify'], alg: 'ES256' }), 'ES256');
    for (const key of [{ use: 'enc' }, { use: 1 }, { key_ops: ['encrypt'] }, { key_ops: 'verify' }]) {
      assert.throws(() => algorithmOfSignatureKey(key), byRule('use'));
    }
    assert.throws(() => algorithmOfSignatureKey({ alg: 1 }), byRule('alg'));
  });
});

describe('an x5c', () => {
  const bounds = { maxCertificates: 2, maxBytes: 3 };

  it('gives its certificates in their order', () => {
    assert.deepEqual(readX5c(['AQ==', '/+8='], bounds), [Uint8Array.of(1), Uint8Array.of(0xff, 0xef)]);
  });

  it('is a list within its bounds, of base64 with one spelling', () => {
    const wrong: readonly (JsonValue | undefined)[] = [
      undefined,
      'AQ==',
      [],
      ['AQ==', 'AQ==', 'AQ=='],
      [1],
      [''],
      [toBase64(new Uint8Array(4))],
      ['AQ=='.replace('=', '')],
      ['AR=='],
      ['_-8='],
      ['AQ==\n'],
      ['AQ==', 'A'],
    ];
    for (const x5c of wrong) assert.throws(() => readX5c(x5c, bounds), byRule('x5c'), JSON.stringify(x5c));
  });
});
