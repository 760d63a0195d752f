import { parseSnpCertificateTable, type SnpHostCertificate } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';

/** A certificate that the host gave along with an SNP report. It is the host's word, and proves itself or nothing. */
export type HostCertificate = SnpHostCertificate;

/**
 * Parses the `auxblob` of a SEV guest.
 * @returns nothing for an empty table: a host need not have certificates.
 * @throws TEE_EVIDENCE_UNEXPECTED for one that is malformed.
 */
export function parseCertificateTable(bytes: Uint8Array): readonly HostCertificate[] {
  try {
    return parseSnpCertificateTable(bytes);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    throw new EnclosError('TEE_EVIDENCE_UNEXPECTED', cause.message, { cause });
  }
}
