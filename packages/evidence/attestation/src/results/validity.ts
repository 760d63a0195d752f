import type { DatedPart, DateRange } from '../dcap/collateral-dates.ts';
import type { SnpDatedPart } from '../snp/dates.ts';
import { snpFactsOf, type SnpVerdict } from '../snp/verdict.ts';
import { factsOf, type QuoteVerdict } from '../dcap/verdict.ts';
import { azureFactsOf, type AzureVerdict } from '../vtpm/verdict.ts';

/** A verdict on evidence of any kind. */
type DatedVerdict = QuoteVerdict | SnpVerdict | AzureVerdict<QuoteVerdict> | AzureVerdict<SnpVerdict>;

/** One part of the collateral that was not in force at the time of verification. */
export interface PartOutOfForce extends DateRange {
  readonly part: DatedPart | SnpDatedPart;
  readonly state: 'expired' | 'not-yet-valid';
}

/** What dates say about a verdict. */
export interface Validity {
  /** The time that was given to the verifier: 2025-06-19T10:56:11Z. */
  readonly at: string;
  /** Every certificate, revocation list and document that the verdict rests on had begun and had not ended. */
  readonly inForce: boolean;
  /** Those that had not begun or had ended, with their dates. */
  readonly outOfForce: readonly PartOutOfForce[];
}

/**
 * What the dates of the collateral say about a verdict. The verifier refuses
 * nothing by dates, so a verdict says only what was true while its collateral was in
 * force: callers that show a verdict without an appraisal have to show this beside
 * it. Evidence of an Azure VM is as old as the collateral of its hardware.
 *
 * @throws VERIFIER_MISUSED for an object that a verifier did not make.
 */
export function validityOf(verdict: DatedVerdict): Validity {
  if (verdict.tee === 'azure-vtpm') return validityOf(azureFactsOf<QuoteVerdict | SnpVerdict>(verdict).hardware);
  if (verdict.tee === 'sev-snp') {
    const { dates, verifiedAt } = snpFactsOf(verdict);
    return validity(verifiedAt, dates, (part) => dates[part]);
  }
  const { collateral, verifiedAt } = factsOf(verdict);
  return validity(verifiedAt, collateral, (part) => collateral.parts[part]);
}

interface DateComparison<Part> {
  readonly expired: readonly Part[];
  readonly notYetValid: readonly Part[];
}

function validity<Part extends DatedPart | SnpDatedPart>(
  at: string,
  { expired, notYetValid }: DateComparison<Part>,
  rangeOf: (part: Part) => DateRange | undefined,
): Validity {
  const entry =
    (state: PartOutOfForce['state']) =>
    (part: Part): readonly PartOutOfForce[] => {
      const range = rangeOf(part);
      return range === undefined ? [] : [Object.freeze({ part, state, from: range.from, until: range.until })];
    };
  const outOfForce = [...notYetValid.flatMap(entry('not-yet-valid')), ...expired.flatMap(entry('expired'))];
  return Object.freeze({
    at,
    inForce: expired.length === 0 && notYetValid.length === 0,
    outOfForce: Object.freeze(outOfForce),
  });
}
