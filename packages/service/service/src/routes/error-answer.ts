import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { isRefusal, type Refusal, type ServiceRefusalCode } from '../refusal.ts';

/** How an error is answered: `{"error":{"code":NAME,"message"}}` with a status of HTTP. */
export interface ErrorName {
  readonly status: number;
  readonly name: string;
}

/** The one place where codes of errors become status and name of answers. */
export type ErrorNames = Readonly<Partial<Record<ErrorCode, ErrorName>>>;

/** How every service answers the refusals that any service has. */
export const serviceErrorNames: Readonly<Record<ServiceRefusalCode, ErrorName>> = Object.freeze({
  SERVICE_UNAUTHENTICATED: { status: 401, name: 'Unauthorized' },
  SERVICE_FORBIDDEN: { status: 403, name: 'Forbidden' },
  SERVICE_NOT_FOUND: { status: 404, name: 'NotFound' },
  SERVICE_METHOD_NOT_ALLOWED: { status: 405, name: 'MethodNotAllowed' },
  SERVICE_REQUEST_INVALID: { status: 400, name: 'InvalidParameter' },
  SERVICE_OPERATION_INVALID: { status: 400, name: 'InvalidOperation' },
  SERVICE_RATE_LIMITED: { status: 429, name: 'TooManyRequests' },
  SERVICE_NOT_IMPLEMENTED: { status: 501, name: 'NotImplemented' },
});

/** What callers get for errors whose text is not for them. */
export const unavailableName: ErrorName = Object.freeze({ status: 503, name: 'ServiceUnavailable' });
export const faultName: ErrorName = Object.freeze({ status: 500, name: 'InternalError' });

/** An error as a caller is told of it. */
export interface ErrorAnswer extends ErrorName {
  readonly message: string;
  /** For callers of a site that explains its refusals, and for the audit log. */
  readonly explanation?: Readonly<Record<string, unknown>> | undefined;
  /** Headers of the answer, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;
  /** It was not a refusal, so its text is not told, and the operator has to hear of it. */
  readonly isFault: boolean;
}

/**
 * What the caller is told of an error: a `Refusal` whose code has a name, with its text. Anything else is a fault: those
 * of kind `transient` say that trying again may help, and none says more.
 */
export function errorAnswerOf(error: unknown, names: ErrorNames): ErrorAnswer {
  const name = isRefusal(error) ? names[error.code] : undefined;
  if (isRefusal(error) && name !== undefined) {
    const { message, explanation } = error;
    return { ...name, message, explanation, headers: headersOf(error), isFault: false };
  }
  if (isEnclosError(error) && error.kind === 'transient') {
    const headers = { 'retry-after': '5' };
    return { ...unavailableName, message: 'The service cannot answer now. Try again.', headers, isFault: true };
  }
  return { ...faultName, message: 'The service failed to answer.', headers: {}, isFault: true };
}

/** Facts that HTTP has headers for (RFC 9110 sections 10.2.1, 10.2.3 and 11.6.1). */
const headerNames = { allow: 'allow', challenge: 'www-authenticate', retryAfterSeconds: 'retry-after' } as const;

function headersOf({ details }: Refusal): Readonly<Record<string, string>> {
  const entries = Object.entries(headerNames).flatMap(([fact, header]) => {
    const value = details[fact];
    return value === undefined ? [] : [[header, String(value)] as const];
  });
  return Object.fromEntries(entries);
}
