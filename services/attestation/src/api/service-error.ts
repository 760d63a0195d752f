/** Codes of the error bodies: `{"error":{"code","message"}}`. */
export type ServiceErrorCode =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'InvalidParameter'
  | 'InvalidOperation'
  | 'PolicyParsingError'
  | 'PolicyEvaluationError'
  | 'NotImplemented'
  | 'TooManyRequests'
  | 'ApiVersionUnspecified'
  | 'UnsupportedApiVersion'
  | 'ServiceUnavailable'
  | 'InternalError';

/** A request that is answered with an error body. Its message is for the caller: nothing of the inside is in it. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: ServiceErrorCode;
  /** For `explainRefusals`: why, in a form for programs. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    status: number,
    code: ServiceErrorCode,
    message: string,
    { details, cause }: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = 'ServiceError';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
