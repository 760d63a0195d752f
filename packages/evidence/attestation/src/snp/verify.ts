import { isoSeconds } from '@enclos/codec/json';
import { verifySpkiSignature, type Steps } from '../crypto/crypto-steps.ts';
import { misused, orRefuse } from '../refusal/refusal.ts';
import { cacheFor, cachePartsOf, type VerifierCache } from '../dcap/verifier-cache.ts';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';
import { verifySnpChain, type SnpChain } from './chain.ts';
import { snpDates } from './dates.ts';
import { snpPartsOf, type SnpEndorsements } from './endorsements.ts';
import { decodeTcb, productOfCpuid, tcbComponents, type SnpProduct, type SnpTcb } from './product.ts';
import { refuseSnp } from './refusal.ts';
import { parseSnpReport, type SnpReport, type SnpSigningKey, type SnpTcbKind } from './report.ts';
import type { SnpRoot } from './roots.ts';
import { snpVerificationSteps } from './steps.ts';
import { makeSnpVerdict, type SnpVerdict } from './verdict.ts';

export interface SnpVerifyOptions {
  /** Whose chains are accepted. There is no default. */
  readonly roots: readonly SnpRoot[];
  /** The time of verification: any time, also a past one. */
  readonly now: Date;
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
  /**
   * What was verified before. Unless given, `verifySnpReport` has a cache that all
   * calls share, and for calls with an implementation of cryptography of their
   * own another one; `verifyAzureSnp` remembers nothing.
   */
  readonly cache?: VerifierCache;
}

/**
 * Verifies an SEV-SNP attestation report against its endorsements, in the steps
 * of `snpVerificationSteps`. Old versions and ended dates do not refuse a
 * report: they are facts in the verdict, for `appraiseSnp` to judge.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 * @example
 * ```ts
 * import { AMD_GENOA_ROOT, parseSnpCollateral, verifySnpReport } from '@enclos/attestation';
 * import type { SnpCollateral, SnpVerdict } from '@enclos/attestation';
 *
 * export async function check(report: Uint8Array, collateral: SnpCollateral): Promise<SnpVerdict> {
 *   return verifySnpReport(report, parseSnpCollateral(collateral), { roots: [AMD_GENOA_ROOT], now: new Date() });
 * }
 * ```
 */
export async function verifySnpReport(
  report: Uint8Array,
  endorsements: SnpEndorsements,
  options: SnpVerifyOptions,
): Promise<SnpVerdict> {
  return runAsync(
    snpReportSteps(report, endorsements, { ...options, cache: options.cache ?? cacheFor(options.subtle) }),
    options.subtle ?? globalThis.crypto?.subtle,
  );
}

/** The verification itself; the caller runs its cryptography. */
export function* snpReportSteps(
  bytes: Uint8Array,
  endorsements: SnpEndorsements,
  options: Pick<SnpVerifyOptions, 'roots' | 'now'> & { readonly cache: VerifierCache },
): Steps<SnpVerdict> {
  const parts = snpPartsOf(endorsements);
  const { roots, nowMs } = requireOptions(options);
  const known = cachePartsOf(options.cache).amdSignatures;
  const { report, kind } = readReport(bytes);
  const chain = yield* verifySnpChain(parts, kind, { roots, known });
  const { product } = chain.trustedRoot;
  matchCpuid(report, product);
  if (!(yield* verifySpkiSignature('ecdsa-p384-sha384', chain.leaf.publicKey.encoded, report))) {
    refuseSnp('snp-report-signature', 'SNP_INVALID_REPORT_SIGNATURE', `The report is not signed by this ${kind}.`);
  }
  const tcb = matchTcb(report, chain);
  const chipIdHidden = matchChip(report, chain);
  return makeSnpVerdict({
    tee: 'sev-snp',
    product,
    report: Object.freeze({ ...report.fields, tcb }),
    signingKey: chain.endorsed,
    chipIdHidden,
    root: chain.trustedRoot,
    revocation: parts.crl === undefined ? 'no-list' : 'checked',
    dates: snpDates(chain, parts.crl, nowMs),
    verifiedAt: isoSeconds(nowMs),
    steps: snpVerificationSteps,
  });
}

function requireOptions({ roots, now }: Pick<SnpVerifyOptions, 'roots' | 'now'>): {
  readonly roots: readonly SnpRoot[];
  readonly nowMs: number;
} {
  const nowMs = now instanceof Date ? now.getTime() : Number.NaN;
  if (Number.isNaN(nowMs)) misused('options.now is not a valid Date.');
  const isList: boolean = Array.isArray(roots);
  if (!isList || roots.length === 0) misused('options.roots is empty: name whom you trust.');
  return { roots: [...roots], nowMs };
}

function readReport(bytes: Uint8Array): { readonly report: SnpReport; readonly kind: SnpSigningKey } {
  const step = 'snp-report-format';
  const report = orRefuse(
    () => parseSnpReport(bytes),
    (cause) => refuseSnp(step, 'SNP_REPORT_UNSUPPORTED_FORMAT', cause.message, cause),
  );
  const { signingKey } = report.fields;
  if (signingKey === 'none') {
    refuseSnp(step, 'SNP_REPORT_NOT_SIGNED', 'The report is not signed: the platform withholds its key.');
  }
  return { report, kind: signingKey };
}

/** Reports from version 3 on name their processor; the root vouches for one product only. */
function matchCpuid({ fields: { cpuid } }: SnpReport, product: SnpProduct): void {
  if (cpuid !== undefined && productOfCpuid(cpuid) !== product) {
    refuseSnp('snp-product', 'SNP_PRODUCT_MISMATCH', `The report is from another processor than a ${product}.`);
  }
}

/** A VCEK or VLEK is derived from a TCB: the certified one must be the reported one (document 57230, chapter 1). */
function matchTcb(
  report: SnpReport,
  { trustedRoot: { product }, endorsed }: SnpChain,
): Readonly<Record<SnpTcbKind, SnpTcb>> {
  const decode = (kind: SnpTcbKind): SnpTcb =>
    decodeTcb(product, report.tcb[kind]) ??
    refuseSnp('snp-tcb', 'SNP_TCB_MISMATCH', `The ${kind} TCB is not one of a ${product}.`);
  const reported = decode('reported');
  const other = tcbComponents(product).find((component) => reported[component] !== endorsed.tcb[component]);
  if (other !== undefined) {
    refuseSnp('snp-tcb', 'SNP_TCB_MISMATCH', `The certified key is of another version of ${other} than is reported.`);
  }
  return Object.freeze({
    current: decode('current'),
    reported,
    committed: decode('committed'),
    launch: decode('launch'),
  });
}

/**
 * A chip id that is present must be that of the certificate; on Turin it is
 * shorter than its field. A hidden one is a fact: the signature shows the chip
 * of a VCEK even so.
 *
 * @returns whether it is hidden.
 */
function matchChip({ fields: { chipId } }: SnpReport, { endorsed }: SnpChain): boolean {
  if (/^0*$/.test(chipId)) return true;
  if (endorsed.kind === 'VLEK' || chipId !== endorsed.hardwareId.padEnd(chipId.length, '0')) {
    refuseSnp('snp-chip', 'SNP_CHIP_MISMATCH', 'The report is from another chip than the certificate.');
  }
  return false;
}
