import { misused } from '../refusal/refusal.ts';
import type { VerificationStep } from '../refusal/steps.ts';
import type { SnpDates } from './dates.ts';
import type { EndorsedKey } from './extensions.ts';
import type { SnpProduct, SnpTcb } from './product.ts';
import type { SnpReportFields, SnpTcbKind } from './report.ts';
import type { SnpRoot } from './roots.ts';

declare const verdictBrand: unique symbol;

/** What a verified report says. Byte fields are lower-case hex. */
export interface SnpReportFacts extends SnpReportFields {
  /** The TCB at four times: now, as reported to guests, never to be undercut again, and when the guest was launched. */
  readonly tcb: Readonly<Record<SnpTcbKind, SnpTcb>>;
}

/** The facts of a verified report. */
export interface SnpVerdictFacts {
  readonly tee: 'sev-snp';
  readonly product: SnpProduct;
  readonly report: SnpReportFacts;
  /** The key that signed, as AMD certified it. */
  readonly signingKey: EndorsedKey;
  /** The report does not say which chip it is from: the platform hides it, or signs with a VLEK. */
  readonly chipIdHidden: boolean;
  readonly root: SnpRoot;
  /** `no-list`: there was no list, so revocation was not checked. */
  readonly revocation: 'checked' | 'no-list';
  readonly dates: SnpDates;
  /** The time that was given: 2025-06-19T10:56:11Z. */
  readonly verifiedAt: string;
  /** What was checked, in order. */
  readonly steps: readonly VerificationStep[];
}

/**
 * The cryptographic truth about a report: it is genuine, and these are the
 * facts. Whether they are good enough is for `appraiseSnp`. Only
 * `verifySnpReport` makes one.
 */
export interface SnpVerdict extends SnpVerdictFacts {
  readonly [verdictBrand]: true;
}

const made = new WeakSet<object>();

/** For the verifier. The facts must be frozen in depth, and hold no bytes, which nothing freezes. */
export function makeSnpVerdict(facts: SnpVerdictFacts): SnpVerdict {
  // The brand exists for the compiler only; `made` is what holds at run time.
  const verdict = Object.freeze({ ...facts }) as SnpVerdict;
  made.add(verdict);
  return verdict;
}

/** @throws VERIFIER_MISUSED for an object that `verifySnpReport` did not make. */
export function snpFactsOf(verdict: SnpVerdict): SnpVerdictFacts {
  if (!made.has(verdict)) misused('The verdict is not a result of verifySnpReport.');
  return verdict;
}
