import { toHex } from '@enclos/codec';
import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { Attribute } from '@enclos/sgx';
import type { Binding } from './binding.ts';
import { isoSeconds } from './json-fields.ts';
import { completePolicy, type CompletePolicy, type SgxPolicy } from './policy.ts';
import { misused } from './refusal.ts';
import type { TrustedRoot } from './roots.ts';
import type { QuoteStatus } from './tcb-status.ts';
import { factsOf, type QuoteVerdict, type SgxVerdict, type SgxVerdictFacts } from './verdict.ts';

declare const evidenceBrand: unique symbol;

/** What accepted evidence of all TEEs has. */
interface CommonEvidence {
  readonly debug: boolean;
  /** 64 bytes of hex. */
  readonly reportData: string;
  /** `report-data`: it was what the relying party expected. Otherwise nothing was expected, and why. */
  readonly binding: { readonly kind: 'report-data' } | { readonly kind: 'unbound'; readonly reason: string };
  readonly status: QuoteStatus;
  readonly advisoryIds: readonly string[];
  readonly root: TrustedRoot;
  /** The time that was given to `appraise`: 2025-06-19T10:56:11Z. */
  readonly appraisedAt: string;
}

interface SgxEvidenceFacts extends CommonEvidence {
  readonly tee: 'sgx';
  /** 32 bytes of hex. */
  readonly mrEnclave: string;
  /** 32 bytes of hex. */
  readonly mrSigner: string;
  readonly productId: number;
  readonly securityVersion: number;
  readonly verdict: SgxVerdict;
}

/** Evidence of an SGX enclave that a relying party's policy accepted. */
export interface SgxEvidence extends SgxEvidenceFacts {
  readonly [evidenceBrand]: true;
}

/**
 * Evidence that a relying party's policy accepted; `tee` says of which kind.
 * Only `appraise` makes one: ask for this type where trust is needed.
 */
export type VerifiedEvidence = SgxEvidence;

const made = new WeakSet<object>();

/**
 * Decides whether a verdict is good enough. Everything that the policy does not
 * allow by name is refused.
 *
 * @param options `now`: the relying party's time; collateral is compared with it again.
 * @throws APPRAISAL_REFUSED; `details` hold the rule as `field`, and `expected` and `got`.
 * @throws VERIFIER_MISUSED for a verdict of another origin or a malformed binding.
 */
export function appraise(
  verdict: QuoteVerdict,
  policy: SgxPolicy,
  binding: Binding,
  options: { readonly now: Date },
): SgxEvidence {
  const facts = factsOf(verdict);
  const rules = completePolicy(policy);
  if (facts.tee !== 'sgx' || verdict.tee !== 'sgx') return refuse('tee', 'sgx', facts.tee);
  const nowMs = options.now instanceof Date ? options.now.getTime() : Number.NaN;
  if (Number.isNaN(nowMs)) misused('options.now is not a valid Date.');
  checkIdentity(facts, rules);
  checkRoot(facts, rules);
  checkStatus(facts, rules);
  checkTime(facts, rules, nowMs);
  const bound = checkBinding(facts, binding);
  // The brand exists for the compiler only; `made` is what holds at run time.
  const evidence = Object.freeze(
    describe(facts, verdict, { binding: bound, appraisedAt: isoSeconds(nowMs) }),
  ) as SgxEvidence;
  made.add(evidence);
  return evidence;
}

/** True for an object that `appraise` of this copy of the package made: for borders that untyped callers cross. */
export function isVerifiedEvidence(value: unknown): value is VerifiedEvidence {
  return typeof value === 'object' && value !== null && made.has(value);
}

function describe(
  { report, status, advisoryIds, root }: SgxVerdictFacts,
  verdict: SgxVerdict,
  rest: Pick<CommonEvidence, 'binding' | 'appraisedAt'>,
): SgxEvidenceFacts {
  return {
    tee: 'sgx',
    mrEnclave: report.mrEnclave,
    mrSigner: report.mrSigner,
    productId: report.isvProdId,
    securityVersion: report.isvSvn,
    debug: isDebug(report.attributes.flags),
    reportData: report.reportData,
    status,
    advisoryIds,
    root,
    verdict,
    ...rest,
  };
}

