import { isoSeconds } from '@enclos/codec/json';
import { checkBinding, checkDates, refuseByRule, requireListed, timesOf, type BindingFact } from './appraisal-rules.ts';
import type { Binding } from './binding.ts';
import { completePolicy, type AppraisalPolicy } from '../policy/parse-policy.ts';
import { misused } from '../refusal/refusal.ts';
import { snpDatedParts, snpDocumentParts } from '../snp/dates.ts';
import type { CompleteSnpPolicy, SnpProtection } from '../policy/snp-policy.ts';
import { tcbComponents, type SnpProduct } from '../snp/product.ts';
import type { SnpTcbKind } from '../snp/report.ts';
import { snpFactsOf, type SnpVerdict, type SnpVerdictFacts } from '../snp/verdict.ts';

declare const evidenceBrand: unique symbol;

interface SnpEvidenceFacts {
  readonly tee: 'sev-snp';
  readonly product: SnpProduct;
  /** 48 bytes of hex. */
  readonly measurement: string;
  readonly guestSvn: number;
  readonly vmpl: number;
  readonly debug: boolean;
  /** 64 bytes of hex. */
  readonly reportData: string;
  /** `report-data`: it was what the relying party expected. Otherwise nothing was expected, and why. */
  readonly binding: BindingFact;
  /** The time that was given to `appraiseSnp`: 2025-06-19T10:56:11Z. */
  readonly appraisedAt: string;
  readonly verdict: SnpVerdict;
}

/** Evidence that a relying party's policy accepted. Only `appraiseSnp` makes one: ask for this type where trust is needed. */
export interface VerifiedSnpEvidence extends SnpEvidenceFacts {
  readonly [evidenceBrand]: true;
}

const made = new WeakSet<object>();

/**
 * Decides whether a verdict is good enough. Everything that the policy does not
 * allow by name is refused, a policy for another TEE first.
 *
 * @param options `now`: the relying party's time; dates are compared with it again.
 * @throws APPRAISAL_REFUSED; `details` hold the rule as `field`, and `expected` and `got`.
 * @throws VERIFIER_MISUSED for a verdict of another origin or a malformed binding.
 */
export function appraiseSnp(
  verdict: SnpVerdict,
  policy: AppraisalPolicy,
  binding: Binding,
  options: { readonly now: Date },
): VerifiedSnpEvidence {
  const facts = snpFactsOf(verdict);
  const { tee, rules } = completePolicy(policy);
  const nowMs = options.now instanceof Date ? options.now.getTime() : Number.NaN;
  if (Number.isNaN(nowMs)) misused('options.now is not a valid Date.');
  if (tee !== 'sev-snp') return refuseByRule('tee', tee, facts.tee);
  checkGuestPolicy(facts, rules);
  checkIdentity(facts, rules);
  checkSigner(facts, rules);
  checkTcb(facts, rules);
  checkTime(facts, rules, nowMs);
  const { report, product } = facts;
  const bound = checkBinding(report.reportData, binding);
  // The brand exists for the compiler only; `made` is what holds at run time.
  const evidence = Object.freeze({
    tee: 'sev-snp',
    product,
    measurement: report.measurement,
    guestSvn: report.guestSvn,
    vmpl: report.vmpl,
    debug: report.policy.debugAllowed,
    reportData: report.reportData,
    binding: bound,
    appraisedAt: isoSeconds(nowMs),
    verdict,
  } satisfies SnpEvidenceFacts) as VerifiedSnpEvidence;
  made.add(evidence);
  return evidence;
}

/** True for an object that `appraiseSnp` of this copy of the package made: for borders that untyped callers cross. */
export function isVerifiedSnpEvidence(value: unknown): value is VerifiedSnpEvidence {
  return typeof value === 'object' && value !== null && made.has(value);
}

function checkGuestPolicy(facts: SnpVerdictFacts, rules: CompleteSnpPolicy): void {
  const { policy } = facts.report;
  if (policy.debugAllowed && rules.allowDebug !== true) refuseByRule('allowDebug', 'no debug guest', 'a debug guest');
  if (policy.migrationAgentAllowed && rules.allowMigrationAgent !== true) {
    refuseByRule('allowMigrationAgent', 'no migration agent', 'a migration agent may move the guest');
  }
  if (policy.smtAllowed && !rules.allowSmt) refuseByRule('allowSmt', 'no SMT', 'SMT is allowed');
  if (policy.cxlAllowed && rules.allowCxl !== true) refuseByRule('allowCxl', 'no CXL', 'CXL is allowed');
  if (!policy.singleSocket && !rules.allowMultipleSockets) {
    refuseByRule('allowMultipleSockets', 'a single socket', 'several sockets are allowed');
  }
  checkProtections(facts, rules);
}

