import type { Failure } from '@enclos/diagnostics';
import type { EnclosError } from '@enclos/errors';

/** What people read of an error. */
export function failureOf(error: EnclosError): Failure {
  // That the other side raised it is for programs to know.
  const { remote: _, ...details } = error.details;
  return { code: error.code, message: error.message, next: error.next, details };
}
