import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { derOctetString, toHex } from '../src/index.ts';
import { toPem } from '../src/pem.ts';
import { selfSignedCertificate, selfSignedSigningCertificate } from '../src/x509/index.ts';

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

const signingKeys = {
  'ecdsa-sha256': [pair, 'sha256'],
  'ecdsa-sha384': [generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sha384'],
  'rsa-sha256': [generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
} as const;

function signingOptions(algorithm: keyof typeof signingKeys = 'ecdsa-sha256') {
  const [keys, digest] = signingKeys[algorithm];
  return {
    commonName: 'https://tenant.test:8443',
    uri: 'https://tenant.test:8443',
    validFrom: new Date('2026-01-15T00:00:00.900Z'),
    validUntil: new Date('2051-01-16T00:00:00Z'),
    serialNumber: new Uint8Array(16).fill(1),
    publicKey: new Uint8Array(keys.publicKey.export({ type: 'spki', format: 'der' })),
    algorithm,
    sign: (bytes: Uint8Array) => new Uint8Array(sign(digest, bytes, keys.privateKey)),
  } as const;
}

test('a certificate of a signing key, by each algorithm: signed by its own key, with names and dates', () => {
  for (const algorithm of ['ecdsa-sha256', 'ecdsa-sha384', 'rsa-sha256'] as const) {
    const value = derOctetString(Uint8Array.of(1, 2, 3));
    const der = selfSignedSigningCertificate({
      ...signingOptions(algorithm),
      organizationalUnits: ['software platform'],
      extensions: [{ id: '2.23.133.5.4.9', value }],
    });
    const certificate = new X509Certificate(der);
    assert.ok(certificate.verify(signingKeys[algorithm][0].publicKey), algorithm);
    assert.equal(certificate.subject, 'OU=software platform\nCN=https://tenant.test:8443');
    assert.equal(certificate.issuer, certificate.subject);
    assert.equal(certificate.subjectAltName, 'URI:https://tenant.test:8443');
    assert.equal(new Date(certificate.validFrom).toISOString(), '2026-01-15T00:00:00.000Z');
    assert.equal(new Date(certificate.validTo).toISOString(), '2051-01-16T00:00:00.000Z');
    assert.ok(!certificate.ca);
    assert.equal(certificate.checkHost('tenant.test'), undefined);
    assert.ok(toHex(der).includes(toHex(value)));
  }
});

test('names and dates that a certificate of a signing key cannot hold are refused', () => {
  const earlier = new Date('2026-01-01T00:00:00Z');
  for (const wrong of [
    { commonName: '' },
    { commonName: 'a'.repeat(65) },
    { commonName: 'a\0b' },
    { organizationalUnits: ['ü'] },
    { uri: 'https://a b' },
    { uri: '' },
    { uri: `https://${'a'.repeat(2048)}` },
    { validUntil: earlier },
    { validFrom: new Date('1949-01-01T00:00:00Z') },
    { validUntil: new Date(253_402_300_800_000) },
    { validUntil: new Date(Number.NaN) },
  ]) {
    assert.throws(() => selfSignedSigningCertificate({ ...signingOptions(), ...wrong }), {
      code: 'CODEC_OUT_OF_RANGE',
    });
  }
});
