import { isEnclosError } from '@enclos/errors';
import { misused } from './refusal.ts';
import { verificationSteps, type StepId } from './steps.ts';

/** What became of one step of a verification. */
export interface StepResult {
  /** From 1. */
  readonly number: number;
  readonly id: StepId;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'not reached';
}

/**
 * What `verifyQuote` did, step by step: all passed when it gave a verdict. When
 * it refused, `refusal` is its error: the steps before the one in
 * `details.step` passed, and those after it never ran.
 *
 * @throws VERIFIER_MISUSED for an error that is no refusal of `verifyQuote`: it says nothing about any step.
 */
export function stepResults(refusal?: unknown): readonly StepResult[] {
  const failed = refusal === undefined ? verificationSteps.length : failedIndex(refusal);
  return Object.freeze(
    verificationSteps.map(({ id, title }, index) => {
      const status = index < failed ? 'passed' : index === failed ? 'failed' : 'not reached';
      return Object.freeze({ number: index + 1, id, title, status });
    }),
  );
}

function failedIndex(refusal: unknown): number {
  const id = isEnclosError(refusal, 'EVIDENCE_REFUSED') ? refusal.details['step'] : undefined;
  const index = verificationSteps.findIndex((step) => step.id === id);
  return index === -1 ? misused('The error is not a refusal of verifyQuote.') : index;
}
