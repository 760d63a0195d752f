import type { AzureDocumentStepId, StepResult } from '@enclos/attestation';
import type { EnclosError } from '@enclos/errors';

/** One step: those of the verifier, then that of the certificate or of the nonce where there is one. */
export interface VerifyStep extends Omit<StepResult, 'id'> {
  readonly id: AzureDocumentStepId | 'certificate-binding' | 'vtpm-nonce';
}

export type Step = Pick<VerifyStep, 'id' | 'title'>;

/**
 * The steps of a verification: all passed, or those before the one that
 * `refusal` names. A refusal that names no step, such as for collateral that cannot
 * be read, came before the first.
 */
export function stepsOf(steps: readonly Step[], refusal?: EnclosError): readonly VerifyStep[] {
  const failed = refusal === undefined ? steps.length : steps.findIndex(({ id }) => id === refusal.details['step']);
  return steps.map(({ id, title }, index) => {
    const status = index < failed ? 'passed' : index === failed ? 'failed' : 'not reached';
    return { number: index + 1, id, title, status };
  });
}
