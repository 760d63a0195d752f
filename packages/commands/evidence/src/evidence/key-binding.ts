import type { EvidenceForm } from '@enclos/atls';
import { equalBytes, fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';

/** Whether evidence vouches for the key of the certificate that carried it, and in which way. */
export interface KeyBinding {
  /** Undefined: it is tied in no way that is known here. */
  readonly keyBound?: boolean;
  readonly scheme?: string;
}

const titles: Readonly<Record<EvidenceForm, string>> = {
  tagged: 'tagged evidence (interoperable RA-TLS)',
  cmw: 'conceptual message wrapper (RFC 9999)',
  'gramine-legacy': 'legacy RA-TLS of Gramine',
  'oe-report': 'Open Enclave report',
  'oe-evidence': 'Open Enclave evidence',
};

/**
 * Compares the report data of verified evidence with what the certificate that
 * carried it binds. A certificate in a known form that does not hold is not bound.
 * @param evidence the bytes that were verified, which must be those that the form is about.
 */
export async function keyBinding(der: Uint8Array, evidence: Uint8Array, reportData: string): Promise<KeyBinding> {
  const { readCertificateEvidence } = await import('@enclos/atls');
  try {
    const { form, quote, boundReportData } = readCertificateEvidence(der);
    if (!equalBytes(quote.subarray(0, evidence.length), evidence)) return {};
    const actual = fromHex(reportData);
    const keyBound = boundReportData.some((expected) => equalBytes(expected, actual));
    return keyBound ? { keyBound, scheme: titles[form] } : { keyBound };
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_CERTIFICATE_INVALID')) throw error;
    // It carries evidence, but in no known form: its key cannot be checked.
    return error.details['rule'] === 'evidence' ? {} : { keyBound: false };
  }
}
