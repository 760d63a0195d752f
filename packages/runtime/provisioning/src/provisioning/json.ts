import {
  isoDate,
  meaning,
  parseJson,
  readShape,
  type JsonMembers,
  type JsonRule,
  type JsonShape,
  type JsonValue,
} from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';

/** Both CRLs (1 MiB each, in hex), three signed texts of up to 1 MiB, and what stands around them. */
const maximumLength = 8 << 20;

/** An instant, in the form of DCAP documents: UTC, whole seconds. */
export const instant: JsonRule<Date> = meaning(isoDate.expected, (text) => {
  const date = isoDate.read(text);
  return date === undefined ? undefined : new Date(date);
});

/** Hex of 1 to 64 bytes. Read in lower case. */
export const shortHex: JsonRule<string> = meaning('1 to 64 bytes of hex', (text) =>
  /^(?:[0-9a-f]{2}){1,64}$/i.test(text) ? text.toLowerCase() : undefined,
);

/**
 * Parses a JSON text of a vendor or machine folder. Only the form that this package writes is read: one text for each
 * value, so that two processes that compare files compare what they say.
 *
 * @throws a CODEC error
 */
export function parseWritten(source: string): JsonValue {
  const value = parseJson(source, maximumLength);
  if (JSON.stringify(value) !== source) throw new EnclosError('CODEC_INVALID', 'Not JSON as this platform writes it.');
  return value;
}

/** Parses the text of an object, as `parseWritten`, that has exactly the members of a shape. */
export function parseFile<Shape extends JsonShape>(source: string, shape: Shape): JsonMembers<Shape> {
  return readShape(parseWritten(source), '$', shape);
}
