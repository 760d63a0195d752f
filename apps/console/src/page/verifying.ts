import type { StepResult } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import type { Verdict, Verification } from './outcome.ts';

/** Runs a verification, and says which of its steps passed. @param steps of a refusal, or of none. */
export async function verified(
  verify: () => Promise<Verdict>,
  steps: (refusal?: unknown) => readonly StepResult<string>[],
): Promise<Verification> {
  try {
    return { kind: 'genuine', verdict: await verify(), steps: steps() };
  } catch (error) {
    if (isEnclosError(error, 'EVIDENCE_REFUSED')) return { kind: 'refused', error, steps: steps(error) };
    throw error;
  }
}
