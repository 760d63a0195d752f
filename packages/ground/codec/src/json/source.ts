import { EnclosError } from '@enclos/errors';
import { isJsonWithin } from './bounds.ts';
import type { JsonSpan } from './cursor.ts';
import { maximumJsonDepth } from './parse.ts';
import { JsonScanner, type JsonPlace } from './scanner.ts';
import type { JsonValue } from './value.ts';

export type JsonPath = readonly PropertyKey[];

/** A text of JSON that remembers where each key and value is. */
export interface JsonSource {
  readonly value: JsonValue;
  /** The value at `path`; for a path that is absent, its nearest existing ancestor. */
  locate(path: JsonPath): JsonSpan;
  /** The key that ends `path`, with its quotes; where the key is absent, as `locate`. */
  locateKey(path: JsonPath): JsonSpan;
}

const maximumLength = 16_777_216;
const maximumValues = 1_048_576;

/**
 * As `parseJson`, for a file that people write: it keeps positions, so that what
 * is wrong in the file can be shown in its place.
 *
 * @example
 * const source = parseJsonSource('{"threads": -1}');
 * source.locate(['threads']); // { start: 12, end: 14 }
 *
 * @throws CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE; `details` of a
 * mistake of the text has `start` and `end`, and `problem`.
 */
export function parseJsonSource(text: string): JsonSource {
  // The depth is refused where it is found, which has a position.
  const bounds = { maxDepth: Number.POSITIVE_INFINITY, maxValues: maximumValues };
  if (text.length > maximumLength || !isJsonWithin(text, bounds)) {
    const message = `JSON has over ${maximumLength} characters, or over ${maximumValues} values.`;
    throw new EnclosError('CODEC_OUT_OF_RANGE', message);
  }
  const places = new Map<JsonValue, Map<string, JsonPlace>>();
  const value = new JsonScanner(text, maximumJsonDepth, (holder, name, place) => {
    const held = places.get(holder) ?? new Map<string, JsonPlace>();
    places.set(holder, held.set(name, place));
  }).document();
  const span = { start: text.length - text.trimStart().length, end: text.trimEnd().length };
  /** The place at `path`, or of its nearest ancestor. */
  const placeOf = (path: JsonPath): { readonly place: JsonPlace; readonly isFound: boolean } => {
    let place: JsonPlace = { value, span };
    for (const step of path) {
      const inner = places.get(place.value)?.get(String(step));
      if (inner === undefined) return { place, isFound: false };
      place = inner;
    }
    return { place, isFound: true };
  };
  return Object.freeze({
    value,
    locate: (path: JsonPath) => placeOf(path).place.span,
    locateKey(path: JsonPath) {
      const { place, isFound } = placeOf(path);
      return (isFound ? place.key : undefined) ?? place.span;
    },
  });
}
