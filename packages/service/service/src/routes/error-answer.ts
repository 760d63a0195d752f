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

/** The HTTP status that each code is answered with. */
export const errorStatuses: Readonly<Record<ServiceErrorCode, number>> = Object.freeze({
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  InvalidParameter: 400,
  InvalidOperation: 400,
  PolicyParsingError: 400,
  PolicyEvaluationError: 400,
  NotImplemented: 501,
  TooManyRequests: 429,
  ApiVersionUnspecified: 400,
  UnsupportedApiVersion: 400,
  ServiceUnavailable: 503,
  InternalError: 500,
});

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
