import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { Refusal, type RefusalOptions } from '@enclos/service/refusal';
import type { attestationServiceErrors } from './errors.ts';

/** An error of the service. */
export function serviceFault(
  code: keyof typeof attestationServiceErrors,
  {
    message,
    details = {},
    cause,
  }: { readonly message?: string; readonly details?: ErrorDetails; readonly cause?: unknown } = {},
): EnclosError {
  return new EnclosError(code, message, { details, cause });
}

/** A request that this service refuses. `api/error-names.ts` says how its caller is answered. */
export function attestationRefusal(
  code: keyof typeof attestationServiceErrors,
  message: string,
  options: Pick<RefusalOptions, 'explanation' | 'cause'> = {},
): Refusal {
  return new Refusal(code, message, options);
}
