import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import { isJsonWithin } from './bounds.ts';
import { refusal, type JsonSpan } from './cursor.ts';
import { maximumJsonDepth } from './parse.ts';
import { places, type JsonPlace } from './places.ts';
import { JsonScanner, repeatedKey } from './scanner.ts';
import type { JsonValue } from './value.ts';

export type JsonPath = readonly PropertyKey[];

/** JSON of a file, with the places of its keys and values. */
export interface JsonSource {
  readonly value: JsonValue;
  /** The value at `path`; for a path that is absent, its nearest existing ancestor. */
  locate(path: JsonPath): JsonSpan;
  /** The key that ends `path`, with its quotes; where the key is absent, as `locate`. */
  locateKey(path: JsonPath): JsonSpan;
}

const maximumLength = 16_777_216;
const maximumValues = 1_048_576;
/** A key in a message, with its quotes: longer ones are only marked. */
const maximumNameLength = 100;
/** A string that may lack its end, or a word or number. */
const tokenPattern = /"(?:[^"\\\n]|\\.)*"?|[^\s"{}[\],:]+/y;

/**
 * As `parseJson`, for a file that people write: each error carries the place of the mistake.
 *
 * @example
 * const source = parseJsonSource('{"threads": -1}');
 * source.locate(['threads']); // { start: 12, end: 14 }
 *
 * @throws CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE; `details` has `start` and `end` of the place.
 */
export function parseJsonSource(text: string): JsonSource {
  requireWithin(text);
  const value = parsed(text);
  const whole = { name: '', span: { start: text.length - text.trimStart().length, end: text.trimEnd().length } };
  return Object.freeze({
    value,
    locate: (path: JsonPath) => walk(text, whole, path).place.span,
    locateKey(path: JsonPath) {
      const { place, isFound } = walk(text, whole, path);
      return (isFound ? place.key : undefined) ?? place.span;
    },
  });
}

function requireWithin(text: string): void {
  const within = (end: number, maxDepth: number): boolean =>
    isJsonWithin(text.slice(0, end), { maxDepth, maxValues: maximumValues });
  if (text.length > maximumLength || !within(text.length, Number.POSITIVE_INFINITY)) {
    throw refused('CODEC_OUT_OF_RANGE', `It has over ${maximumLength} characters, or over ${maximumValues} values.`, 0);
  }
  if (within(text.length, maximumJsonDepth)) return;
  // A binary search for the bracket that is one too many.
  let [low, high] = [0, text.length];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (within(middle, maximumJsonDepth)) low = middle;
    else high = middle;
  }
  throw refused('CODEC_OUT_OF_RANGE', `Nested deeper than ${maximumJsonDepth} levels.`, low);
}

function parsed(text: string): JsonValue {
  const scanner = new JsonScanner(text);
  try {
    return scanner.document();
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    const { at } = scanner;
    tokenPattern.lastIndex = at;
    const token = tokenPattern.exec(text)?.[0];
    const problem = cause.message.replace(refusal, '');
    const isNamed = problem.startsWith(repeatedKey) && token !== undefined && token.length <= maximumNameLength;
    const sentence = isNamed ? `The key ${token} is repeated.` : problem.charAt(0).toUpperCase() + problem.slice(1);
    throw refused(cause.code, sentence, at, at + (token?.length ?? 1));
  }
}

function refused(code: ErrorCode, message: string, start: number, end = start + 1): EnclosError {
  return new EnclosError(code, message, { details: { start, end } });
}

/** The place of the value at `path`, or of its nearest ancestor. */
function walk(
  text: string,
  whole: JsonPlace,
  path: JsonPath,
): { readonly place: JsonPlace; readonly isFound: boolean } {
  let place = whole;
  for (const step of path) {
    const inner = places(text, place.span.start).find(({ name }) => name === String(step));
    if (inner === undefined) return { place, isFound: false };
    place = inner;
  }
  return { place, isFound: true };
}
