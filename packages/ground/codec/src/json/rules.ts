import { isJsonArray, type JsonValue } from './value.ts';

/** What a value must be, and what it means. Rules are for values of JSON; they refuse all others. */
export interface JsonRule<T> {
  /** Completes "is not" and "must be". */
  readonly expected: string;
  /** @returns undefined for a value that is something else. */
  readonly read: (value: unknown) => T | undefined;
}

export const boolean: JsonRule<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** For a member that is read by other rules. */
export const anything: JsonRule<JsonValue> = { expected: 'a value', read: (value) => value as JsonValue };

/** @param maxLength in UTF-16 code units. */
export function string(maxLength: number): JsonRule<string> {
  return {
    expected: `a string up to ${maxLength} characters`,
    read: (value) => (typeof value === 'string' && value.length <= maxLength ? value : undefined),
  };
}

/** A string that `read` understands. */
export function meaning<T>(expected: string, read: (text: string) => T | undefined): JsonRule<T> {
  return { expected, read: (value) => (typeof value === 'string' ? read(value) : undefined) };
}

export function oneOf<const T extends string>(...choices: readonly T[]): JsonRule<T> {
  const expected = choices.map((choice) => `"${choice}"`).join(' or ');
  return { expected, read: (value) => choices.find((choice) => choice === value) };
}

export function integer(minimum: number, maximum: number): JsonRule<number> {
  return {
    expected: `an integer from ${minimum} to ${maximum}`,
    read: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum ? value : undefined,
  };
}

/** Hex of exactly `sizeBytes`. Read in lower case. */
export function hex(sizeBytes: number): JsonRule<string> {
  return meaning(`${sizeBytes} bytes of hex`, (value) =>
    value.length === 2 * sizeBytes && /^[0-9a-f]*$/i.test(value) ? value.toLowerCase() : undefined,
  );
}

/** A date that exists: 2025-06-19T10:56:11Z, the form of dates in Intel's JSON. Read as it is. */
export const isoDate: JsonRule<string> = meaning('a date like 2025-06-19T10:56:11Z', (value) => {
  const time = Date.parse(value);
  // A year of more than four digits begins with its sign.
  return !Number.isNaN(time) && isoSeconds(time) === value && /^\d/.test(value) ? value : undefined;
});

export function array(minimum: number, maximum: number): JsonRule<readonly JsonValue[]> {
  return {
    expected: `an array of ${minimum} to ${maximum} items`,
    read: (value) => (isJsonArray(value) && value.length >= minimum && value.length <= maximum ? value : undefined),
  };
}

/** Up to `maximum` strings, each up to a length. */
export function strings(maximum: number, maxLength: number): JsonRule<readonly string[]> {
  const { expected, read } = string(maxLength);
  return {
    expected: `an array of up to ${maximum} times ${expected}`,
    // The rule for one string returns the string itself.
    read: (value) => {
      const isRight = isJsonArray(value) && value.length <= maximum && value.every((item) => read(item) !== undefined);
      return isRight ? (value as readonly string[]) : undefined;
    },
  };
}

/** Many ask for the present second. */
let latest = { second: Number.NaN, text: '' };

/** 2025-06-19T10:56:11Z: the form of dates in Intel's JSON and in our verdicts. */
export function isoSeconds(timeMs: number): string {
  const second = Math.floor(Math.trunc(timeMs) / 1000);
  if (second !== latest.second) latest = { second, text: `${new Date(timeMs).toISOString().slice(0, 19)}Z` };
  return latest.text;
}
