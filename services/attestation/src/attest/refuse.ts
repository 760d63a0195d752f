import { isEnclosError, type EnclosError } from '@enclos/errors';
import { Refusal, isRefusal } from '@enclos/service/refusal';
import '../errors.ts';

/** Why evidence was refused, for programs: with `explainRefusals`, and in the audit log. */
export type RefusalDetails = Readonly<Record<string, unknown>> & { readonly rule: string };

/** @throws ATTESTATION_EVIDENCE_REFUSED always. */
export function refuseEvidence(message: string, explanation: RefusalDetails, cause?: unknown): never {
  throw new Refusal('ATTESTATION_EVIDENCE_REFUSED', message, { explanation, cause });
}

/** @throws ATTESTATION_ENDORSEMENTS_UNAVAILABLE always: the caller cannot change what the host did wrong. */
export function unavailable(message: string, cause?: unknown): never {
  throw new Refusal('ATTESTATION_ENDORSEMENTS_UNAVAILABLE', message, {
    explanation: { rule: 'endorsements' },
    cause,
  });
}

/** Runs what reads evidence; what it refuses is the caller's doing. */
export function ofCaller<T>(read: () => T, rule: string): T {
  try {
    return read();
  } catch (error) {
    return blameCaller(error, rule);
  }
}

/** Refuses the evidence for what reading it threw. @throws ATTESTATION_EVIDENCE_REFUSED, or the error when it is not the caller's doing */
export function blameCaller(error: unknown, rule: string): never {
  // A mistake of this service is not the caller's, and what is refused already says why.
  if (!isEnclosError(error) || isRefusal(error) || error.code === 'VERIFIER_MISUSED') throw error;
  return refuseEvidence(`The evidence is refused. ${error.message}`, { rule, ...refusalOf(error) }, error);
}

/** Step and status of a refusal of the verifier. */
function refusalOf({ details: { step, status } }: EnclosError): Readonly<Record<string, unknown>> {
  return { ...(step === undefined ? {} : { step }), ...(status === undefined ? {} : { status }) };
}
