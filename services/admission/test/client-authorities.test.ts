import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { describe, test } from 'node:test';
import { toPem } from '@enclos/codec/pem';
import { issueAuthority, type Identity } from '../src/certificates/issue.ts';
import { servingCertificate } from '../src/server/certificate-files.ts';
import { post } from './clients.ts';
import { reviewOf } from './reviews.ts';
import { start } from './running.ts';
import { makeTrust, type Trust } from './trust.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validity = { now: new Date(), days: 1 };
const review = reviewOf({});

/** As a kubeconfig of the API server has it. */
async function clientOf(authority: Identity): Promise<Identity> {
  // After the authority was made, which loads what this library needs.
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [, signer = ''] = /-----BEGIN PRIVATE KEY-----([^-]+)-----/.exec(authority.key) ?? [];
  const signingKey = await webcrypto.subtle.importKey('pkcs8', Buffer.from(signer, 'base64'), algorithm, false, [
    'sign',
  ]);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject: 'CN=kube-apiserver',
    issuer: new x509.X509Certificate(authority.cert).subjectName,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}

const [authority, other] = await Promise.all([issueAuthority('clients', validity), issueAuthority('other', validity)]);
const [client, stranger] = await Promise.all([clientOf(authority), clientOf(other)]);

async function started(trust: Trust, clientCa: string) {
  const read = (text: string) => () => Promise.resolve(text);
  return start({
    files: { readCertificate: read(trust.cert), readKey: read(trust.key), readClientCa: read(clientCa) },
  });
}

describe('with authorities of clients, the webhook', () => {
  test('answers a client with a certificate of theirs, and no other', async (t) => {
    const trust = await makeTrust();
    const running = await started(trust, authority.cert);
    t.after(() => running.stop());
    assert.equal((await post(running.port, trust, review, client)).status, 200);
    await assert.rejects(post(running.port, trust, review), /certificate required|ECONNRESET|socket hang up/i);
    await assert.rejects(post(running.port, trust, review, stranger), /unknown ca|ECONNRESET|socket hang up/i);
    assert.match(await running.metrics(), /^enclos_admission_handshakes_failed_total 2$/m);
    assert.match(await running.metrics(), /reviews_total\{[^}]*\} 1$/m);
  });

  test('refuses what is not an authority, in words', async () => {
    const trust = await makeTrust();
    const code = 'ADMISSION_CERTIFICATE_REFUSED';
    const refused = (clientCa: string, message: RegExp): void =>
      assert.throws(() => servingCertificate({ ...trust, clientCa }), { code, message });
    refused('', /^The authorities of clients are not certificates as PEM\.$/);
    refused(client.cert, /^Authority 1 of 1 for clients may not sign certificates\.$/);
    // TLS passes over what it cannot read, and then keeps the clients of that authority out.
    refused(`${authority.cert}\n${client.cert}`, /^Authority 2 of 2 for clients may not sign certificates\.$/);
    refused(`${authority.cert}\n${other.cert.slice(0, 200)}`, /are not certificates as PEM/);
    refused(`${authority.cert}\n${toPem('CERTIFICATE', Uint8Array.of(0))}`, /are not certificates as PEM/);
    servingCertificate({ ...trust, clientCa: `# two\n${authority.cert}\n${other.cert}` });
  });
});
