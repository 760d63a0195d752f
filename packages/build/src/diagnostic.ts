import { EnclosError, type ErrorCode, type ErrorOptions } from '@enclos/errors';

/** One problem at one place, in a form that a terminal, an editor and JSON can all show. */
export interface Diagnostic {
  /** A warning stops nothing. Default: error. */
  readonly severity?: 'error' | 'warning';
  /** The error code that the problem belongs to, or the bundler's own name for it. */
  readonly code: string;
  readonly text: string;
  /** Relative to the project folder, with forward slashes. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1, in UTF-16 code units. */
  readonly column?: number;
  /** How many code units to underline. */
  readonly length?: number;
  /** The whole source line, without its end. */
  readonly lineText?: string;
  readonly notes: readonly string[];
  /** What to do in its place. */
  readonly suggestion?: string;
}

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
