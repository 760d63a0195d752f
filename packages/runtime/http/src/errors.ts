import { declareErrors, EnclosError } from '@enclos/errors';

export const httpErrors = declareErrors({
  HTTP_MESSAGE_REFUSED: [
    'refused',
    'The peer sent a message that is not acceptable HTTP/1.1 or is above a limit.',
    'Read the message for the rule. details.status is the answer of a server. Raise the limit if the message names one.',
  ],
  HTTP_MISUSED: [
    'usage',
    'The message to send is not valid HTTP, or a limit is not a number.',
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
    'Check that the server works and that the host reaches it, then ask again.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof httpErrors, true> {}
}

/**
 * Ends the reading of a message. A server answers with the status, and never with the text.
 * @throws HTTP_MESSAGE_REFUSED always.
 */
export function refuse(status: number, message: string): never {
  throw new EnclosError('HTTP_MESSAGE_REFUSED', message, { details: { status } });
}

/** @throws HTTP_MISUSED always. */
export function misused(message: string): never {
  throw new EnclosError('HTTP_MISUSED', message);
}
