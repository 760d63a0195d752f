import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import {
  concatBytes,
  derOid,
  readCertificate,
  selfSignedCertificate,
  toHex,
  type SelfSignedCertificate,
} from '../src/index.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
const extension = { id: '1.2.3.4', value: Uint8Array.of(1, 2) };

function certificateWith(extensions: SelfSignedCertificate['extensions'] = []): Uint8Array {
  return selfSignedCertificate({
    name: 'a.test',
    serialNumber: new Uint8Array(16),
    publicKey: spki,
    extensions,
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, privateKey)),
  });
}

test('key and extensions of a certificate are read, and copied', () => {
  const certificate = certificateWith([extension]);
  const { publicKey: key, extensions } = readCertificate(certificate);
  certificate.fill(0);
  assert.deepEqual(key, spki);
  assert.deepEqual(extensions.get(toHex(derOid(extension.id).subarray(2))), extension.value);
});

test('an extension that occurs twice, and too many of them, are refused', () => {
  const refused = (
    code: 'CODEC_INVALID' | 'CODEC_OUT_OF_RANGE',
    extensions: SelfSignedCertificate['extensions'],
  ): void =>
    assert.throws(
      () => readCertificate(certificateWith(extensions)),
      (error) => isEnclosError(error, code),
    );
  refused('CODEC_INVALID', [extension, extension]);
  const many = Array.from({ length: 31 }, (_, index) => ({ ...extension, id: `1.2.3.${index}` }));
  readCertificate(certificateWith(many.slice(1)));
  refused('CODEC_OUT_OF_RANGE', many);
});

test('what follows a certificate, and what is cut off, are refused', () => {
  const good = certificateWith();
  for (const bytes of [
    concatBytes(good, Uint8Array.of(0)),
    good.subarray(0, -1),
    new Uint8Array(),
    new Uint8Array(524_289),
  ]) {
    assert.throws(
      () => readCertificate(bytes),
      (error) => isEnclosError(error) && error.code.startsWith('CODEC_'),
    );
  }
});
