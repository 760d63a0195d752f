import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { cborArray, cborBytes, cborMap, cborText, cborUnsigned } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { selfSignedSigningCertificate } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import { freshNonce, signSubject, type Subject } from '../src/protocol/binding.ts';
import { attestedConnect } from '../src/index.ts';
import { encodeClaims } from '../src/certificate/own-claims.ts';
import { appraisePeer } from '../src/peer.ts';
import { decodeClaims } from '../src/certificate/tagged-evidence.ts';
import { readCertificateEvidence, tokenKeyExtensions } from '../src/token-key.ts';
import { startImpostor } from './attacker.ts';
import { appraise, tee } from './scene.ts';
import { reportDataOf } from './certificates.ts';

const issuedAtMs = 1_750_000_000_000;
const claims = { issuer: 'https://tenant.test', configuration: 'BkWnYGdPQN4', issuedAtMs };
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
const publicKey = publicKeyOf(pair.publicKey);

async function certificate(): Promise<Uint8Array> {
  return selfSignedSigningCertificate({
    commonName: claims.issuer,
    uri: claims.issuer,
    validFrom: new Date(issuedAtMs),
    validUntil: new Date(issuedAtMs + 86_400_000),
    serialNumber: new Uint8Array(16),
    publicKey,
    algorithm: 'ecdsa-sha256',
    extensions: await tokenKeyExtensions(publicKey, claims, tee.evidenceOf('server')),
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
}

test('the certificate of a token signer says for which issuer and configuration its key was attested', async () => {
  const evidence = readCertificateEvidence(await certificate());
  assert.deepEqual(evidence.own, { role: 'token-signer', ...claims });
  assert.deepEqual(evidence.boundReportData, [
    reportDataOf(encodeClaims(publicKey, { role: 'token-signer', ...claims })),
  ]);
  assert.deepEqual(evidence.publicKey, publicKey);
});

test('claims and evidence that no reader would take are not written', async () => {
  for (const wrong of [{ issuer: 'a'.repeat(1025) }, { configuration: 'a'.repeat(129) }]) {
    const made = tokenKeyExtensions(publicKey, { ...claims, ...wrong }, tee.evidenceOf('server'));
    await assert.rejects(made, { code: 'ATLS_MISUSED' });
  }
  const failing = tokenKeyExtensions(publicKey, claims, () => Promise.reject(new Error('no quote')));
  await assert.rejects(failing, { code: 'ATLS_EVIDENCE_UNAVAILABLE' });
});

test('a token signer is no server of RA-TLS, and no peer in the cached mode, though its evidence is good', async () => {
  const der = await certificate();
  const keys = {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: toPem('CERTIFICATE', der),
  };
  const address = await startImpostor(keys, () => undefined, { alpn: [] });
  const now = (): Date => new Date(issuedAtMs);
  await assert.rejects(attestedConnect({ ...address, appraise, acceptRelayableRaTls: true, now }), isRoleRefusal);
  for (const role of ['server', 'client'] as const) {
    const subject: Subject = { role, exporter: freshNonce(), nonce: freshNonce(), publicKey };
    const message = {
      kind: 'evidence',
      mode: 'cached',
      quote: new Uint8Array(),
      signature: signSubject(subject, keys.privateKey),
      endorsements: new Uint8Array(),
    } as const;
    const policy = { appraise, leastMode: 'cached', now } as const;
    await assert.rejects(appraisePeer(policy, { message, subject, certificate: { der, publicKey } }), isRoleRefusal);
  }
});

function isRoleRefusal(error: unknown): boolean {
  assert.ok(isEnclosError(error, 'ATLS_CERTIFICATE_INVALID'), String(error));
  assert.equal(error.details['rule'], 'role');
  return true;
}

test('claims that bear our tag are whole, or refused', () => {
  const digest = new Uint8Array(createHash('sha256').update(publicKey).digest());
  const server = {
    'pubkey-hash': cborBytes(cborArray(cborUnsigned(1), cborBytes(digest))),
    'enclos-tag': cborText('enclos-atls/1'),
    'enclos-role': cborText('server'),
    'enclos-issued-at': cborUnsigned(1),
  };
  const issuer = { 'enclos-issuer': cborText('https://tenant.test') };
  const configuration = { 'enclos-configuration': cborText('x') };
  const signer = { ...server, 'enclos-role': cborText('token-signer') };
  const without = (name: keyof typeof server): Record<string, Uint8Array> =>
    Object.fromEntries(Object.entries(server).filter(([each]) => each !== name));
  assert.equal(decodeClaims(cborMap(server)).own?.role, 'server');
  assert.equal(decodeClaims(cborMap({ ...signer, ...issuer, ...configuration })).own?.role, 'token-signer');
  assert.equal(decodeClaims(cborMap(without('enclos-tag'))).own, undefined);
  for (const wrong of [
    { ...server, 'enclos-role': cborText('notary') },
    without('enclos-role'),
    without('enclos-issued-at'),
    signer,
    { ...signer, ...issuer },
    { ...signer, ...configuration },
    { ...server, ...issuer, ...configuration },
    { ...server, ...issuer },
  ]) {
    assert.throws(() => decodeClaims(cborMap(wrong)), { code: 'CODEC_INVALID' });
  }
});
