import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compactDecrypt } from 'jose';
import { publicKeyOfSpki } from '../src/index.ts';
import { encryptJwe, nodePublicKeyOf, type EncryptionKey, type JweAlgorithm } from '../src/node/index.ts';
import { ecKey, rsaKey, type KeyPair } from './keys.ts';

const pairs = { rsa: rsaKey(), p256: ecKey('P-256'), p384: ecKey('P-384') };
const keyOf = ({ publicKey }: KeyPair): EncryptionKey => {
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return { kid: 'k', ...nodePublicKeyOf(publicKeyOfSpki(spki)) };
};

const cases: readonly (readonly [JweAlgorithm, keyof typeof pairs])[] = [
  ['RSA-OAEP-256', 'rsa'],
  ['ECDH-ES+A256KW', 'p256'],
  ['ECDH-ES+A256KW', 'p384'],
];

for (const [algorithm, name] of cases) {
  test(`${algorithm} with ${name}: jose opens it with the private key`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (secret) => {
        const text = encryptJwe(secret, keyOf(pairs[name]), algorithm);
        const { plaintext, protectedHeader } = await compactDecrypt(text, pairs[name].privateKey);
        assert.deepEqual(new Uint8Array(plaintext), secret);
        assert.deepEqual([protectedHeader.alg, protectedHeader.enc, protectedHeader.kid], [algorithm, 'A256GCM', 'k']);
      }),
      { numRuns: 10 },
    );
  });
}

test('a key of another type is refused', () => {
  assert.throws(() => encryptJwe(new Uint8Array(1), keyOf(pairs.p256), 'RSA-OAEP-256'), { code: 'CODEC_INVALID' });
  assert.throws(() => encryptJwe(new Uint8Array(1), keyOf(pairs.rsa), 'ECDH-ES+A256KW'), { code: 'CODEC_INVALID' });
});
