import { EnclosError, type ErrorDetails } from '@enclos/errors';
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
