import type { AppAnswer } from './message.ts';
import { errorAnswer } from './odata.ts';

/** What a request may hold, as CCF bounds it (`http_configuration`). */
export const requestLimits = Object.freeze({
  bodyBytes: 1_048_576,
  /** All fields of the header. */
  headerBytes: 16_384,
  headers: 256,
});

/** The answer to a body that is longer. */
export function bodyTooLarge(): AppAnswer {
  const message = `HTTP request body is too large (max size allowed: ${requestLimits.bodyBytes})`;
  return errorAnswer(413, { code: 'RequestBodyTooLarge', message });
}

/** The answer to a header that is longer, or has more fields. */
export function headerTooLarge(): AppAnswer {
  const { headerBytes, headers } = requestLimits;
  const message = `HTTP request header is too large (max size allowed: ${headerBytes}, max number of headers: ${headers})`;
  return errorAnswer(431, { code: 'RequestHeaderTooLarge', message });
}
