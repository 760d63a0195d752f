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

/** An error that says the first problem, and how many more there are. */
export function buildFailure<C extends ErrorCode>(code: C, diagnostics: readonly Diagnostic[]): BuildError<C> {
  const [first] = diagnostics;
  const more = diagnostics.length > 1 ? ` (${countOf(diagnostics.length, 'problem')} in all)` : '';
  return new BuildError(code, `${first?.text ?? 'The bundler failed'}${more}.`, diagnostics);
}

/** `1 problem`, `3 problems`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
