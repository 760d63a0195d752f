import type { ErrorCodes } from './codes.ts';
import { declaredErrors, lookUpCode } from './declare.ts';
import type { ErrorEntry, ErrorKind } from './kinds.ts';

/** A code that a package of this program declares. */
export type ErrorCode = keyof ErrorCodes;

const brand = Symbol.for('enclos.error');
/** A code that no package declared in this process must still give that error, not a TypeError. */
const undeclared: ErrorEntry = { kind: 'refused', summary: 'It was refused.', next: lookUpCode };

/** Public facts about an error. Never a secret, a token or raw evidence. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** What to do about it this time. Default: the advice for its code. */
  readonly next?: string | undefined;
}

/**
 * The base of every error that Enclos throws on purpose.
 *
 * `instanceof` compares a brand, not the class object, so that it survives two
 * copies of this package in one process (an enclave bundle has its own).
 */
export class EnclosError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: ErrorKind;
  /** What to do about it. */
  readonly next: string;
  readonly details: ErrorDetails;

  constructor(code: C, message?: string, options: ErrorOptions = {}) {
    const entry = declaredErrors.get(code) ?? undeclared;
    super(message ?? entry.summary, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'EnclosError';
    this.code = code;
    this.kind = entry.kind;
    this.next = options.next ?? entry.next;
    this.details = Object.freeze({ ...options.details });
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== EnclosError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** True when `value` is an Enclos error, and has the given code if one is named. */
export function isEnclosError<C extends ErrorCode = ErrorCode>(value: unknown, code?: C): value is EnclosError<C> {
  return value instanceof EnclosError && (code === undefined || value.code === code);
}

/** True when a loaded package declares `code`. For codes that arrive from the other side of a boundary. */
export function isErrorCode(code: string): code is ErrorCode {
  return declaredErrors.has(code);
}
