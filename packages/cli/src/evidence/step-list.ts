import { snpVerificationSteps, verificationSteps, type SnpStepId, type StepResult } from '@enclos/attestation';
import type { EnclosError } from '@enclos/errors';

/** One step: those of the verifier, then that of the certificate where there is one. */
export interface VerifyStep extends Omit<StepResult, 'id'> {
  readonly id: StepResult['id'] | SnpStepId | 'certificate-binding';
}

const lists = { quote: verificationSteps, 'snp-report': snpVerificationSteps } as const;

/**
 * The steps of a verification of this kind of evidence: all passed, or those
 * before the one that `refusal` names. A refusal that names none of them, of
 * collateral that cannot be read for example, came before the first.
 */
export function stepsOf(form: keyof typeof lists, refusal?: EnclosError): readonly VerifyStep[] {
  const steps: readonly Pick<VerifyStep, 'id' | 'title'>[] = lists[form];
  const failed = refusal === undefined ? steps.length : steps.findIndex(({ id }) => id === refusal.details['step']);
  return steps.map(({ id, title }, index) => {
    const status = index < failed ? 'passed' : index === failed ? 'failed' : 'not reached';
    return { number: index + 1, id, title, status };
  });
}
