import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { encryptWrappedJwe } from '@enclos/jose/node';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import {
  encryptModel,
  isEncryptedModel,
  modelDigestSync,
  openEncryptedModel,
  readEncryptedModel,
  readModelKey,
  type ExpectedModel,
} from '../src/node/index.ts';
import { everythingBytes as model } from './models.ts';

const key = new Uint8Array(randomBytes(32));
const name = 'digits';
const digest = modelDigestSync(model);
const other = modelDigestSync(utf8('another model'));
const bounds = { maxBytes: 100_000 };
const refused =
  (code: ErrorCode, details: object = {}) =>
  (error: unknown) =>
    isEnclosError(error, code) && Object.entries(details).every(([member, value]) => error.details[member] === value);
const open = (file: Uint8Array, expected: ExpectedModel, by = key): Uint8Array =>
  openEncryptedModel(readEncryptedModel(file, bounds), by, expected);
/** As KServe's tools write it: no binding. */
const kserve = async (content = model): Promise<Uint8Array> =>
  utf8(await new CompactEncrypt(content).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' }).encrypt(key));

test('an encrypted model says which key opens it, and opens to the model that it was made for', () => {
  const file = encryptModel(model, key, { name, keyId: 'kbs:///default/model/digits' });
  assert.ok(isEncryptedModel(file) && !isEncryptedModel(model));
  const read = readEncryptedModel(file, bounds);
  assert.equal(read.keyId, 'kbs:///default/model/digits');
  assert.deepEqual({ ...read.binding }, { name, digest });
  assert.equal(read.sizeBytes, model.length);
  assert.deepEqual(open(file, { name }), model);
  assert.deepEqual(open(concatBytes(file, utf8('\n')), { name, digest }), model);
});

test('what KServe reads with the library jose is the model', async () => {
  const { plaintext, protectedHeader } = await compactDecrypt(encryptModel(model, key, { name }), key, {
    keyManagementAlgorithms: ['A256KW'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  assert.deepEqual(new Uint8Array(plaintext), model);
  assert.deepEqual(protectedHeader['enclos-model'], { name, digest });
});

test('a file of KServe opens only where its digest is expected', async () => {
  const file = await kserve();
  assert.deepEqual(open(file, { name, digest }), model);
  assert.throws(() => open(file, { name }), refused('MODEL_MISMATCH', { field: 'digest' }));
  assert.throws(() => open(file, { name, digest: other }), refused('MODEL_MISMATCH', { field: 'digest' }));
});

test('a model under another name or digest is refused, and so is one whose binding is not of its content', () => {
  const file = encryptModel(model, key, { name });
  assert.throws(() => open(file, { name: 'letters' }), refused('MODEL_MISMATCH', { field: 'name' }));
  assert.throws(() => open(file, { name, digest: other }), refused('MODEL_MISMATCH', { field: 'digest' }));
  // A holder of the key can write any header: the content decides.
  const lie = encryptWrappedJwe(utf8('another content'), key, { 'enclos-model': { name, digest } });
  assert.throws(() => open(lie, { name, digest }), refused('MODEL_MISMATCH', { field: 'digest' }));
  assert.throws(() => open(lie, { name }), refused('MODEL_MISMATCH', { field: 'digest' }));
});

test('D8: the same model under the same key never has the same nonce, content key or ciphertext', () => {
  const files = Array.from(
    { length: 200 },
    () => readEncryptedModel(encryptModel(model, key, { name }), bounds).jwe.parts,
  );
  for (const part of ['nonce', 'encryptedKey', 'content', 'tag'] as const) {
    assert.equal(new Set(files.map((parts) => toBase64url(parts[part]))).size, files.length, part);
  }
});

test('another key, and a file with any byte changed, open nothing', () => {
  const file = encryptModel(model, key, { name });
  const wrong = new Uint8Array(randomBytes(32));
  assert.throws(() => open(file, { name, digest }, wrong), refused('MODEL_NOT_OPENED'));
  assert.throws(() => open(file, { name, digest }, wrong.subarray(1)), refused('MODEL_KEY_INVALID'));
  assert.throws(() => encryptModel(model, wrong.subarray(1), { name }), refused('MODEL_KEY_INVALID'));
  fc.assert(
    fc.property(fc.nat({ max: file.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = file.with(at, (file[at] ?? 0) ^ change);
      assert.throws(
        () => open(changed, { name, digest }),
        (error) => isEnclosError(error) && error.code.startsWith('MODEL_'),
      );
    }),
  );
});

test('other algorithms, a key identifier or binding of another kind, and too large a model are refused', async () => {
  const invalid = refused('MODEL_ENCRYPTION_INVALID');
  const direct = await new CompactEncrypt(model).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key);
  const cbc = await new CompactEncrypt(model).setProtectedHeader({ alg: 'A256KW', enc: 'A256CBC-HS512' }).encrypt(key);
  for (const file of [direct, cbc]) assert.throws(() => readEncryptedModel(utf8(file), bounds), invalid);
  const headers = [
    { kid: 7 },
    { kid: '' },
    { 'enclos-model': 'digits' },
    { 'enclos-model': { name } },
    { 'enclos-model': { name: '', digest } },
    { 'enclos-model': { name, digest: digest.toUpperCase() } },
  ];
  for (const header of headers) {
    assert.throws(() => readEncryptedModel(encryptWrappedJwe(model, key, header), bounds), invalid);
  }
  const file = encryptModel(model, key, { name });
  assert.throws(() => readEncryptedModel(file, { maxBytes: model.length - 1 }), invalid);
  assert.throws(() => readEncryptedModel(concatBytes(file, utf8('\n\n')), bounds), invalid);
  for (const text of ['', 'eyJ', 'a.b.c.d.e', '\n']) {
    assert.throws(() => readEncryptedModel(utf8(text), bounds), invalid);
  }
});

test('the key of a model is 32 bytes, or a JWK of them', () => {
  const jwk = (members: object): Uint8Array => utf8(JSON.stringify({ kty: 'oct', k: toBase64url(key), ...members }));
  for (const bytes of [key, jwk({}), jwk({ alg: 'A256KW', kid: 'k' })]) assert.deepEqual(readModelKey(bytes), key);
  const wrong = [
    key.subarray(1),
    concatBytes(key, key),
    jwk({ kty: 'EC' }),
    jwk({ alg: 'A128KW' }),
    jwk({ k: toBase64url(key.subarray(1)) }),
    jwk({ k: 7 }),
    utf8('[]'),
    new Uint8Array(),
  ];
  for (const bytes of wrong) assert.throws(() => readModelKey(bytes), refused('MODEL_KEY_INVALID'));
});
