import type { CollateralDates } from './collateral-dates.ts';
import { misused } from './refusal.ts';
import type { ReportFacts } from './report-facts.ts';
import type { TrustedRoot } from './roots.ts';
import type { PckPlatform } from './sgx-extension.ts';
import type { VerificationStep } from './steps.ts';
import type { TcbEvaluation } from './tcb-evaluation.ts';

declare const verdictBrand: unique symbol;

/** The facts of a verified quote. */
export interface VerdictFacts extends TcbEvaluation {
  readonly tee: 'sgx';
  readonly quoteVersion: 3;
  /** What the quote says about the enclave. */
  readonly report: ReportFacts;
  readonly tcbEvaluationDataNumbers: { readonly tcbInfo: number; readonly qeIdentity: number };
  /** The trusted root in which all chains end. */
  readonly root: TrustedRoot;
  /** 6 bytes of hex. */
  readonly fmspc: string;
  /** What the PCK certificate says about the platform. */
  readonly platform: PckPlatform;
  /** A certificate of the PCK chain begins after the time of verification. */
  readonly pckNotYetValid: boolean;
  readonly collateral: CollateralDates;
  /** The time that was given to `verifyQuote`: 2025-06-19T10:56:11Z. */
  readonly verifiedAt: string;
  /** What was checked, in order. */
  readonly steps: readonly VerificationStep[];
}

/**
 * The cryptographic truth about a quote: it is genuine, and these are the facts.
 * Whether they are good enough is for `appraise`. Only `verifyQuote` makes one.
 */
export interface QuoteVerdict extends VerdictFacts {
  readonly [verdictBrand]: true;
}

const made = new WeakSet<object>();

/** For `verifyQuote`. The facts must be frozen in depth, and hold no bytes, which nothing freezes. */
export function makeVerdict(facts: VerdictFacts): QuoteVerdict {
  // The brand exists for the compiler only; `made` is what holds at run time.
  const verdict = Object.freeze({ ...facts }) as QuoteVerdict;
  made.add(verdict);
  return verdict;
}

/** @throws VERIFIER_MISUSED for an object that `verifyQuote` did not make. */
export function factsOf(verdict: QuoteVerdict): VerdictFacts {
  if (!made.has(verdict)) misused('The verdict is not a result of verifyQuote.');
  return verdict;
}
