import { createHash } from 'node:crypto';
import {
  cborArray,
  cborBytes,
  cborMap,
  cborTag,
  cborText,
  cborUnsigned,
  concatBytes,
  derInteger,
  derOctetString,
  utf8,
} from '@enclos/codec';
import { issueCertificate, publicKeyInfo } from '../pki/certificate.ts';
import type { Extension } from '../pki/extensions.ts';
import { processKeys, type KeyPair } from '../pki/keys.ts';
import { pem } from '../pki/pem.ts';
import { littleEndian, place } from '../quote/bytes.ts';

/** The key of the servers whose certificates carry evidence. */
export const attestedServerKey = (): KeyPair => processKeys.key('attested server', 'P-256');

/** A self-signed certificate of that key with these extensions. */
export function attestedCertificate(...extensions: readonly Extension[]): Uint8Array {
  const name = 'attested server';
  const key = attestedServerKey();
  return issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer: name,
    subject: name,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    key,
    issuerKey: key,
    extensions,
  });
}

/** A way in which certificates carry evidence, and tie it to their key. */
export interface AttestedForm {
  /** The identifier of the extension. */
  readonly id: string;
  /** What the report data must be. */
  readonly reportData: Uint8Array;
  readonly wrap: (evidence: Uint8Array) => Uint8Array;
}

/** The forms that attested TLS accepts, for the key of a server: {@link attestedServerKey}'s unless given. */
export function attestedForms(
  keyInfo: Uint8Array = publicKeyInfo(attestedServerKey()),
): Readonly<
  Record<'tagged' | 'cmw' | 'gramine-legacy' | 'oe-report' | 'ego' | 'azure-signing' | 'oe-evidence', AttestedForm>
> {
  const claims = taggedClaims(keyInfo);
  const pemKey = utf8(`${pem(keyInfo, 'PUBLIC KEY')}\0`);
  const tagged = (evidence: Uint8Array): Uint8Array => taggedEvidence(evidence, claims);
  const openEnclave = { id: '1.3.6.1.4.1.311.105.1', wrap: (quote: Uint8Array) => openEnclaveReport(quote) };
  return {
    tagged: { id: '2.23.133.5.4.9', reportData: reportDataOf(claims), wrap: tagged },
    cmw: { id: '1.3.6.1.5.5.7.1.35', reportData: reportDataOf(claims), wrap: (quote) => wrappedMessage(tagged(quote)) },
    // Gramine put the DER of an identifier where its content belongs, so that it reads with 0.6.9 before it.
    'gramine-legacy': { id: '0.6.9.42.840.113741.1337.6', reportData: reportDataOf(keyInfo), wrap: (quote) => quote },
    'oe-report': { ...openEnclave, reportData: reportDataOf(pemKey) },
    ego: { ...openEnclave, reportData: reportDataOf(keyInfo) },
    // Azure Attestation: the quote without a header of Open Enclave, in an OCTET STRING inside that of the extension.
    'azure-signing': { id: '1.2.840.113556.10.1.1', reportData: reportDataOf(pemKey), wrap: derOctetString },
    'oe-evidence': {
      id: '1.3.6.1.4.1.311.105.2',
      reportData: reportDataOf(pemKey),
      wrap: (quote) => openEnclaveEvidence(concatBytes(quote, pemKey)),
    },
  };
}

/** What certificates of Azure Attestation have beside their quote: a version, under the identifier of other evidence. */
export const azureVersionExtension: Extension = Object.freeze({ id: '1.2.840.113556.10.1.2', value: derInteger(1) });

/** SHA-256, then zeros. */
export function reportDataOf(bytes: Uint8Array): Uint8Array {
  return place(64, [[0, new Uint8Array(createHash('sha256').update(bytes).digest())]]);
}

/** The claims of interoperable RA-TLS about a key: {"pubkey-hash": bstr [1, SHA-256]}, and a key that others add. */
export function taggedClaims(keyInfo: Uint8Array): Uint8Array {
  const digest = new Uint8Array(createHash('sha256').update(keyInfo).digest());
  const hash = cborArray(cborUnsigned(1), cborBytes(digest));
  return cborMap({ key_0: cborBytes(utf8('x')), 'pubkey-hash': cborBytes(hash) });
}

/** Tag 60000: quote, then claims. */
export function taggedEvidence(quote: Uint8Array, claims: Uint8Array): Uint8Array {
  return cborTag(60_000, cborArray(cborBytes(quote), cborBytes(claims)));
}

/** A record of RFC 9999 as an extension holds it. */
export function wrappedMessage(tagged: Uint8Array): Uint8Array {
  const type = cborText('application/vnd.enclos.tagged-evidence+cbor');
  return derOctetString(cborArray(type, cborBytes(tagged), cborUnsigned(4)));
}

/** `oe_report_header_t` and a quote; `type` 2 is for remote attestation. */
export function openEnclaveReport(quote: Uint8Array, type = 2): Uint8Array {
  return concatBytes(littleEndian(1, 4), littleEndian(type, 4), littleEndian(quote.length, 8), quote);
}

/** `oe_attestation_header_t` of version 3 and SGX_ECDSA, with the alignment of its size, and what the plugin made. */
function openEnclaveEvidence(data: Uint8Array): Uint8Array {
  const sgxEcdsa = Buffer.from('a3a21e871b4d4014b70aa125d2fbcd8c', 'hex');
  return concatBytes(littleEndian(3, 4), sgxEcdsa, new Uint8Array(4), littleEndian(data.length, 8), data);
}
