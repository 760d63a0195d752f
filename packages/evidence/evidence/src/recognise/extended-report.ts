import { parseSnpCertificateTable, type SnpHostCertificate } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { snpReportBytes } from './binary-forms.ts';

/** A report of SEV-SNP, and what its host put after it. */
export interface ExtendedSnpReport {
  readonly report: Uint8Array;
  /** None when nothing follows the report, or something that is not a table. */
  readonly certificates: readonly SnpHostCertificate[];
}

/**
 * Takes an extended report apart: the report, and the table of certificates that its host added (GHCB, AMD 56421, section
 * 4.1.8.1). Entries of a table may overlap, so callers look for nothing inside of them: a table in a table would cost 32
 * times as much at each level.
 */
export function splitSnpReport(bytes: Uint8Array): ExtendedSnpReport {
  const report = bytes.subarray(0, snpReportBytes);
  try {
    return { report, certificates: parseSnpCertificateTable(bytes.subarray(snpReportBytes)) };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return { report, certificates: [] };
  }
}
