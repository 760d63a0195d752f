import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { derOctetString, selfSignedCertificate, toHex, toPem } from '../src/index.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
const options = {
  name: 'enclave.test',
  serialNumber: new Uint8Array(16).fill(0xff),
  publicKey,
  sign: (bytes: Uint8Array) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
};

test('the certificate is signed by its own key, names what it was made for, and has the extensions that were given', () => {
  const value = derOctetString(Uint8Array.of(1, 2, 3));
  const der = selfSignedCertificate({ ...options, extensions: [{ id: '1.3.6.1.5.5.7.1.35', value }] });
  const certificate = new X509Certificate(der);
  assert.ok(certificate.verify(pair.publicKey));
  assert.equal(certificate.checkHost('enclave.test'), 'enclave.test');
  assert.equal(certificate.serialNumber, `40${'FF'.repeat(15)}`);
  assert.ok(!certificate.ca);
  assert.ok(toHex(der).includes(toHex(value)));
});

test('PEM has lines of 64 characters, and is what Node makes of the same bytes', () => {
  const der = selfSignedCertificate(options);
  assert.equal(toPem('CERTIFICATE', der), new X509Certificate(der).toString());
});

test('a name that is no DNS name is refused', () => {
  for (const name of ['', 'a b', 'ü.test', 'a\0b', 'a'.repeat(65)]) {
    assert.throws(() => selfSignedCertificate({ ...options, name }), { code: 'CODEC_OUT_OF_RANGE' });
  }
});
