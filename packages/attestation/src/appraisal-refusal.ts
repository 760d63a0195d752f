import { EnclosError, type ErrorDetails } from '@enclos/errors';

type Detail = ErrorDetails[string];

/** @throws APPRAISAL_REFUSED always. */
export function refuseAppraisal(field: string, expected: Detail, got: Detail): never {
  throw new EnclosError('APPRAISAL_REFUSED', `The policy does not accept this evidence: rule ${field}.`, {
    details: { field, expected, got },
  });
}

/**
 * Refuses what is not in the list. Without a list the rule is not there.
 *
 * @throws APPRAISAL_REFUSED.
 */
export function mustBeOneOf(field: string, accepted: readonly string[] | undefined, got: string): void {
  if (accepted?.includes(got) === false) refuseAppraisal(field, accepted, got);
}
