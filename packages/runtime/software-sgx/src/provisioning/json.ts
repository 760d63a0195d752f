import { EnclosError } from '@enclos/errors';

/** Reads one JSON value strictly: the checked value, or CODEC_INVALID with the path and the rule. */
export type Check<T> = (value: unknown, path: string) => T;

type Shape = Readonly<Record<string, Check<unknown>>>;
type CheckedObject<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

/** An object with exactly these keys. */
export function object<S extends Shape>(shape: S): Check<CheckedObject<S>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(path, 'an object');
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
    if (unknown !== undefined) throw refused(`${path}.${unknown.slice(0, 64)}`, 'no such key');
    const source = value as Readonly<Record<string, unknown>>;
    const entries = Object.entries(shape).map(([key, check]) => [key, check(source[key], `${path}.${key}`)]);
    return Object.freeze(Object.fromEntries(entries)) as CheckedObject<S>;
  };
}

/** Hex of exactly `sizeBytes` bytes, or of any size up to 64 bytes; returned in lower case. */
export function hex(sizeBytes?: number): Check<string> {
  return (value, path) => {
    const pattern =
      sizeBytes === undefined ? /^(?:[0-9a-f]{2}){1,64}$/i : new RegExp(`^[0-9a-f]{${2 * sizeBytes}}$`, 'i');
    if (typeof value !== 'string' || !pattern.test(value)) {
      throw refused(path, `${sizeBytes ?? 'up to 64'} bytes in hex`);
    }
    return value.toLowerCase();
  };
}

export function text(maxLength: number): Check<string> {
  return (value, path) => {
    if (typeof value !== 'string' || value.length > maxLength) {
      throw refused(path, `a string of at most ${maxLength} characters`);
    }
    return value;
  };
}

export function integer(max: number): Check<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
      throw refused(path, `an integer from 0 to ${max}`);
    }
    return value;
  };
}

/** One of these strings. */
export function oneOf<T extends string>(...allowed: readonly T[]): Check<T> {
  return (value, path) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw refused(path, `one of ${allowed.join(', ')}`);
    return found;
  };
}

/** An instant as `yyyy-mm-ddThh:mm:ssZ`. */
export function instant(value: unknown, path: string): Date {
  const date =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) throw refused(path, 'an instant like 2026-01-31T00:00:00Z');
  return date;
}

/**
 * Parses and checks a JSON text of a vendor or machine folder. Only the form
 * that this package writes is read, so a duplicate key, of which JSON.parse
 * would keep the last, is refused with every other spelling.
 *
 * @throws CODEC_INVALID
 */
export function parseJson<T>(source: string, check: Check<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'Not a JSON text.', { cause });
  }
  if (JSON.stringify(value) !== source) throw new EnclosError('CODEC_INVALID', 'Not JSON as this platform writes it.');
  return check(value, '$');
}

/** The form that DCAP documents use: UTC, whole seconds. */
export function formatInstant(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function refused(path: string, expected: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `${path}: expected ${expected}.`);
}
