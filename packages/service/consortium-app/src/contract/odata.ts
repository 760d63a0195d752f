import { utf8 } from '@enclos/codec';
import type { AppAnswer } from './message.ts';

/** The codes of CCF that this package gives (CCF, include/ccf/odata_error.h). Clients branch on them. */
export type ErrorName =
  | 'InternalError'
  | 'InvalidAuthenticationInfo'
  | 'InvalidHeaderValue'
  | 'InvalidQueryParameterValue'
  | 'RequestBodyTooLarge'
  | 'RequestHeaderTooLarge'
  | 'ResourceNotFound'
  | 'TooManyPendingTransactions'
  | 'TransactionCommitAttemptsExceedLimit'
  | 'TransactionInvalid'
  | 'TransactionPendingOrUnknown'
  | 'TransactionReplicationFailed'
  | 'UnsupportedContentType'
  | 'UnsupportedHttpVerb';

/** One entry of `details`. Members are in the order of CCF, which sorts them. */
export type ErrorDetail =
  | { readonly auth_policy: string; readonly code: ErrorName; readonly message: string }
  | { readonly code: 'JSException'; readonly message: string; readonly trace?: string };

export interface ErrorContent {
  readonly code: ErrorName;
  readonly message?: string;
  readonly details?: readonly ErrorDetail[];
  /** Fields beside the content type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An error in the form that clients of CCF read (CCF, src/http/http_rpc_context.h): OData's, with sorted members.
 * @example errorAnswer(404, { code: 'ResourceNotFound', message: 'Unknown path: /x.' })
 */
export function errorAnswer(status: number, { code, message, details, headers = {} }: ErrorContent): AppAnswer {
  return jsonAnswer({ error: { code, ...(details === undefined ? {} : { details }), message } }, { status, headers });
}

/** A value as JSON. Members go as they stand: callers give them sorted, as CCF does. */
export function jsonAnswer(
  value: unknown,
  {
    status = 200,
    headers = {},
  }: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): AppAnswer {
  const fields = new Map([['content-type', 'application/json'], ...Object.entries(headers)]);
  return { status, headers: fields, body: utf8(JSON.stringify(value)) };
}
