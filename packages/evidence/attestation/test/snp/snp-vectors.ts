import { createHash } from 'node:crypto';
import { toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { readJson, readText } from '../intel-vectors.ts';
import { parseSnpCollateral, type SnpCollateral, type SnpEndorsements, type SnpProduct } from '../../src/index.ts';

/** A line of snp/INDEX.tsv of the vectors. */
export interface SnpRow {
  readonly file: string;
  readonly reportSha256: string;
  readonly version: number;
  readonly vmpl: number;
  readonly signingKey: number;
  readonly policy: bigint;
  readonly debug: boolean;
  readonly reportedTcb: string;
  readonly chipIdStart: string;
  readonly result: string;
  /** Common names, leaf first. */
  readonly chain: readonly string[];
  /** As OpenSSL prints it: from and until. */
  readonly validity: readonly string[];
  readonly leafFile: string;
}

export function snpRows(): readonly SnpRow[] {
  const [, ...lines] = readText('snp/INDEX.tsv').trimEnd().split('\n');
  return lines.map((line) => {
    const cells = line.split('\t');
    const cell = (index: number): string => cells[index] ?? '';
    const after = (index: number, prefix: string): string => cell(index).replace(prefix, '');
    return {
      file: cell(0),
      reportSha256: cell(1),
      version: Number(after(2, 'v')),
      vmpl: Number(after(3, 'vmpl')),
      signingKey: Number(after(4, 'signKey=')),
      policy: BigInt(after(5, 'policy=')),
      debug: cell(6) === 'debug=1',
      reportedTcb: after(7, 'tcb='),
      chipIdStart: after(8, 'chip='),
      result: cell(9),
      chain: cell(10).split(' <- '),
      validity: cell(11).split('..'),
      leafFile: cell(12),
    };
  });
}

/** The 1184 bytes of a row, out of whatever they are wrapped in. */
export function reportOf({ file, reportSha256 }: SnpRow): Uint8Array {
  const report = file.includes('(b64 HCL)')
    ? hclReportOf(file.replace('(b64 HCL)', '')).slice(32, 32 + 1184)
    : vectors.read(file);
  const bytes = file.endsWith('hcl-report.bin') ? report.slice(32, 32 + 1184) : report;
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (!digest.startsWith(reportSha256)) throw new Error(`${file} is not the file that the index describes.`);
  return bytes;
}

function hclReportOf(file: string): Uint8Array {
  const { evidence } = readJson<{ readonly evidence: { readonly hcl_report: string } }>(file);
  return new Uint8Array(Buffer.from(evidence.hcl_report, 'base64url'));
}

export function productOf({ chain }: SnpRow): SnpProduct {
  const product = (['Milan', 'Genoa', 'Turin'] as const).find((name) => chain.at(-1) === `ARK-${name}`);
  if (product === undefined) throw new Error('A row without a chain.');
  return product;
}

/** The authorities of a product from the vectors, DER: ASK or ASVK, then ARK. */
export function authoritiesOf(product: SnpProduct, authority: 'ask' | 'asvk'): readonly Uint8Array[] {
  const folder = `snp/attestation-rs/certs/${product.toLowerCase()}`;
  return [vectors.read(`${folder}/${authority}.der`), vectors.read(`${folder}/ark.der`)];
}

/** The signing key's certificate as the row's file holds it: DER, PEM, PEM with a chain, or Azure's JSON. */
function leafOf({ leafFile }: SnpRow): string | Uint8Array {
  if (leafFile.endsWith('.der')) return vectors.read(leafFile);
  if (leafFile.endsWith('.json')) return readJson<{ readonly vcekCert: string }>(leafFile).vcekCert;
  const text = readText(leafFile);
  const end = '-----END CERTIFICATE-----\n';
  return text.slice(0, text.indexOf(end) + end.length);
}

export function snpCollateralOf(row: SnpRow): SnpCollateral & { readonly certificateChain: readonly Uint8Array[] } {
  return {
    signingKeyCertificate: leafOf(row),
    certificateChain: authoritiesOf(productOf(row), row.signingKey === 1 ? 'asvk' : 'ask'),
  };
}

export function endorsementsOf(row: SnpRow): SnpEndorsements {
  return parseSnpCollateral(snpCollateralOf(row));
}

export function endsOf(date: string): string {
  return `${new Date(date).toISOString().slice(0, 19)}Z`;
}

export function hexOf(bytes: Uint8Array, start: number, length: number): string {
  return toHex(bytes.subarray(start, start + length));
}
