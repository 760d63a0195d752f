import { X509Certificate } from 'node:crypto';
import { toHex, utf8 } from '@enclos/codec';
import { unexpectedEvidence } from '../report-data.ts';
import type { HclReport } from './hcl-report.ts';
import type { AmdCertificates } from './instance-metadata.ts';
import type { TpmQuote } from './tpm-quote.ts';

/** The evidence of an Azure confidential VM: hardware report, then the TPM's key, then its quote. */
export interface AzureEvidence {
  /** The HCL report as it is in the TPM, with its parsed form. */
  readonly hclReportBytes: Uint8Array;
  readonly hclReport: HclReport;
  /** Its qualifying data is the 64 bytes of report data. */
  readonly tpmQuote: TpmQuote;
  /** With SNP. */
  readonly certificates: AmdCertificates | undefined;
  /** With TDX: over the TDREPORT of the HCL report. */
  readonly tdQuote: Uint8Array | undefined;
}

/** base64url with padding, as the serde module of the other tools writes it. */
function base64urlPadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function derOf(pem: string): Uint8Array {
  try {
    return new Uint8Array(new X509Certificate(pem).raw);
  } catch (cause) {
    throw unexpectedEvidence('The VCEK of the metadata service is not a certificate.', cause);
  }
}

/**
 * The evidence as one document: version 1 of the JSON that the Confidential Containers attesters `az-snp-vtpm` and
 * `az-tdx-vtpm` write, so that their verifiers read it too.
 */
export function encodeAzureEvidence({ hclReportBytes, tpmQuote, certificates, tdQuote }: AzureEvidence): Uint8Array {
  const { signature, message, pcrs } = tpmQuote;
  return utf8(
    JSON.stringify({
      version: 1,
      tpm_quote: { signature: toHex(signature), message: toHex(message), pcrs: pcrs.map((value) => toHex(value)) },
      hcl_report: base64urlPadded(hclReportBytes),
      ...(certificates === undefined ? {} : { vcek: base64urlPadded(derOf(certificates.vcek)) }),
      ...(tdQuote === undefined ? {} : { td_quote: base64urlPadded(tdQuote) }),
    }),
  );
}