function checkIdentity({ report }: SgxVerdictFacts, rules: CompletePolicy): void {
  const { mrEnclave, mrSigner } = report;
  const { productId, minimumSecurityVersion } = rules;
  if (isDebug(report.attributes.flags) && !rules.allowDebug) {
    refuse('allowDebug', 'no debug enclave', 'a debug enclave');
  }
  if (rules.mrEnclave?.includes(mrEnclave) === false) refuse('mrEnclave', rules.mrEnclave, mrEnclave);
  if (rules.mrSigner?.includes(mrSigner) === false) refuse('mrSigner', rules.mrSigner, mrSigner);
  if (productId !== undefined && report.isvProdId !== productId) refuse('productId', productId, report.isvProdId);
  if (report.isvSvn < minimumSecurityVersion) refuse('minimumSecurityVersion', minimumSecurityVersion, report.isvSvn);
}

function checkRoot({ root }: SgxVerdictFacts, rules: CompletePolicy): void {
  if (root.kind === 'intel') {
    if (!rules.intelRoot) refuse('intelRoot', 'no platform of Intel', root.fingerprint);
  } else if (!rules.softwareRoots.includes(root.fingerprint)) {
    refuse('softwareRoots', rules.softwareRoots, root.fingerprint);
  }
}

function checkStatus({ status, advisoryIds, tcbEvaluationDataNumbers }: SgxVerdictFacts, rules: CompletePolicy): void {
  if (!rules.acceptedStatuses.includes(status)) refuse('acceptedStatuses', rules.acceptedStatuses, status);
  const open = advisoryIds.filter((id) => !rules.acceptedAdvisoryIds.includes(id));
  if (status !== 'OK' && open.length > 0) refuse('acceptedAdvisoryIds', rules.acceptedAdvisoryIds, open);
  const lowest = Math.min(tcbEvaluationDataNumbers.tcbInfo, tcbEvaluationDataNumbers.qeIdentity);
  const { minimumTcbEvaluationDataNumber: minimum } = rules;
  if (lowest < minimum) refuse('minimumTcbEvaluationDataNumber', minimum, lowest);
}

function checkTime(
  { collateral, pckNotYetValid, verifiedAt }: SgxVerdictFacts,
  rules: CompletePolicy,
  nowMs: number,
): void {
  const { timeFloorMs, expiredCollateralGraceMs: graceMs } = rules;
  const earliestMs = Math.min(nowMs, Date.parse(verifiedAt));
  const latestMs = Math.max(nowMs, Date.parse(verifiedAt));
  if (earliestMs < timeFloorMs) refuse('timeFloor', isoSeconds(timeFloorMs), isoSeconds(earliestMs));
  if (latestMs > Date.parse(collateral.earliestExpiration) + graceMs) {
    const got = collateral.expired.length > 0 ? collateral.expired : collateral.earliestExpiration;
    refuse('expiredCollateralGraceMs', graceMs, got);
  }
  const isEarly = pckNotYetValid || collateral.notYetValid.length > 0 || nowMs < Date.parse(collateral.latestIssueDate);
  if (isEarly && !rules.allowNotYetValid) {
    const got = collateral.notYetValid.length > 0 ? collateral.notYetValid : collateral.latestIssueDate;
    refuse('allowNotYetValid', 'nothing that begins in the future', got);
  }
}

function checkBinding({ report }: SgxVerdictFacts, binding: Binding): CommonEvidence['binding'] {
  // Untyped callers may leave it out: that is the mistake this argument exists to prevent.
  const given: Partial<Record<'reportData' | 'unbound', unknown>> = binding ?? {};
  const { reportData, unbound } = given;
  if (reportData instanceof Uint8Array && unbound === undefined) {
    if (reportData.length !== 64) misused('binding.reportData is not 64 bytes.');
    if (toHex(reportData) !== report.reportData) refuse('binding', 'the expected report data', 'other report data');
    return Object.freeze({ kind: 'report-data' });
  }
  if (typeof unbound === 'string' && unbound.trim() !== '' && reportData === undefined) {
    return Object.freeze({ kind: 'unbound', reason: unbound });
  }
  return misused('The binding is missing: give reportData, or unbound(reason).');
}

function isDebug(flags: bigint): boolean {
  return (flags & Attribute.DEBUG) !== 0n;
}

type Detail = ErrorDetails[string];

function refuse(field: string, expected: Detail, got: Detail): never {
  throw new EnclosError('APPRAISAL_REFUSED', `The policy does not accept this evidence: rule ${field}.`, {
    details: { field, expected, got },
  });
}
