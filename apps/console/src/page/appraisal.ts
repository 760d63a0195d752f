import { unbound, type Binding } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import type { Appraisal, Request } from './outcome.ts';

/** Holds a verdict against the policy, if there is one. The policy is as it was read: `appraise` checks its rules. */
export function appraisalOf(
  { policy, reportData }: Request,
  appraise: (policy: unknown, binding: Binding) => Extract<Appraisal, { kind: 'accepted' }>['binding'],
): Appraisal {
  if (policy === undefined) return { kind: 'none' };
  const binding: Binding =
    reportData === undefined ? unbound('No report data was given to the console.') : { reportData };
  try {
    return { kind: 'accepted', binding: appraise(policy, binding) };
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED')) return { kind: 'refused', error };
    throw error;
  }
}
