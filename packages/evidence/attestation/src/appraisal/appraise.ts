import { Attribute, TdAttribute } from '@enclos/sgx';
import {
  checkBinding,
  checkRoot,
  checkStatus,
  checkTime,
  refuseByRule,
  requireListed,
  type BindingFact,
} from './appraisal-rules.ts';
import type { Binding } from './binding.ts';
import { isoSeconds } from '@enclos/codec/json';
import type { CompleteQuotePolicy, CompleteSgxPolicy, CompleteTdxPolicy } from '../policy/complete-policy.ts';
import { completePolicy, type AppraisalPolicy } from '../policy/parse-policy.ts';
import type { SgxPolicy, TdxPolicy } from '../policy/policy.ts';
import { misused } from '../refusal/refusal.ts';
import type { TrustedRoot } from '../dcap/roots.ts';
import type { QuoteStatus } from '../dcap/tcb/tcb-status.ts';
import { factsOf, type QuoteVerdict, type SgxVerdict, type TdxVerdict } from '../dcap/verdict.ts';

declare const evidenceBrand: unique symbol;

/** What accepted evidence of all TEEs has. */
interface CommonEvidence {
  readonly debug: boolean;
  /** 64 bytes of hex. */
  readonly reportData: string;
  /** `report-data`: it was what the relying party expected. Otherwise nothing was expected, and why. */
  readonly binding: BindingFact;
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

interface TdxEvidenceFacts extends CommonEvidence {
  readonly tee: 'tdx';
  /** 48 bytes of hex, as are the next. */
  readonly mrTd: string;
  readonly rtmr0: string;
  readonly rtmr1: string;
  readonly rtmr2: string;
  readonly rtmr3: string;
  readonly mrSeam: string;
  readonly verdict: TdxVerdict;
}

interface EvidenceBrand {
  readonly [evidenceBrand]: true;
}

/** Evidence of an SGX enclave that a relying party's policy accepted. */
export interface SgxEvidence extends SgxEvidenceFacts, EvidenceBrand {}

/** Evidence of a trust domain that a relying party's policy accepted. */
export interface TdxEvidence extends TdxEvidenceFacts, EvidenceBrand {}

/**
 * Evidence that a relying party's policy accepted; `tee` says of which kind.
 * Only `appraise` makes one: ask for this type where trust is needed.
 */
export type VerifiedEvidence = SgxEvidence | TdxEvidence;

const made = new WeakSet<object>();

/**
 * Decides whether a verdict is good enough. Everything that the policy does not
 * allow by name is refused, evidence of another TEE first.
 *
 * @param options `now`: the relying party's time; collateral is compared with it again.
 * @throws APPRAISAL_REFUSED; `details` hold the rule as `field`, and `expected` and `got`.
 * @throws VERIFIER_MISUSED for a verdict of another origin or a malformed binding.
 * @example
 * ```ts
 * import { appraise, boundReportData, type QuoteVerdict, type SgxEvidence, type SgxPolicy } from '@enclos/attestation';
 *
 * const policy: SgxPolicy = {
 *   mrSigner: ['83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e'],
 *   productId: 1,
 *   minimumSecurityVersion: 3,
 *   acceptedStatuses: ['OK'],
 *   intelRoot: true,
 * };
 *
 * export async function decide(verdict: QuoteVerdict, nonce: Uint8Array, key: Uint8Array): Promise<SgxEvidence> {
 *   const reportData = await boundReportData({ purpose: 'vault.upload.v1', nonce, key });
 *   return appraise(verdict, policy, { reportData }, { now: new Date() });
 * }
 * ```
 */
export function appraise(verdict: QuoteVerdict, policy: SgxPolicy, binding: Binding, options: Options): SgxEvidence;
export function appraise(verdict: QuoteVerdict, policy: TdxPolicy, binding: Binding, options: Options): TdxEvidence;
export function appraise(
  verdict: QuoteVerdict,
  policy: AppraisalPolicy,
  binding: Binding,
  options: Options,
): VerifiedEvidence;
export function appraise(
  verdict: QuoteVerdict,
  policy: AppraisalPolicy,
  binding: Binding,
  options: Options,
): VerifiedEvidence {
  const facts = factsOf(verdict);
  const complete = completePolicy(policy);
  const nowMs = options.now instanceof Date ? options.now.getTime() : Number.NaN;
  if (Number.isNaN(nowMs)) misused('options.now is not a valid Date.');
  if (complete.tee === 'sev-snp') refuseByRule('tee', complete.tee, verdict.tee);
  const identity = checkIdentity(verdict, complete);
  checkRoot(facts, complete.rules);
  checkStatus(facts, complete.rules, nowMs);
  checkTime(facts, complete.rules, nowMs);
  const { status, advisoryIds, root, report } = facts;
  const { reportData } = report;
  // The brand exists for the compiler only; `made` is what holds at run time.
  const evidence = Object.freeze({
    ...identity,
    reportData,
    binding: checkBinding(reportData, binding),
    status,
    advisoryIds,
    root,
    appraisedAt: isoSeconds(nowMs),
  }) as VerifiedEvidence;
  made.add(evidence);
  return evidence;
}

interface Options {
  readonly now: Date;
}

/** True for an object that `appraise` of this copy of the package made: for borders that untyped callers cross. */
export function isVerifiedEvidence(value: unknown): value is VerifiedEvidence {
  return typeof value === 'object' && value !== null && made.has(value);
}

type Identity =
  | Omit<SgxEvidenceFacts, Exclude<keyof CommonEvidence, 'debug'>>
  | Omit<TdxEvidenceFacts, Exclude<keyof CommonEvidence, 'debug'>>;

function checkIdentity(verdict: QuoteVerdict, policy: CompleteQuotePolicy): Identity {
  if (verdict.tee === 'sgx' && policy.tee === 'sgx') return checkEnclave(verdict, policy.rules);
  if (verdict.tee === 'tdx' && policy.tee === 'tdx') return checkTrustDomain(verdict, policy.rules);
  return refuseByRule('tee', policy.tee, verdict.tee);
}

function checkEnclave(verdict: SgxVerdict, rules: CompleteSgxPolicy): Identity {
  const { mrEnclave, mrSigner, isvProdId, isvSvn, attributes } = verdict.report;
  const { productId, minimumSecurityVersion } = rules;
  const debug = (attributes.flags & Attribute.DEBUG) !== 0n;
  if (debug && rules.allowDebug !== true) refuseByRule('allowDebug', 'no debug enclave', 'a debug enclave');
  requireListed('mrEnclave', rules.mrEnclave, mrEnclave);
  requireListed('mrSigner', rules.mrSigner, mrSigner);
  if (productId !== undefined && isvProdId !== productId) refuseByRule('productId', productId, isvProdId);
  if (isvSvn < minimumSecurityVersion) refuseByRule('minimumSecurityVersion', minimumSecurityVersion, isvSvn);
  checkKeySeparation(verdict, rules);
  return { tee: 'sgx', mrEnclave, mrSigner, productId: isvProdId, securityVersion: isvSvn, debug, verdict };
}

/** Without KSS the processor puts zeros into these fields, which say nothing. */
function checkKeySeparation({ report }: SgxVerdict, rules: CompleteSgxPolicy): void {
  const { extendedProductId, familyId, configId, minimumConfigSecurityVersion: minimum } = rules;
  const named = { extendedProductId, familyId, configId, minimumConfigSecurityVersion: minimum };
  const [first] = Object.entries(named).filter(([, rule]) => rule !== undefined);
  if (first === undefined) return;
  if ((report.attributes.flags & Attribute.KSS) === 0n) {
    refuseByRule(first[0], 'an enclave with KSS', 'an enclave without KSS');
  }
  requireListed('extendedProductId', extendedProductId, report.isvExtProdId);
  requireListed('familyId', familyId, report.isvFamilyId);
  requireListed('configId', configId, report.configId);
  if (minimum !== undefined && report.configSvn < minimum) {
    refuseByRule('minimumConfigSecurityVersion', minimum, report.configSvn);
  }
}

const noServiceTd = '00'.repeat(48);

function checkTrustDomain(verdict: TdxVerdict, rules: CompleteTdxPolicy): Identity {
  const { mrTd, mrSeam, rtmr0, rtmr1, rtmr2, rtmr3, tdAttributes, mrServiceTd = noServiceTd } = verdict.report;
  const debug = (tdAttributes & TdAttribute.DEBUG) !== 0n;
  if (debug && rules.allowDebug !== true) refuseByRule('allowDebug', 'no debug TD', 'a debug TD');
  if (rules.requireSeptVeDisable !== false && (tdAttributes & TdAttribute.SEPT_VE_DISABLE) === 0n) {
    refuseByRule('requireSeptVeDisable', 'a TD with SEPT_VE_DISABLE', 'a TD without it');
  }
  requireListed('mrTd', rules.mrTd, mrTd);
  const runtime = { rtmr0, rtmr1, rtmr2, rtmr3 };
  for (const name of ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const) {
    const listed = rules[name];
    if (listed !== 'any') requireListed(name, listed, runtime[name]);
  }
  requireListed('mrServiceTd', rules.mrServiceTd ?? [noServiceTd], mrServiceTd);
  for (const name of ['mrSeam', 'mrConfigId', 'mrOwner', 'mrOwnerConfig'] as const) {
    requireListed(name, rules[name], verdict.report[name]);
  }
  return { tee: 'tdx', mrTd, ...runtime, mrSeam, debug, verdict };
}
