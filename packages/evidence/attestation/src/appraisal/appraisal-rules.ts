import { toHex } from '@enclos/codec';
import { EnclosError, type ErrorDetails } from '@enclos/errors';
import type { Binding } from './binding.ts';
import { isoSeconds } from '@enclos/codec/json';
import { datedParts, documentParts, type DateRange } from '../dcap/collateral-dates.ts';
import type { CompleteQuotePolicy } from '../policy/complete-policy.ts';
import type { Advisory, Durations } from '../policy/policy-rules.ts';
import { misused } from '../refusal/refusal.ts';
import type { VerdictFacts } from '../dcap/verdict.ts';

/** Nothing was expected, and why. */
export interface Unbound {
  readonly kind: 'unbound';
  readonly reason: string;
}

/** What binds accepted evidence: report data that was expected, or nothing, and why. */
export type BindingFact = { readonly kind: 'report-data' } | Unbound;

/** The rules that policies for quotes of every TEE have. */
type QuoteRules = CompleteQuotePolicy['rules'];

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

export function checkRoot({ root }: VerdictFacts, { intelRoot, softwareRoots = [] }: QuoteRules): void {
  if (root.kind === 'intel') {
    if (!intelRoot) refuseByRule('intelRoot', 'no platform of Intel', root.fingerprint);
  } else {
    requireListed('softwareRoots', softwareRoots, root.fingerprint);
  }
}

/** The status of the launch or of both, and of a TD 1.5 the present one too: a module can also have got worse. */
export function checkStatus(facts: VerdictFacts, rules: QuoteRules, nowMs: number): void {
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

/** What a policy for any TEE says about time. */
interface TimeRules {
  readonly timeFloor?: number | undefined;
  readonly expiredCollateralGraceMs?: Durations | undefined;
  readonly maximumCollateralAgeMs?: Durations | undefined;
}

/** The parts of collateral that have dates, those of them that are documents, and the dates of the parts that are there. */
interface DatedCollateral<Part extends string> {
  readonly parts: readonly Part[];
  readonly documents: readonly Part[];
  readonly dates: { readonly [P in Part]?: DateRange };
}

/** The time of verification and that of appraisal: of the two, the worse counts. */
export interface Times {
  readonly earliestMs: number;
  readonly latestMs: number;
}

export function timesOf(verifiedAt: string, nowMs: number): Times {
  const verifiedMs = Date.parse(verifiedAt);
  return { earliestMs: Math.min(nowMs, verifiedMs), latestMs: Math.max(nowMs, verifiedMs) };
}

/** Whether the clock is right, nothing has ended for too long, and no document is too old. */
export function checkDates<Part extends string>(
  { parts, documents, dates }: DatedCollateral<Part>,
  { timeFloor = Number.NEGATIVE_INFINITY, expiredCollateralGraceMs: grace, maximumCollateralAgeMs: age }: TimeRules,
  { earliestMs, latestMs }: Times,
): void {
  if (earliestMs < timeFloor) refuseByRule('timeFloor', isoSeconds(timeFloor), isoSeconds(earliestMs));
  const since = (end: keyof DateRange) => (part: Part) => {
    const range = dates[part];
    return range === undefined ? Number.NEGATIVE_INFINITY : latestMs - Date.parse(range[end]);
  };
  checkParts('expiredCollateralGraceMs', parts, since('until'), limits(grace, 0));
  checkParts('maximumCollateralAgeMs', documents, since('from'), limits(age, Number.POSITIVE_INFINITY));
}

export function checkTime(facts: VerdictFacts, rules: QuoteRules, nowMs: number): void {
  const { collateral, pckNotYetValid, verifiedAt } = facts;
  const dated = { parts: datedParts, documents: documentParts, dates: collateral.parts };
  checkDates(dated, rules, timesOf(verifiedAt, nowMs));
  const isEarly = pckNotYetValid || collateral.notYetValid.length > 0 || nowMs < Date.parse(collateral.latestIssueDate);
  if (isEarly && rules.allowNotYetValid !== true) {
    const got = collateral.notYetValid.length > 0 ? collateral.notYetValid : collateral.latestIssueDate;
    refuseByRule('allowNotYetValid', 'nothing that begins in the future', got);
  }
}

/** `without`: for a part that the rule, or no rule, says nothing about. */
function limits(durations: Durations | undefined, without: number): (part: string) => number {
  return (part) => durations?.get(part) ?? durations?.get('default') ?? without;
}

function checkParts<Part extends string>(
  field: string,
  parts: readonly Part[],
  elapsedMs: (part: Part) => number,
  limitMs: (part: Part) => number,
): void {
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
