import type { EnclosError } from '@enclos/errors';

/** The kinds of errors that OpenAI's clients tell apart, besides by status. */
export type OpenAiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'server_error';

export interface OpenAiError {
  readonly message: string;
  readonly type: OpenAiErrorType;
  /** The member of the request that is wrong. */
  readonly param?: string | undefined;
  readonly code?: string | undefined;
}

/** The body of an error, in the shape that OpenAI's clients read. */
export function openAiErrorJson({ message, type, param, code }: OpenAiError): string {
  return JSON.stringify({ error: { message, type, param: param ?? null, code: code ?? null } });
}

/** The body for a request that this package refused: `param` is the member, `code` is ours. */
export function openAiRefusalJson({ message, code, details }: EnclosError): string {
  const at = details['at'];
  const isMember = typeof at === 'string' && !at.includes(' ');
  return openAiErrorJson({ message, type: 'invalid_request_error', param: isMember ? at : undefined, code });
}
