import '../errors.ts';

/** Strict reading of untrusted JSON: its bounds, its values, their places in a text, and the rules for them. */
export { isJsonWithin, type JsonBounds } from './bounds.ts';
export { isByteList } from './byte-list.ts';
export { JsonCursor, type JsonSpan } from './cursor.ts';
export {
  maximumJsonDepth,
  maximumJsonValues,
  parseJson,
  parseJsonBytes,
  parseJsonMembers,
  type JsonLimits,
} from './parse.ts';
export { JsonForm, type JsonProblems } from './form.ts';
export { JsonRecord, type JsonReport } from './record.ts';
export {
  anything,
  array,
  boolean,
  isoDate,
  hex,
  integer,
  isoSeconds,
  meaning,
  oneOf,
  string,
  strings,
  type JsonRule,
} from './rules.ts';
export { sameJson } from './same-json.ts';
export { readShape, type JsonMembers, type JsonShape } from './shape.ts';
export { parseJsonSource, type JsonPath, type JsonSource } from './source.ts';
export { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './value.ts';
