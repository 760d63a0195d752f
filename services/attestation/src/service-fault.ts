import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { attestationServiceErrors } from '@enclos/errors/attestation-service';
import { Refusal, type RefusalOptions } from '@enclos/service/refusal';

/** An error of the service. Its entry comes along, since other enclaves do not hold it. */
export function serviceFault(
  code: keyof typeof attestationServiceErrors,
  {
    message,
    details = {},
    cause,
  }: { readonly message?: string; readonly details?: ErrorDetails; readonly cause?: unknown } = {},
): EnclosError {
  const entry = attestationServiceErrors[code];
  return new EnclosError(code, message ?? entry.summary, { details, entry, cause });
}

/** A request that this service refuses. `api/error-names.ts` says how its caller is answered. */
export function attestationRefusal(
  code: keyof typeof attestationServiceErrors,
  message: string,
  options: Pick<RefusalOptions, 'explanation' | 'cause'> = {},
): Refusal {
  return new Refusal(code, message, { ...options, entry: attestationServiceErrors[code] });
}
