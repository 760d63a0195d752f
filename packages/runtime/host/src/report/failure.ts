import type { Failure } from '@enclos/diagnostics';
import type { EnclosError } from '@enclos/errors';

/** What people read of an error. That the other side raised it is for programs to know. */
export function failureOf({ code, message, next, details: { remote: _, ...details } }: EnclosError): Failure {
  return { code, message, next, details };
}
