import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { httpErrors } from '@enclos/errors/http';

/** An error of HTTP. Its entry comes along, since enclaves without HTTP do not hold it. */
export function httpError(
  code: keyof typeof httpErrors,
  message?: string,
  { details = {}, cause }: { readonly details?: ErrorDetails; readonly cause?: unknown } = {},
): EnclosError {
  const entry = httpErrors[code];
  return new EnclosError(code, message ?? entry.summary, { details, cause, entry });
}

/**
 * Ends the reading of a message. A server answers with the status, and never with the text.
 * @throws HTTP_MESSAGE_REFUSED always.
 */
export function refuse(status: number, message: string): never {
  throw httpError('HTTP_MESSAGE_REFUSED', message, { details: { status } });
}

/** @throws HTTP_MISUSED always. */
export function misused(message: string): never {
  throw httpError('HTTP_MISUSED', message);
}
