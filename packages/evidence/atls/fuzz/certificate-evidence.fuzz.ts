import { concatBytes, derOctetString, fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { evidenceExtensions } from '../src/certificate/certificate-evidence.ts';
import { readCertificateEvidence } from '../src/index.ts';
import { encodeClaims } from '../src/certificate/own-claims.ts';
import { certificateWith, openEnclaveEvidence, openEnclaveReport, publicKey, quoteLike } from '../test/certificates.ts';

const quote = quoteLike(7, 20);
const claims = encodeClaims(publicKey, { role: 'server', issuedAtMs: 1_750_000_000_000 });

export const seeds: readonly Uint8Array[] = [
  certificateWith(...evidenceExtensions({ quote, claims })),
  certificateWith({ id: '1.3.6.1.4.1.311.105.1', value: openEnclaveReport(quote) }),
  certificateWith(
    { id: '1.2.840.113556.10.1.1', value: derOctetString(concatBytes(fromHex('03000200'), quote.subarray(4))) },
    { id: '1.2.840.113556.10.1.2', value: fromHex('020101') },
  ),
  certificateWith({ id: '1.3.6.1.4.1.311.105.2', value: openEnclaveEvidence(quote) }),
];

/** Certificates with evidence of every form: read, or refused with one code. */
export function fuzz(data: Uint8Array): void {
  try {
    readCertificateEvidence(data);
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_CERTIFICATE_INVALID')) throw error;
  }
}
