import { EnclosError, type ErrorCode, type ErrorOptions } from '@enclos/errors';
import type { Diagnostic } from '@enclos/diagnostics';

const brand = Symbol.for('enclos.build-error');

/** A build problem of the developer's own making, with the places it was found. */
export class BuildError<C extends ErrorCode = ErrorCode> extends EnclosError<C> {
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: C, message: string, diagnostics: readonly Diagnostic[], options: ErrorOptions = {}) {
    super(code, message, options);
    this.name = 'BuildError';
    this.diagnostics = Object.freeze([...diagnostics]);
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

export function isBuildError(value: unknown): value is BuildError {
  return value instanceof BuildError;
}

/** `1 problem`, `3 problems`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
