import { createHash } from 'node:crypto';
import { concatBytes } from '@enclos/codec';
import { requireSameReportData, unexpectedEvidence } from '../report-data.ts';

/** A `provider` of configfs-tsm that this driver knows; the name is the format of the report. */
export type TsmProvider = 'sev_guest' | 'tdx_guest';

/** ATTESTATION_REPORT (AMD 56860, table ATTESTATION_REPORT Structure). */
const snpReport = Object.freeze({ sizeBytes: 1184, reportData: 0x50 });
/** The size of a quote's header, and the offset of REPORTDATA in a TD report body (DCAP Quote Library, appendix A.3). */
const quoteHeaderBytes = 48;
const tdReportData = 520;
/** In version 5 the body's type (2 bytes) and its length (4 bytes) come in between. */
const bodyAt: Readonly<Record<number, number>> = { 4: quoteHeaderBytes, 5: quoteHeaderBytes + 6 };
const teeTypeTdx = 0x81;

/**
 * The 64 bytes of report data that a report carries. Reads nothing else: the verifier decides what the evidence proves.
 * @throws TEE_EVIDENCE_UNEXPECTED when the report is not in the format of the provider.
 */
export function reportDataOf(provider: TsmProvider, report: Uint8Array): Uint8Array {
  if (provider === 'sev_guest') {
    if (report.length !== snpReport.sizeBytes) throw unexpectedEvidence('The report is not an SNP report.');
    return report.slice(snpReport.reportData, snpReport.reportData + 64);
  }
  return tdQuoteReportData(report);
}

/** As {@link reportDataOf} for a TD quote of version 4 or 5. */
export function tdQuoteReportData(quote: Uint8Array): Uint8Array {
  if (quote.length < quoteHeaderBytes) throw unexpectedEvidence('The report is not a TD quote.');
  const view = new DataView(quote.buffer, quote.byteOffset, quote.byteLength);
  const start = bodyAt[view.getUint16(0, true)];
  if (start === undefined || view.getUint32(4, true) !== teeTypeTdx) {
    throw unexpectedEvidence('The report is not a TD quote of version 4 or 5.');
  }
  const at = start + tdReportData;
  if (quote.length < at + 64) throw unexpectedEvidence('The TD quote is too short.');
  return quote.slice(at, at + 64);
}

/**
 * The report data of a report that an SVSM asked for: the digest of the caller's bytes and the manifest of its services
 * (AMD 58019, Secure VM Service Module, section 7).
 */
function svsmReportData(reportData: Uint8Array, manifest: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(concatBytes(reportData, manifest)).digest());
}

/** @throws TEE_EVIDENCE_UNEXPECTED when the report is about anything but `reportData`. */
export function requireReportOf(
  provider: TsmProvider,
  found: { readonly report: Uint8Array; readonly manifest: Uint8Array | undefined },
  reportData: Uint8Array,
): void {
  const { report, manifest } = found;
  const expected = manifest === undefined ? reportData : svsmReportData(reportData, manifest);
  requireSameReportData(reportDataOf(provider, report), expected);
}
