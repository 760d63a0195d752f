import { parseSnpCertificateTable, type SnpHostCertificate } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';

/** A certificate that the host supplied with an SNP report. Only its own signature proves anything. */
export type HostCertificate = SnpHostCertificate;

/**
 * Parses the `auxblob` of a SEV guest.
 * @returns nothing for an empty table: a host need not have certificates.
 * @throws TEE_EVIDENCE_UNEXPECTED for a malformed table.
 */
export function parseCertificateTable(bytes: Uint8Array): readonly HostCertificate[] {
  try {
    return parseSnpCertificateTable(bytes);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    throw new EnclosError('TEE_EVIDENCE_UNEXPECTED', cause.message, { cause });
  }
}
