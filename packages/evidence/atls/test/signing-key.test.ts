import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  appraise,
  parseCollateral,
  softwareRoot,
  verifyQuote,
  type SgxPolicy,
  type VerifiedEvidence,
} from '@enclos/attestation';
import { createAttestationClient, type SigningKeyEvidence } from '@enclos/attestation/client';
import { toBase64url, utf8 } from '@enclos/codec';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import { attestedForms, azureVersionExtension, scenario } from '@enclos/evidence-kit';
import { evidenceExtensions } from '../src/certificate/certificate-evidence.ts';
import { claimsReportData, encodeClaims } from '../src/certificate/own-claims.ts';
import { unpackCertificate } from '../src/certificate/unpack-certificate.ts';
import { extensionId } from '../src/certificate/certificate-evidence.ts';
import { openEnclaveReport, reportDataOf } from './certificates.ts';

// A client of an attestation service reads the evidence of its keys with this package: the ways fit together.
const issuer = 'https://maa.example.test';
const atSeconds = 1_800_000_000;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });

const policy = (fingerprint: string): SgxPolicy => ({
  mrEnclave: ['33'.repeat(32)],
  minimumSecurityVersion: 0,
  acceptedStatuses: ['OK'],
  intelRoot: false,
  softwareRoots: [fingerprint],
});

/** What `docs/how-to/verify-a-token.md` shows, with collateral at hand. */
function appraiserOf({ collateral, root, at }: ReturnType<typeof scenario>) {
  return async ({ certificate }: SigningKeyEvidence): Promise<VerifiedEvidence> => {
    const { quote, boundReportData } = await unpackCertificate(certificate);
    const [reportData] = boundReportData;
    assert.ok(reportData !== undefined);
    const trusted = await softwareRoot(root.certificate);
    const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots: [trusted], now: at });
    return appraise(verdict, policy(trusted.fingerprint), { reportData }, { now: at });
  };
}

const b64 = (value: object): string => toBase64url(utf8(JSON.stringify(value)));

function tokenOf(): string {
  const claims = {
    iss: issuer,
    iat: atSeconds,
    exp: atSeconds + 60,
    'x-ms-attestation-type': 'sgx',
    'x-ms-sgx-is-debuggable': false,
    'x-ms-sgx-mrenclave': '00'.repeat(32),
    'x-ms-sgx-mrsigner': '00'.repeat(32),
    'x-ms-sgx-product-id': 1,
    'x-ms-sgx-svn': 1,
  };
  const signed = `${b64({ alg: 'ES256', kid: 'k' })}.${b64(claims)}`;
  const signature = sign('sha256', utf8(signed), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${toBase64url(signature)}`;
}

async function verify(made: ReturnType<typeof scenario>, extensions: ReturnType<typeof evidenceExtensions>) {
  const certificate = selfSignedCertificate({
    name: 'maa.example.test',
    serialNumber: new Uint8Array(16),
    publicKey,
    extensions,
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
  const client = createAttestationClient({
    endpoint: issuer,
    now: () => new Date(atSeconds * 1000),
    keys: { pinned: { keys: [{ kty: 'EC', kid: 'k', x5c: [Buffer.from(certificate).toString('base64')] }] } },
    signingEvidence: { appraise: appraiserOf(made) },
  });
  return client.verifyToken(tokenOf(), { attestationType: 'sgx' });
}

const madeFor = (reportData: Uint8Array): ReturnType<typeof scenario> =>
  scenario({ report: { reportData, mrEnclave: new Uint8Array(32).fill(0x33) } });

test('a key in a certificate as this package writes them signs tokens', async () => {
  const claims = encodeClaims(publicKey, { role: 'server', issuedAtMs: 0 });
  const made = madeFor(claimsReportData(claims));
  const token = await verify(made, evidenceExtensions({ quote: made.quote, claims }));
  assert.ok(token.signer?.tee === 'sgx');
  assert.equal(token.signer.mrEnclave, '33'.repeat(32));
});

const pem = utf8(`${pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()}\0`);

test('a key in a certificate as Open Enclave writes them signs tokens', async () => {
  const made = madeFor(reportDataOf(pem));
  const value = openEnclaveReport(made.quote);
  const token = await verify(made, [{ id: '1.3.6.1.4.1.311.105.1', value }]);
  assert.ok(token.signer?.tee === 'sgx');
});

test('a key in a certificate as Azure Attestation serves them signs tokens', async () => {
  const azure = attestedForms(publicKey)['azure-signing'];
  assert.deepEqual(azure.reportData, reportDataOf(pem), 'as node:crypto writes the text of the key');
  const made = madeFor(azure.reportData);
  const extension = { id: azure.id, value: azure.wrap(made.quote) };
  const token = await verify(made, [extension, azureVersionExtension]);
  assert.ok(token.signer?.tee === 'sgx');
  assert.equal(token.signer.mrEnclave, '33'.repeat(32));
  const replayed = madeFor(attestedForms(new Uint8Array(other))['azure-signing'].reportData);
  const stolen = { id: azure.id, value: azure.wrap(replayed.quote) };
  await assert.rejects(verify(replayed, [stolen, azureVersionExtension]), (error) => {
    assert.ok(isEnclosError(error, 'TOKEN_REFUSED'));
    return isEnclosError(error.cause, 'APPRAISAL_REFUSED');
  });
});

test('evidence about another key, and claims about another one, are refused with their reasons', async () => {
  const claims = encodeClaims(publicKey, { role: 'server', issuedAtMs: 0 });
  const replayed = encodeClaims(new Uint8Array(other), { role: 'server', issuedAtMs: 0 });
  const cases = [
    [madeFor(claimsReportData(replayed)), claims, 'APPRAISAL_REFUSED'],
    [madeFor(claimsReportData(replayed)), replayed, 'ATLS_CERTIFICATE_INVALID'],
  ] as const;
  for (const [made, bound, reason] of cases) {
    const extensions = evidenceExtensions({ quote: made.quote, claims: bound });
    await assert.rejects(verify(made, extensions), (error) => {
      assert.ok(isEnclosError(error, 'TOKEN_REFUSED'));
      assert.equal(error.details['rule'], 'signing-evidence');
      return isEnclosError(error.cause, reason);
    });
  }
  assert.equal(extensionId.tagged, '2.23.133.5.4.9', 'the form that the client looks for');
});