function checkProtections(
  { report: { policy, platformInfo } }: SnpVerdictFacts,
  { minimumGuestAbi: least, requiredProtections = [] }: CompleteSnpPolicy,
): void {
  const { abiMajor, abiMinor } = policy;
  if (least !== undefined && (abiMajor < least.major || (abiMajor === least.major && abiMinor < least.minor))) {
    refuseByRule('minimumGuestAbi', `${least.major}.${least.minor}`, `${abiMajor}.${abiMinor}`);
  }
  // The platform has members of the same names: what it does without the guest's demand, it may stop doing.
  const found: Readonly<Record<SnpProtection, boolean>> = {
    ...policy,
    aliasCheckComplete: platformInfo.aliasCheckComplete,
  };
  const missing = requiredProtections.filter((name) => !found[name]);
  if (missing.length > 0) refuseByRule('requiredProtections', requiredProtections, `without ${missing.join(', ')}`);
}

function checkIdentity({ report }: SnpVerdictFacts, rules: CompleteSnpPolicy): void {
  const { minimumReportVersion = 0 } = rules;
  if (report.version < minimumReportVersion) {
    refuseByRule('minimumReportVersion', minimumReportVersion, report.version);
  }
  requireListed('measurements', rules.measurements, report.measurement);
  if (report.guestSvn < rules.minimumGuestSvn) {
    refuseByRule('minimumGuestSvn', rules.minimumGuestSvn, report.guestSvn);
  }
  if (report.vmpl !== rules.vmpl) refuseByRule('vmpl', rules.vmpl, report.vmpl);
  requireListed('hostData', rules.hostData, report.hostData);
  requireListed('idKeyDigests', rules.idKeyDigests, report.idKeyDigest);
  if (rules.authorKeyDigests !== undefined && !report.authorKeyEnabled) {
    refuseByRule('authorKeyDigests', rules.authorKeyDigests, 'no author key');
  }
  requireListed('authorKeyDigests', rules.authorKeyDigests, report.authorKeyDigest);
  requireListed('familyIds', rules.familyIds, report.familyId);
  requireListed('imageIds', rules.imageIds, report.imageId);
}

function checkSigner({ root, signingKey, revocation }: SnpVerdictFacts, rules: CompleteSnpPolicy): void {
  requireListed('roots', rules.roots, root.fingerprint);
  requireListed('signingKeys', rules.signingKeys, signingKey.kind);
  if (signingKey.kind === 'VLEK') requireListed('cspIds', rules.cspIds ?? [], signingKey.cspId);
  requireListed('chipIds', rules.chipIds, signingKey.kind === 'VCEK' ? signingKey.hardwareId : 'a VLEK, of no chip');
  if (revocation === 'no-list' && rules.allowUncheckedRevocation !== true) {
    refuseByRule('allowUncheckedRevocation', 'a revocation list', 'no revocation list');
  }
}

function checkTcb({ product, report: { tcb } }: SnpVerdictFacts, rules: CompleteSnpPolicy): void {
  const minimum = rules.minimumTcb[product];
  if (minimum === undefined) refuseByRule('minimumTcb', Object.keys(rules.minimumTcb), product);
  // The keys of `tcb` are names of its kinds.
  for (const kind of Object.keys(tcb) as SnpTcbKind[]) {
    for (const component of tcbComponents(product)) {
      const [expected = 0, got = 0] = [minimum[component], tcb[kind][component]];
      if (got < expected) refuseByRule(`minimumTcb.${product}.${component}`, expected, `${got} in the ${kind} TCB`);
    }
  }
}

function checkTime({ dates, verifiedAt }: SnpVerdictFacts, rules: CompleteSnpPolicy, nowMs: number): void {
  const times = timesOf(verifiedAt, nowMs);
  checkDates({ parts: snpDatedParts, documents: snpDocumentParts, dates }, rules, times);
  if (times.earliestMs < Date.parse(dates.latestBeginning) && rules.allowNotYetValid !== true) {
    const got = dates.notYetValid.length > 0 ? dates.notYetValid : dates.latestBeginning;
    refuseByRule('allowNotYetValid', 'nothing that begins in the future', got);
  }
}
