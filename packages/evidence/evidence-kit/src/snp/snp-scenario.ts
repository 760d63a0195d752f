import { place } from '../quote/bytes.ts';
import { same } from '../scenario/changes.ts';
import { amdPki, snpHardwareIdOf, snpSigningKey, snpTcbOf, type AmdPki, type AmdPkiChanges } from './amd-pki.ts';
import { encodeSnpTcb, snpProducts, type SnpProduct } from './product.ts';
import { encodeSnpReportBody, exampleSnpReport, signSnpReport, type SnpReportBody } from './report.ts';

/** How a scenario of SEV-SNP differs from a good one. The TCB is that of the certificate, and of the report in all four places. */
export interface SnpScenarioChanges extends AmdPkiChanges {
  /** 3 unless given. */
  readonly version?: 2 | 3 | 5;
  /** 2026-01-15 unless given. */
  readonly at?: Date;
  readonly report?: Partial<SnpReportBody>;
  /** After signing. */
  readonly reportBytes?: (good: Uint8Array) => Uint8Array;
}

/** One report with what endorses it; certificates and list in DER. */
export interface SnpScenario extends AmdPki {
  readonly product: SnpProduct;
  readonly report: Uint8Array;
  readonly at: Date;
}

/** Builds an SEV-SNP report with its chain: genuine in everything but the changes. Node only. */
export function snpScenario(changes: SnpScenarioChanges = {}): SnpScenario {
  const report = signSnpReport(encodeSnpReportBody(reportOf(changes)), snpSigningKey(changes));
  return Object.freeze({
    ...amdPki(changes),
    product: changes.product ?? 'Milan',
    report: (changes.reportBytes ?? same)(report),
    at: changes.at ?? new Date('2026-01-15T00:00:00Z'),
  });
}

function reportOf(changes: SnpScenarioChanges): SnpReportBody {
  const { product = 'Milan', version = 3, signingKey = 'VCEK' } = changes;
  const tcb = encodeSnpTcb(product, snpTcbOf(changes));
  const isVcek = signingKey === 'VCEK';
  return {
    ...exampleSnpReport,
    version,
    flags: isVcek ? 0b00001 : 0b00101,
    currentTcb: tcb,
    reportedTcb: tcb,
    committedTcb: tcb,
    launchTcb: tcb,
    cpuid: version === 2 ? [0, 0, 0] : snpProducts[product].cpuid,
    chipId: isVcek ? place(64, [[0, snpHardwareIdOf(changes)]]) : new Uint8Array(64),
    ...(version === 5 ? { mitigationVectors: [1n, 3n] } : {}),
    ...changes.report,
  };
}
