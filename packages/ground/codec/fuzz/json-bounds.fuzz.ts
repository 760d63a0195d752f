import { isJsonWithin } from '../src/json/bounds.ts';
import { measureJson } from './json-measure.ts';

const texts = [
  '[1,[],{"a":1,"b":[2,{}]}]',
  '{"\\"[":"{,\\\\","a":{"b":null}}',
  '"\\u005b"',
  '[[[[[[]]]]]]',
  '[{},{},{}]',
];
export const seeds: readonly Uint8Array[] = texts.map((text) => new TextEncoder().encode(text));

const bounds = { maxDepth: 4, maxValues: 12 };

/** What JSON.parse reads, and is within the bounds by its values, is within them by its text; and the other way round. */
export function fuzz(data: Uint8Array): void {
  let value: unknown;
  const text = new TextDecoder().decode(data);
  const isWithin = isJsonWithin(text, bounds);
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  const { depth, values } = measureJson(value);
  const isExpected = depth <= bounds.maxDepth && values - 1 <= bounds.maxValues;
  // A name that comes twice is two values of the text, and one of what JSON.parse makes of it.
  if (isWithin && !isExpected) throw new RangeError('JSON beyond the bounds was taken.');
  if (!isWithin && isExpected && JSON.stringify(value).length === text.length) {
    throw new RangeError('JSON within the bounds was refused.');
  }
}
