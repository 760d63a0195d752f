import { isEnclosError } from '@enclos/errors';
import { misused } from '../refusal/refusal.ts';
import { snpVerificationSteps, type SnpStepId } from '../snp/steps.ts';
import { verificationSteps, type StepId } from '../refusal/steps.ts';
import type { HclHardware } from '../vtpm/hcl-report.ts';
import { azureDocumentSteps, type AzureDocumentStepId } from '../vtpm/steps.ts';

/** What became of one step of a verification. */
export interface StepResult<Id extends string = StepId> {
  /** From 1. */
  readonly number: number;
  readonly id: Id;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'not reached';
}

interface Step<Id extends string> {
  readonly id: Id;
  readonly title: string;
}

/**
 * What `verifyQuote` did, step by step: all passed when it gave a verdict. When
 * it refused, `refusal` is its error: the steps before the one in
 * `details.step` passed, and those after it never ran.
 *
 * @throws VERIFIER_MISUSED for an error that is not a refusal of `verifyQuote`: it tells nothing about the steps.
 */
export function stepResults(refusal?: unknown): readonly StepResult[] {
  return resultsOf(verificationSteps, refusal, 'verifyQuote');
}

/** The same for `verifySnpReport`. @throws VERIFIER_MISUSED for an error that is not its refusal. */
export function snpStepResults(refusal?: unknown): readonly StepResult<SnpStepId>[] {
  return resultsOf(snpVerificationSteps, refusal, 'verifySnpReport');
}

/**
 * The same for a document of an Azure VM: `parseAzureDocument`, then
 * `verifyAzureSnp` or `verifyAzureTdx` with `verifyQuote`.
 *
 * @param hardware of the document; undefined when it cannot be read.
 * @throws VERIFIER_MISUSED for an error that is not a refusal of theirs.
 */
export function azureStepResults(
  hardware: HclHardware | undefined,
  refusal?: unknown,
): readonly StepResult<AzureDocumentStepId>[] {
  return resultsOf(azureDocumentSteps(hardware), refusal, 'the verification of an Azure VM');
}

function resultsOf<Id extends string>(
  steps: readonly Step<Id>[],
  refusal: unknown,
  verifier: string,
): readonly StepResult<Id>[] {
  const failed = refusal === undefined ? steps.length : failedIndex(steps, refusal, verifier);
  return Object.freeze(
    steps.map(({ id, title }, index) => {
      const status = index < failed ? 'passed' : index === failed ? 'failed' : 'not reached';
      return Object.freeze({ number: index + 1, id, title, status });
    }),
  );
}

function failedIndex(steps: readonly Step<string>[], refusal: unknown, verifier: string): number {
  const id = isEnclosError(refusal, 'EVIDENCE_REFUSED') ? refusal.details['step'] : undefined;
  const index = steps.findIndex((step) => step.id === id);
  return index === -1 ? misused(`The error is not a refusal of ${verifier}.`) : index;
}
