import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { cborArray, cborBytes, cborMap, cborUnsigned, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { evidenceExtensions, extensionId } from '../../src/certificate/certificate-evidence.ts';
import { readCertificateEvidence } from '../../src/index.ts';
import { encodeClaims } from '../../src/certificate/own-claims.ts';
import { encodeTaggedEvidence } from '../../src/certificate/tagged-evidence.ts';
import { unpackCertificate } from '../../src/certificate/unpack-certificate.ts';
import { certificateWith, openEnclaveEvidence, openEnclaveReport, publicKey, quoteLike } from '../certificates.ts';

const quote = quoteLike(7, 20);
const claims = encodeClaims(publicKey, { role: 'server', issuedAtMs: 1_750_000_000_000 });
const tagged = (value: Uint8Array): Uint8Array =>
  certificateWith({ id: extensionId.tagged, value: encodeTaggedEvidence({ quote, claims: value }) });
const claimsOf = (algorithm: number, digest: Uint8Array): Uint8Array =>
  cborMap({ 'pubkey-hash': cborBytes(cborArray(cborUnsigned(algorithm), cborBytes(digest))) });
const digestOf = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await webcrypto.subtle.digest(name, new Uint8Array(publicKey)));

/** The evidence, or the rule that was broken. */
async function outcomeOf(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    assert.ok(isEnclosError(error, 'ATLS_CERTIFICATE_INVALID'), String(error));
    return error.details['rule'];
  }
}

test('a browser reads in a certificate what Node reads, and refuses it by the same rule', async () => {
  const [first, second] = evidenceExtensions({ quote, claims });
  assert.ok(first !== undefined && second !== undefined);
  const [, another] = evidenceExtensions({ quote: quoteLike(8), claims });
  assert.ok(another !== undefined);
  const certificates: readonly (readonly [certificate: Uint8Array, expected: string])[] = [
    [certificateWith(first, second), 'tagged'],
    [certificateWith(second), 'cmw'],
    [tagged(claimsOf(1, await digestOf('SHA-256'))), 'tagged'],
    [tagged(claimsOf(7, await digestOf('SHA-384'))), 'tagged'],
    [tagged(claimsOf(8, await digestOf('SHA-512'))), 'tagged'],
    [certificateWith({ id: '1.3.6.1.4.1.311.105.1', value: openEnclaveReport(quote) }), 'oe-report'],
    [certificateWith({ id: '1.3.6.1.4.1.311.105.2', value: openEnclaveEvidence(quote) }), 'oe-evidence'],
    [tagged(claimsOf(1, await digestOf('SHA-512'))), 'claims-for-this-key'],
    [tagged(claimsOf(1, new Uint8Array(32))), 'claims-for-this-key'],
    [tagged(utf8('none')), 'well-formed-evidence'],
    [certificateWith(first, another), 'one-quote'],
    [certificateWith(), 'evidence'],
    [utf8('none'), 'well-formed'],
  ];
  for (const [certificate, expected] of certificates) {
    const inNode = await outcomeOf(() => readCertificateEvidence(certificate));
    const inBrowser = await outcomeOf(() => unpackCertificate(certificate));
    assert.deepEqual(inBrowser, inNode, expected);
    const found = typeof inNode === 'string' ? inNode : (inNode as { form: string }).form;
    assert.equal(found, expected);
  }
});
