import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { atlsErrors } from '@enclos/errors/atls';

export type AtlsErrorCode = keyof typeof atlsErrors;

interface Facts {
  readonly message?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** An error of this package. Its entry comes along, since enclaves without attested TLS do not hold it. */
export function atlsError(code: AtlsErrorCode, { message, ...rest }: Facts = {}): EnclosError {
  const entry = atlsErrors[code];
  return new EnclosError(code, message ?? entry.summary, { ...rest, entry });
}

/** @throws ATLS_MISUSED always. */
export function misused(message: string): never {
  throw atlsError('ATLS_MISUSED', { message });
}

/** @throws ATLS_PROTOCOL_VIOLATION always. */
export function violated(rule: string, cause?: unknown): never {
  throw atlsError('ATLS_PROTOCOL_VIOLATION', { details: { rule }, cause });
}
