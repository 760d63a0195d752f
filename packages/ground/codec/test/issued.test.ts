import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { issueCertificate, type IssuedCertificate } from '../src/x509/index.ts';

const pair = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-384' });
const authority = pair();
const server = pair();

function issue(change: Partial<IssuedCertificate> = {}): X509Certificate {
  return new X509Certificate(
    issueCertificate({
      commonName: 'node',
      issuerName: 'authority',
      hosts: ['127.0.0.1', 'localhost'],
      isAuthority: false,
      validFrom: new Date('2026-01-01T00:00:00Z'),
      validUntil: new Date('2060-01-01T00:00:00Z'),
      serialNumber: new Uint8Array(16).fill(0xff),
      publicKey: new Uint8Array(server.publicKey.export({ type: 'spki', format: 'der' })),
      subjectKeyId: new Uint8Array(20).fill(2),
      issuerKeyId: new Uint8Array(20).fill(1),
      algorithm: 'ecdsa-sha384',
      sign: (bytes) => new Uint8Array(sign('sha384', bytes, authority.privateKey)),
      ...change,
    }),
  );
}

describe('issued certificates', () => {
  const root = issue({
    commonName: 'authority',
    hosts: [],
    isAuthority: true,
    subjectKeyId: new Uint8Array(20).fill(1),
    publicKey: new Uint8Array(authority.publicKey.export({ type: 'spki', format: 'der' })),
  });

  it('are those of an authority, and of those that it issues for', () => {
    const leaf = issue();
    assert.ok(root.ca && root.verify(authority.publicKey) && root.checkIssued(root));
    assert.ok(leaf.checkIssued(root) && leaf.verify(authority.publicKey) && !leaf.verify(server.publicKey));
    assert.equal(leaf.ca, false);
    assert.equal(leaf.subject, 'CN=node');
    assert.equal(leaf.issuer, 'CN=authority');
    assert.deepEqual([leaf.checkHost('localhost'), leaf.checkIP('127.0.0.1')], ['localhost', '127.0.0.1']);
    assert.equal(leaf.checkHost('example.com'), undefined);
    assert.equal(leaf.validTo, 'Jan  1 00:00:00 2060 GMT');
    assert.equal(root.subjectAltName, undefined);
  });

  it('name the keys of both sides, so that strict clients find the issuer', () => {
    const leaf = issue();
    const sayer = issue({ issuerKeyId: new Uint8Array(20).fill(9) });
    assert.ok(leaf.checkIssued(root));
    assert.equal(sayer.checkIssued(root), false);
    const own = issue({ isAuthority: true, pathLength: 3 });
    // SubjectKeyIdentifier, AuthorityKeyIdentifier and BasicConstraints in DER.
    for (const [certificate, hex] of [
      [leaf, `0603551d0e04160414${'02'.repeat(20)}`],
      [leaf, `0603551d23041830168014${'01'.repeat(20)}`],
      [root, '0603551d130101ff040830060101ff020100'],
      [own, '0603551d130101ff040830060101ff020103'],
    ] as const) {
      assert.ok(certificate.raw.toString('hex').includes(hex), hex);
    }
  });

  it('have names and dates that a certificate can hold', () => {
    for (const change of [
      { commonName: '' },
      { issuerName: 'a'.repeat(65) },
      { hosts: ['ä'] },
      { hosts: ['300.0.0.1'] },
      { validFrom: new Date('2061-01-01T00:00:00Z') },
      { validFrom: new Date('1900-01-01T00:00:00Z') },
    ]) {
      assert.throws(
        () => issue(change),
        (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
        JSON.stringify(change),
      );
    }
  });
});
