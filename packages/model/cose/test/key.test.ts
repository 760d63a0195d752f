import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { cborBytes, cborInteger, cborLabelledMap, cborText, fromHex, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readCoseKey, writeCoseKey } from '../src/index.ts';
import { ecdsaExample, edwardsExample } from './vectors.ts';

const broken = (rule: string) => (error: unknown) =>
  isEnclosError(error) && error.code.startsWith('CODEC_') && error.details['rule'] === rule;
const x = fromHex(ecdsaExample.x);
const y = fromHex(ecdsaExample.y);

/** The key of the RFC's example, with members exchanged, added or taken away. */
function keyWith(changes: readonly (readonly [number, Uint8Array | undefined])[]): Uint8Array {
  const members = new Map<number, Uint8Array>([
    [1, cborInteger(2)],
    [-1, cborInteger(1)],
    [-2, cborBytes(x)],
    [-3, cborBytes(y)],
  ]);
  for (const [label, value] of changes) {
    if (value === undefined) members.delete(label);
    else members.set(label, value);
  }
  return cborLabelledMap(members);
}

test('keys of each curve read back as the members of their JWK, which the engine takes', () => {
  for (const curve of ['P-256', 'P-384', 'P-521', 'Ed25519'] as const) {
    const pair =
      curve === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve });
    const jwk = createPublicKey(pair.privateKey).export({ format: 'jwk' });
    // The members that the engine gives are those of a public key of this curve.
    const key = readCoseKey(writeCoseKey(jwk as unknown as ReturnType<typeof readCoseKey>));
    assert.deepEqual({ ...key }, { ...jwk });
    createPublicKey({ key, format: 'jwk' });
  }
});

test('the key of RFC 9052 appendix C.7.1 and the one of RFC 8032 are written as their RFCs have them', () => {
  const key = readCoseKey(keyWith([[2, cborBytes(fromHex('3131'))]]));
  assert.equal(toHex(writeCoseKey(key)), `a401022001215820${ecdsaExample.x}225820${ecdsaExample.y}`);
  const edwards = readCoseKey(fromHex(`a301012006215820${edwardsExample.x}`));
  assert.equal(toHex(writeCoseKey(edwards)), `a301012006215820${edwardsExample.x}`);
});

test('keys that are private, of another type or curve, or without a whole point are refused', () => {
  const cases: readonly (readonly [string, number, Uint8Array | undefined])[] = [
    ['members', -4, cborBytes(x)],
    ['kty', 1, cborInteger(1)],
    ['kty', 1, undefined],
    ['crv', -1, cborInteger(4)],
    ['crv', -1, undefined],
    ['members', -2, cborBytes(x.subarray(1))],
    ['members', -2, undefined],
    ['members', -3, cborInteger(1)],
    ['members', -3, undefined],
    ['members', -3, cborText('y')],
  ];
  readCoseKey(keyWith([]));
  for (const [rule, label, value] of cases) assert.throws(() => readCoseKey(keyWith([[label, value]])), broken(rule));
  assert.throws(() => readCoseKey(fromHex('a201010102')), broken('duplicate-label'));
  assert.throws(() => readCoseKey(fromHex('a000')), broken('form'));
});
