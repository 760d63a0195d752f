import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { attestationServiceErrors } from '@enclos/errors/attestation-service';

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
