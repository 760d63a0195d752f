import type { CollateralDates } from './collateral-dates.ts';
import { misused } from '../refusal/refusal.ts';
import type { SgxReportFacts, TdReportFacts } from './report-facts.ts';
import type { TrustedRoot } from './roots.ts';
import type { PckPlatform } from './tcb/sgx-extension.ts';
import type { VerificationStep } from '../refusal/steps.ts';
import type { TcbEvaluation } from './tcb/tcb-evaluation.ts';

declare const verdictBrand: unique symbol;

/** What the verdicts of all TEEs have. */
interface CommonFacts {
  /** The trusted root in which all chains end. */
  readonly root: TrustedRoot;
  /** The time that was given to the verifier: 2025-06-19T10:56:11Z. */
  readonly verifiedAt: string;
  /** What was checked, in order. */
  readonly steps: readonly VerificationStep[];
}

/** What the verdicts of DCAP quotes have, SGX and TDX. */
interface DcapFacts extends CommonFacts, TcbEvaluation {
  readonly quoteVersion: 3 | 4 | 5;
  readonly tcbEvaluationDataNumbers: { readonly tcbInfo: number; readonly qeIdentity: number };
  /** 6 bytes of hex. */
  readonly fmspc: string;
  /** What the PCK certificate says about the platform. */
  readonly platform: PckPlatform;
  /** A certificate of the PCK chain begins after the time of verification. */
  readonly pckNotYetValid: boolean;
  readonly collateral: CollateralDates;
}

/** The facts of a verified SGX quote. */
export interface SgxVerdictFacts extends DcapFacts {
  readonly tee: 'sgx';
  readonly bodyType: 'sgx';
  /** What the quote says about the enclave. */
  readonly report: SgxReportFacts;
}

/** The facts of a verified TDX quote. */
export interface TdxVerdictFacts extends DcapFacts {
  readonly tee: 'tdx';
  readonly bodyType: 'td-1.0' | 'td-1.5' | 'td-1.5-ex';
  /** What the quote says about the trust domain. */
  readonly report: TdReportFacts;
  /**
   * From TD 1.5 on: what the TCB was when the TD was launched. The facts beside
   * it (`platformStatus`, `tcbDate`, `advisoryIds` and so on) are of the launch too; `status`
   * is of both: TD_RELAUNCH_ADVISED when only a relaunch is missing.
   */
  readonly launch?: TcbEvaluation;
  /** From TD 1.5 on: what the TCB is now, with a TDX module that was updated below the running TD. */
  readonly current?: TcbEvaluation;
}

export type VerdictFacts = SgxVerdictFacts | TdxVerdictFacts;

interface VerdictBrand {
  readonly [verdictBrand]: true;
}

export type SgxVerdict = SgxVerdictFacts & VerdictBrand;
export type TdxVerdict = TdxVerdictFacts & VerdictBrand;

/**
 * The cryptographic truth about evidence: it is genuine, and these are the
 * facts; `tee` says of which kind. Whether they are good enough is for
 * `appraise`. Only the verifier makes one.
 */
export type QuoteVerdict = SgxVerdict | TdxVerdict;

const made = new WeakSet<object>();

/** For the verifier. The facts must be new, frozen in depth but for themselves, and hold no bytes, which nothing freezes. */
export function makeVerdict(facts: VerdictFacts): QuoteVerdict {
  // The brand exists for the compiler only; `made` is what holds at run time.
  const verdict = Object.freeze(facts) as QuoteVerdict;
  made.add(verdict);
  return verdict;
}

/** @throws VERIFIER_MISUSED for an object that the verifier did not make. */
export function factsOf(verdict: QuoteVerdict): VerdictFacts {
  if (!made.has(verdict)) misused('The verdict is not a result of verifyQuote.');
  return verdict;
}
