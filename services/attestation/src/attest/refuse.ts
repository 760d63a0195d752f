import { isEnclosError, type EnclosError } from '@enclos/errors';
import { ServiceError } from '@enclos/service/routes';

/** Why evidence was refused, for programs: with `explainRefusals`, and in the audit log. */
export type RefusalDetails = Readonly<Record<string, unknown>> & { readonly rule: string };

/** @throws ServiceError InvalidParameter always. */
export function refuseEvidence(message: string, details: RefusalDetails, cause?: unknown): never {
  throw new ServiceError(400, 'InvalidParameter', message, { details, cause });
}

/** @throws ServiceError ServiceUnavailable always: what the host did wrong is nothing that the caller can change. */
export function unavailable(message: string, cause?: unknown): never {
  throw new ServiceError(503, 'ServiceUnavailable', message, { details: { rule: 'endorsements' }, cause });
}

/** Runs what reads evidence; what it refuses is the caller's doing. */
export function ofCaller<T>(read: () => T, rule: string): T {
  try {
    return read();
  } catch (error) {
    // A mistake of this service is none of the caller's.
    if (!isEnclosError(error) || error.code === 'VERIFIER_MISUSED') throw error;
    return refuseEvidence(`The evidence is refused. ${error.message}`, { rule, ...refusalOf(error) }, error);
  }
}

/** Step and status of a refusal of the verifier. */
function refusalOf({ details: { step, status } }: EnclosError): Readonly<Record<string, unknown>> {
  return { ...(step === undefined ? {} : { step }), ...(status === undefined ? {} : { status }) };
}
