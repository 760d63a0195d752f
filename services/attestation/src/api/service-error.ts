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

export interface ServiceErrorOptions {
  /** `rule` names what refused, for the audit log too. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with an error body. Its message is for the caller: nothing of the inside is in it. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: ServiceErrorCode;
  /** For `explainRefusals`: why, in a form for programs. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** Headers of the answer, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ServiceErrorCode,
    message: string,
    { details, cause, headers = {} }: ServiceErrorOptions = {},
  ) {
    super(message, { cause });
    this.name = 'ServiceError';
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }
}
