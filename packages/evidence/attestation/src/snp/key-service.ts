import { fromHex } from '@enclos/codec';
import { misused, orRefuse } from '../refusal/refusal.ts';
import { decodeTcb, hardwareIdBytes, productOfCpuid, type SnpProduct } from './product.ts';
import { parseSnpReport, type SnpReport } from './report.ts';

/** Where AMD's Key Distribution Service has what endorses a report. */
export interface AmdKeyServiceUrls {
  /** The VCEK, DER. Absent for a VLEK, which only its provider has, and for a report that hides its chip. */
  readonly signingKeyCertificate?: string;
  /** ASK or ASVK, then ARK, PEM. */
  readonly certificateChain: string;
  /** DER. */
  readonly revocationList: string;
}

const service = 'https://kdsintf.amd.com';

/**
 * Where to fetch the endorsements of a report that is not verified yet. Nothing
 * is fetched, and no answer needs to be trusted: verification is by what it signs.
 *
 * @param product for reports of version 2, which do not name it.
 * @throws VERIFIER_MISUSED for bytes that are not a report, or without a product.
 */
export function amdKeyServiceUrls(bytes: Uint8Array, product?: SnpProduct): AmdKeyServiceUrls {
  const report = orRefuse(
    () => parseSnpReport(bytes),
    (cause) => misused(cause.message, cause),
  );
  const { signingKey, cpuid } = report.fields;
  const line =
    (cpuid === undefined ? product : productOfCpuid(cpuid)) ?? misused('The report does not say its product: name it.');
  const base = `${service}/${signingKey === 'VLEK' ? 'vlek' : 'vcek'}/v1/${line}`;
  const query = signingKey === 'VCEK' ? vcekQuery(report, line) : undefined;
  return Object.freeze({
    ...(query === undefined ? {} : { signingKeyCertificate: `${base}/${query}` }),
    certificateChain: `${base}/cert_chain`,
    revocationList: `${base}/crl`,
  });
}

function vcekQuery({ fields, tcb }: SnpReport, product: SnpProduct): string | undefined {
  const hardwareId = fields.chipId.slice(0, 2 * hardwareIdBytes(product));
  if (fromHex(hardwareId).every((byte) => byte === 0)) return undefined;
  const reported = decodeTcb(product, tcb.reported) ?? misused(`The report is not one of a ${product}.`);
  const { bootloader, tee, snp, microcode, fmc } = reported;
  const spl = `blSPL=${bootloader}&teeSPL=${tee}&snpSPL=${snp}&ucodeSPL=${microcode}`;
  return `${hardwareId}?${spl}${fmc === undefined ? '' : `&fmcSPL=${fmc}`}`;
}
