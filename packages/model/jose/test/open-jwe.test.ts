import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { publicKeyOfSpki } from '../src/index.ts';
import { encryptJwe, encryptWrappedJwe, nodePublicKeyOf, openJwe, readCompactJwe } from '../src/node/index.ts';
import { b64url, ecKey, rsaKey } from './keys.ts';

const bounds = { maxBytes: 1_000_000 };
const key = new Uint8Array(randomBytes(32));
const broken = (rule: string) => (error: unknown) =>
  isEnclosError(error) && error.code.startsWith('CODEC_') && error.details['rule'] === rule;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const open = (jwe: string | Uint8Array, by: Parameters<typeof openJwe>[1] = key): Uint8Array =>
  openJwe(readCompactJwe(typeof jwe === 'string' ? utf8(jwe) : jwe, bounds), by);

/** Around the pieces that are decoded at a time: 49,152 bytes. */
const sizes = [0, 1, 2, 3, 49_151, 49_152, 49_153, 98_305, 200_000];

test('jose opens what is written under a shared key, of any length', async () => {
  for (const size of sizes) {
    const content = new Uint8Array(randomBytes(size));
    const { plaintext, protectedHeader } = await compactDecrypt(encryptWrappedJwe(content, key, { kid: 'k' }), key);
    assert.deepEqual(new Uint8Array(plaintext), content);
    assert.deepEqual(protectedHeader, { kid: 'k', alg: 'A256KW', enc: 'A256GCM' });
  }
});

test('what jose writes under a shared key is opened, of any length', async () => {
  for (const size of sizes) {
    const content = new Uint8Array(randomBytes(size));
    const jwe = await new CompactEncrypt(content).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' }).encrypt(key);
    assert.deepEqual(open(jwe), content);
  }
});

test('what jose writes to a private key is opened by it, and by no other', async () => {
  const pairs = [
    ['RSA-OAEP-256', rsaKey(), rsaKey()],
    ['ECDH-ES+A256KW', ecKey('P-256'), ecKey('P-256')],
    ['ECDH-ES+A256KW', ecKey('P-384'), ecKey('P-521')],
  ] as const;
  for (const [alg, pair, other] of pairs) {
    const content = new Uint8Array(randomBytes(40));
    const writer = new CompactEncrypt(content).setProtectedHeader({ alg, enc: 'A256GCM' });
    const jwe = await writer.encrypt(pair.publicKey);
    assert.deepEqual(open(jwe, pair.privateKey), content);
    assert.throws(() => open(jwe, other.privateKey), broken('decryption'));
    const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
    const own = encryptJwe(content, { kid: 'k', ...nodePublicKeyOf(publicKeyOfSpki(spki)) }, alg);
    assert.deepEqual(open(own, pair.privateKey), content);
    for (const wrong of [key, pair.publicKey, alg === 'RSA-OAEP-256' ? ecKey().privateKey : rsaKey().privateKey]) {
      assert.throws(() => open(jwe, wrong), broken('kty'));
    }
  }
});

test('no nonce and no content key is used twice', () => {
  const content = new Uint8Array(64);
  const parts = Array.from({ length: 500 }, () => readCompactJwe(encryptWrappedJwe(content, key), bounds).parts);
  assert.equal(new Set(parts.map(({ nonce }) => b64url(nonce))).size, parts.length);
  assert.equal(new Set(parts.map(({ encryptedKey }) => b64url(encryptedKey))).size, parts.length);
  assert.equal(new Set(parts.map(({ content: each }) => text(each))).size, parts.length);
});

test('another key, and a change of any part, open nothing', () => {
  const jwe = encryptWrappedJwe(utf8('content'), key, { kid: 'k' });
  const wrong = new Uint8Array(key);
  wrong[31] = 255 - (wrong[31] ?? 0);
  assert.throws(() => open(jwe, wrong), broken('decryption'));
  assert.throws(() => open(jwe, key.subarray(1)), broken('kty'));
  assert.throws(() => encryptWrappedJwe(utf8('content'), key.subarray(1)), broken('kty'));
  const parts = text(jwe).split('.');
  for (let index = 1; index < 5; index++) {
    const part = Buffer.from(parts[index] ?? '', 'base64url');
    part[0] = 255 - (part[0] ?? 0);
    assert.throws(
      () => open(parts.with(index, part.toString('base64url')).join('.')),
      broken('decryption'),
      `${index}`,
    );
  }
  const header = b64url({ kid: 'other', alg: 'A256KW', enc: 'A256GCM' });
  assert.throws(() => open(parts.with(0, header).join('.')), broken('decryption'));
});

test('other algorithms, parameters and forms are refused', () => {
  const parts = text(encryptWrappedJwe(new Uint8Array(60_000), key)).split('.');
  const withHeader = (header: object): string => parts.with(0, b64url(header)).join('.');
  const good = { alg: 'A256KW', enc: 'A256GCM' };
  for (const alg of ['A128KW', 'A256GCMKW', 'dir', 'RSA1_5', 'RSA-OAEP', 'PBES2-HS256+A128KW', '', undefined]) {
    assert.throws(() => open(withHeader({ ...good, alg })), broken('algorithm'));
  }
  for (const enc of ['A128GCM', 'A256CBC-HS512', undefined]) {
    assert.throws(() => open(withHeader({ ...good, enc })), broken('algorithm'));
  }
  for (const parameter of ['crit', 'zip', 'apu', 'apv']) {
    assert.throws(() => open(withHeader({ ...good, [parameter]: 'DEF' })), broken('critical-header'));
  }
  assert.throws(() => open(parts.with(0, b64url('[]')).join('.')), broken('form'));
  assert.throws(() => open(parts.with(0, b64url('{"alg":"A256KW","alg":"A256KW"}')).join('.')), broken('form'));
  for (const wrong of [parts.slice(1), [...parts, ''], parts.with(2, 'AAAA'), parts.with(4, 'AAAA'), ['a']]) {
    assert.throws(() => open(wrong.join('.')), broken('form'));
  }
  const content = parts[3] ?? '';
  // In the first piece that is decoded, and in the last one.
  for (const at of [5, content.length - 5]) {
    for (const character of ['+', '/', '=', ' ', '*', 'é']) {
      const changed = `${content.slice(0, at)}${character}${content.slice(at + 1)}`;
      assert.throws(() => open(Buffer.from(parts.with(3, changed).join('.'), 'latin1')), broken('form'), character);
    }
  }
  assert.throws(() => readCompactJwe(utf8(parts.join('.')), { maxBytes: 59_999 }), broken('size'));
  assert.throws(() => open(withHeader({ ...good, alg: 'ECDH-ES+A256KW' }), ecKey().privateKey), broken('members'));
});

test('a JWE with any byte changed opens to its content, or not at all', () => {
  const content = utf8('the content of a short JWE');
  const jwe = encryptWrappedJwe(content, key);
  fc.assert(
    fc.property(fc.nat({ max: jwe.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      try {
        assert.deepEqual(open(jwe.with(at, byte)), content);
      } catch (error) {
        assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
      }
    }),
  );
});
