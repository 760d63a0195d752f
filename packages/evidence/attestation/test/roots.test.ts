import { parseP256Certificate } from '../src/x509/p256-certificate.ts';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { scenario } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import { INTEL_SGX_ROOT, parseCollateral, softwareRoot } from '../src/index.ts';
import { softwareRootSync } from '../src/node.ts';
import { isPublicKey } from '../src/crypto/crypto-steps.ts';
import { runAsync } from '../src/crypto/web-crypto.ts';
import { pem } from './intel-vectors.ts';
import { makeCertificate, publicKeyInfo, standardExtensions, type CertificateSpec } from './synthetic-pki.ts';
import { keys } from './synthetic-platform.ts';

const spec: CertificateSpec = {
  commonName: 'Any Root',
  issuerName: 'Any Root',
  serialNumber: 1,
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2060-01-01T00:00:00Z'),
  key: keys.root,
  issuerKey: keys.root,
  extensions: standardExtensions({ point: keys.root.point, issuerPoint: keys.root.point, pathLength: 1 }),
};
const misused = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');

vectors.test('the pinned key is that of Intel’s root certificate', () => {
  const root = parseP256Certificate(vectors.read('dcap/certs/intel-sgx-root-ca.der'));
  assert.equal(root.subject.commonName, 'Intel SGX Root CA');
  assert.equal(toHex(root.publicKey), INTEL_SGX_ROOT.publicKey);
});

test('the fingerprint is SHA-256 of the SubjectPublicKeyInfo', async () => {
  const of = (point: Uint8Array): string => createHash('sha256').update(publicKeyInfo(point)).digest('hex');
  assert.equal(INTEL_SGX_ROOT.fingerprint, of(fromHex(INTEL_SGX_ROOT.publicKey)));
  const der = makeCertificate(spec);
  for (const root of [await softwareRoot(der), await softwareRoot(pem(der)), softwareRootSync(der)]) {
    assert.equal(root.kind, 'software');
    assert.equal(root.fingerprint, of(keys.root.point));
    assert.equal(root.publicKey, toHex(keys.root.point));
    assert.ok(Object.isFrozen(root));
  }
});

test('what is no self-signed authority is refused', async () => {
  const leaf = standardExtensions({ point: keys.root.point, issuerPoint: keys.root.point });
  const alone = standardExtensions({ point: keys.root.point, issuerPoint: keys.root.point, pathLength: 0 });
  const bad = [{ issuerName: 'Other Root' }, { issuerKey: keys.other }, { extensions: leaf }, { extensions: alone }];
  for (const change of bad) await assert.rejects(softwareRoot(makeCertificate({ ...spec, ...change })), misused);
  const text = pem(makeCertificate(spec));
  for (const input of ['', 'x', text + text, new Uint8Array()]) {
    await assert.rejects(softwareRoot(input), misused);
    assert.throws(() => softwareRootSync(input), misused);
  }
});

test('errors say when PEM is given for DER, or DER for PEM', async () => {
  const good = makeCertificate(spec);
  for (const [input, words] of [
    [utf8(pem(good)), /DER is wanted, and this is PEM/],
    [Buffer.from(good).toString('latin1'), /Not a PEM text\. It begins like DER\.$/],
    [Buffer.from(good).toString('base64'), /It begins like the base64 of DER, without the lines of PEM/],
  ] as const) {
    await assert.rejects(
      softwareRoot(input),
      (error) => misused(error) && error instanceof Error && words.test(error.message),
    );
  }
  const { collateral } = scenario();
  for (const pck_crl of ['-----BEGIN X509 CRL-----', toHex(utf8('-----BEGIN X509 CRL-----'))]) {
    assert.throws(() => parseCollateral({ ...collateral, pck_crl }), /is wanted, and this is PEM/);
  }
});

vectors.test('Intel’s root is no software root', async () => {
  await assert.rejects(softwareRoot(vectors.read('dcap/certs/intel-sgx-root-ca.der')), misused);
});

test('without WebCrypto there is no verification', async () => {
  await assert.rejects(runAsync(isPublicKey(keys.root.point), undefined), misused);
});
