import { toHex } from '@enclos/codec';
import { EnclosError, type ErrorDetails } from '@enclos/errors';
import type { Binding } from './binding.ts';
import { datedParts, documentParts, type DatedPart } from './collateral-dates.ts';
import type { CompletePolicy } from './complete-policy.ts';
import { isoSeconds } from './json-fields.ts';
import type { Advisory, Durations } from './policy-rules.ts';
import { misused } from './refusal.ts';
import type { VerdictFacts } from './verdict.ts';

/** Nothing was expected, and why. */
export interface Unbound {
  readonly kind: 'unbound';
  readonly reason: string;
}

/** What binds accepted evidence: report data that was expected, or nothing, and why. */
export type BindingFact = { readonly kind: 'report-data' } | Unbound;

/** The rules that policies for every TEE have. */
type CommonRules = CompletePolicy['rules'];

type Detail = ErrorDetails[string];

/** @throws APPRAISAL_REFUSED always, with the rule as `field`. */
export function refuseByRule(field: string, expected: Detail, got: Detail): never {
  throw new EnclosError('APPRAISAL_REFUSED', `The policy does not accept this evidence: rule ${field}.`, {
    details: { field, expected, got },
  });
}

/** Refuses a value that a rule does not list; without the rule, any value will do. */
export function requireListed(field: string, listed: readonly string[] | undefined, value: string): void {
  if (listed?.includes(value) === false) refuseByRule(field, listed, value);
}

export function checkRoot({ root }: VerdictFacts, { intelRoot, softwareRoots = [] }: CommonRules): void {
  if (root.kind === 'intel') {
    if (!intelRoot) refuseByRule('intelRoot', 'no platform of Intel', root.fingerprint);
  } else {
    requireListed('softwareRoots', softwareRoots, root.fingerprint);
  }
}

/** The status of the launch or of both, and of a TD 1.5 the present one too: a module can also have got worse. */
export function checkStatus(facts: VerdictFacts, rules: CommonRules, nowMs: number): void {
  const { acceptedAdvisoryIds = [], refusedAdvisoryIds = [], minimumTcbEvaluationDataNumber: minimum = 0 } = rules;
  const current = facts.tee === 'tdx' ? facts.current : undefined;
  const evaluations = current === undefined ? [facts] : [facts, current];
  for (const { status } of evaluations) requireListed('acceptedStatuses', rules.acceptedStatuses, status);
  const latestMs = Math.max(nowMs, Date.parse(facts.verifiedAt));
  const refused = inForce(refusedAdvisoryIds, latestMs);
  const found = evaluations.flatMap(({ advisoryIds }) => advisoryIds).filter((id) => refused.includes(id));
  if (found.length > 0) refuseByRule('refusedAdvisoryIds', refused, [...new Set(found)]);
  const accepted = inForce(acceptedAdvisoryIds, latestMs);
  const open = evaluations
    .filter(({ status }) => status !== 'OK')
    .flatMap(({ advisoryIds }) => advisoryIds)
    .filter((id) => !accepted.includes(id));
  if (open.length > 0) refuseByRule('acceptedAdvisoryIds', accepted, [...new Set(open)]);
  const { tcbInfo, qeIdentity } = facts.tcbEvaluationDataNumbers;
  const lowest = Math.min(tcbInfo, qeIdentity);
  if (lowest < minimum) refuseByRule('minimumTcbEvaluationDataNumber', minimum, lowest);
}

function inForce(advisories: readonly Advisory[], timeMs: number): readonly string[] {
  return advisories.filter(({ untilMs }) => timeMs <= untilMs).map(({ id }) => id);
}

/** Collateral is compared with both times, that of verification and that of appraisal: the worse counts. */
export function checkTime(facts: VerdictFacts, rules: CommonRules, nowMs: number): void {
  const { collateral, pckNotYetValid, verifiedAt } = facts;
  const { timeFloor = Number.NEGATIVE_INFINITY } = rules;
  const earliestMs = Math.min(nowMs, Date.parse(verifiedAt));
  const latestMs = Math.max(nowMs, Date.parse(verifiedAt));
  if (earliestMs < timeFloor) refuseByRule('timeFloor', isoSeconds(timeFloor), isoSeconds(earliestMs));
  const { expiredCollateralGraceMs: grace, maximumCollateralAgeMs: age } = rules;
  const sinceMs = (end: 'from' | 'until') => (part: DatedPart) => latestMs - Date.parse(collateral.parts[part][end]);
  checkParts('expiredCollateralGraceMs', datedParts, sinceMs('until'), limits(grace, 0));
  checkParts('maximumCollateralAgeMs', documentParts, sinceMs('from'), limits(age, Number.POSITIVE_INFINITY));
  const isEarly = pckNotYetValid || collateral.notYetValid.length > 0 || nowMs < Date.parse(collateral.latestIssueDate);
  if (isEarly && rules.allowNotYetValid !== true) {
    const got = collateral.notYetValid.length > 0 ? collateral.notYetValid : collateral.latestIssueDate;
    refuseByRule('allowNotYetValid', 'nothing that begins in the future', got);
  }
}

type PerPart = (part: DatedPart) => number;

/** `without`: for a part that the rule, or no rule, says nothing about. */
function limits(durations: Durations | undefined, without: number): PerPart {
  return (part) => durations?.get(part) ?? durations?.get('default') ?? without;
}

function checkParts(field: string, parts: readonly DatedPart[], elapsedMs: PerPart, limitMs: PerPart): void {
  const failing = parts.filter((part) => elapsedMs(part) > limitMs(part));
  const [first] = failing;
  if (first !== undefined) refuseByRule(field, limitMs(first), failing);
}

export function checkBinding(reportDataOfEvidence: string, binding: Binding): BindingFact {
  const reportData = readBinding(binding, 'reportData');
  if (!(reportData instanceof Uint8Array)) return reportData;
  if (reportData.length !== 64) misused('binding.reportData is not 64 bytes.');
  if (toHex(reportData) !== reportDataOfEvidence) {
    refuseByRule('binding', 'the expected report data', 'other report data');
  }
  return Object.freeze({ kind: 'report-data' });
}

/**
 * The bytes of this name that are expected, or why none are.
 *
 * @throws VERIFIER_MISUSED for a binding that is missing or malformed: untyped callers may leave it out, and that is
 * the mistake this argument exists to prevent.
 */
export function readBinding(binding: object, name: 'reportData' | 'nonce'): Uint8Array | Unbound {
  const given: Partial<Record<'reportData' | 'nonce' | 'unbound', unknown>> = binding ?? {};
  const { [name]: expected, unbound } = given;
  if (expected instanceof Uint8Array && unbound === undefined) return expected;
  if (typeof unbound === 'string' && unbound.trim() !== '' && expected === undefined) {
    return Object.freeze({ kind: 'unbound', reason: unbound });
  }
  return misused(`The binding is missing: give ${name}, or unbound(reason).`);
}
