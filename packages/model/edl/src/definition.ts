import { EnclosError } from '@enclos/errors';

/** The largest size of a value, and so of any buffer that a receiver must accept. */
export const LARGEST_ENCODED_BYTES = 2 ** 31;
const LARGEST_NAME_LENGTH = 64;
/** The most functions of a side, fields of a record, variants of a union, or names of an enumeration. */
export const LARGEST_MEMBER_COUNT = 1024;
/** Encoding and decoding recurse once for each level. */
export const LARGEST_DEPTH = 64;

const identifierPattern = /^[A-Za-z][A-Za-z0-9_]*$/;
const labelPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

export function invalid(problem: string): never {
  throw new EnclosError('EDL_INVALID_INTERFACE', problem);
}

/** @throws EDL_INVALID_INTERFACE unless `name` is a letter and then letters, digits and underscores. */
export function requireIdentifier(name: unknown, what: string): asserts name is string {
  if (typeof name !== 'string' || name.length > LARGEST_NAME_LENGTH || !identifierPattern.test(name)) {
    invalid(`The name of ${what} is not an identifier of at most ${LARGEST_NAME_LENGTH} characters.`);
  }
  // A member with such a name would be present in an object that lacks it. `__proto__` is not an identifier here.
  if (name in Object.prototype) {
    invalid(`"${name}" cannot name ${what}: every object inherits a property of that name.`);
  }
}

/** Like an identifier, but digits may come first and dots and dashes later. */
export function requireLabel(name: unknown, what: string): asserts name is string {
  if (typeof name !== 'string' || name.length > LARGEST_NAME_LENGTH || !labelPattern.test(name)) {
    invalid(`${what} is not a word of at most ${LARGEST_NAME_LENGTH} letters, digits, and "_", "." or "-".`);
  }
}

/** The members of a definition object, in declaration order, their names checked. */
export function requireMembers<M>(
  members: Readonly<Record<string, M>>,
  what: string,
): readonly (readonly [string, M])[] {
  if (typeof members !== 'object' || members === null || Array.isArray(members)) {
    invalid(`${what}s are given as an object.`);
  }
  const entries = Object.entries(members);
  if (entries.length > LARGEST_MEMBER_COUNT) invalid(`${entries.length} ${what}s, at most ${LARGEST_MEMBER_COUNT}.`);
  for (const [name] of entries) requireIdentifier(name, `a ${what}`);
  return entries;
}

/**
 * Reads the bounds of a builder. JavaScript callers are not checked by the compiler, and a misspelt bound must not count as an
 * absent one.
 */
export function requireBounds<const K extends string>(
  bounds: unknown,
  known: readonly K[],
  what: string,
): Partial<Record<K, number>> {
  if (typeof bounds !== 'object' || bounds === null) invalid(`${what} needs bounds: ${known.join(', ')}.`);
  const read: Partial<Record<K, number>> = {};
  for (const name of Object.keys(bounds)) {
    const value: unknown = Reflect.get(bounds, name);
    const key = known.find((candidate) => candidate === name);
    if (key === undefined) invalid(`${what} has no bound of that name; it has ${known.join(', ')}.`);
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > LARGEST_ENCODED_BYTES) {
      invalid(`${key} of ${what} is not an integer from 0 to ${LARGEST_ENCODED_BYTES}.`);
    }
    read[key] = value;
  }
  return read;
}

/** The range of a pair of bounds. The upper bound is mandatory. */
export function requireRange(
  min: number | undefined,
  max: number | undefined,
  what: string,
): { readonly min: number; readonly max: number } {
  if (max === undefined) return invalid(`${what} needs an upper bound.`);
  if (min !== undefined && min > max) return invalid(`The lower bound of ${what} is above its upper bound.`);
  return { min: min ?? 0, max };
}
