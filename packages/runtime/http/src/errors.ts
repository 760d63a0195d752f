import { declareErrors, EnclosError, type ErrorDetails } from '@enclos/errors';

export const httpErrors = declareErrors({
  HTTP_MESSAGE_REFUSED: [
    'refused',
    'The bytes of the peer are not a message of HTTP/1.1 that is accepted, or one above a limit.',
    'Read the message for the rule; "status" in the details is what a server answers. Raise the limit if it is that.',
  ],
  HTTP_MISUSED: [
    'usage',
    'What was to be sent is no message of HTTP, or a limit is no number.',
    'Read the message for what is wrong; a header value holds no line breaks, and lengths are set for you.',
  ],
  HTTP_CONNECTION_BROKEN: [
    'transient',
    'The connection ended before the answer was whole.',
    'Connect again and ask again.',
  ],
  HTTP_TIMEOUT: [
    'transient',
    'The answer did not come in time.',
    'Check that the server is well and that the host reaches it, then ask again.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof httpErrors, true> {}
}

/** An error of HTTP. */
export function httpError(
  code: keyof typeof httpErrors,
  message?: string,
  { details = {}, cause }: { readonly details?: ErrorDetails; readonly cause?: unknown } = {},
): EnclosError {
  return new EnclosError(code, message, { details, cause });
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
