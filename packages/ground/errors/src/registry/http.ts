import type { ErrorArea } from './kinds.ts';

/** Inside enclaves these come with `@enclos/http`: see `entry` of {@link ErrorOptions}. */
export const httpErrors = {
  HTTP_MESSAGE_REFUSED: {
    kind: 'refused',
    summary: 'The bytes of the peer are not a message of HTTP/1.1 that is accepted, or one above a limit.',
    next: 'Read the message for the rule; "status" in the details is what a server answers. Raise the limit if it is that.',
  },
  HTTP_MISUSED: {
    kind: 'usage',
    summary: 'What was to be sent is no message of HTTP, or a limit is no number.',
    next: 'Read the message for what is wrong; a header value holds no line breaks, and lengths are set for you.',
  },
  HTTP_CONNECTION_BROKEN: {
    kind: 'transient',
    summary: 'The connection ended before the answer was whole.',
    next: 'Connect again and ask again.',
  },
  HTTP_TIMEOUT: {
    kind: 'transient',
    summary: 'The answer did not come in time.',
    next: 'Check that the server is well and that the host reaches it, then ask again.',
  },
} as const satisfies ErrorArea;
