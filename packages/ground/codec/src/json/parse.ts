import { EnclosError } from '@enclos/errors';
import { decodeUtf8 } from '../text.ts';
import { isJsonWithin } from './bounds.ts';
import type { JsonSpan } from './cursor.ts';
import { hasMembersWithin } from './members.ts';
import { JsonScanner, type MemberNote } from './scanner.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './value.ts';

/** 32 levels within the outermost one: Intel's QVL refuses deeper collateral, which exhausted its stack before 2026-06-15. */
export const maximumJsonDepth = 33;
/** Several times the size of the longest TCB info. Two megabytes of `{}` would take half a second, and 200 MiB. */
export const maximumJsonValues = 32_768;

export interface JsonLimits {
  /** As `JsonBounds` counts them. Checked before any value is made. Default: `maximumJsonValues`. */
  readonly maxValues?: number;
  /** Members of all objects. Default: as many as there may be values. */
  readonly maxMembers?: number;
  /** Objects and arrays within each other, the outermost one included. Default: `maximumJsonDepth`. */
  readonly maxDepth?: number;
}

/**
 * Parses JSON (RFC 8259) strictly: repeated names, lone surrogates, numbers
 * beyond a double, trailing text and everything over the limits are refused. `JSON.parse` keeps the last of two equal names, so
 * that two verifiers could read one signed text differently.
 *
 * @example
 * const value = parseJson('{"svn":7}', 1024);
 * const svn = new JsonRecord(value, 'tcb').required('svn', integer(255));
 *
 * @param maxLength in UTF-16 code units.
 * @throws CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE.
 */
export function parseJson(text: string, maxLength: number, limits: JsonLimits = {}): JsonValue {
  return scan(text, maxLength, limits);
}

function scan(
  text: string,
  maxLength: number,
  { maxValues = maximumJsonValues, maxMembers, maxDepth = maximumJsonDepth }: JsonLimits,
  note?: MemberNote,
): JsonValue {
  if (text.length > maxLength) throw tooMuch(`over ${maxLength} characters`);
  if (!isJsonWithin(text, { maxDepth, maxValues })) {
    throw tooMuch(`nested deeper than ${maxDepth} levels, or over ${maxValues} values`);
  }
  if (maxMembers !== undefined && !hasMembersWithin(text, maxMembers)) throw tooMuch(`over ${maxMembers} members`);
  return new JsonScanner(text).document(note);
}

/** As `parseJson`, for bytes of UTF-8. @throws CODEC_INVALID also for other bytes. */
export function parseJsonBytes(bytes: Uint8Array, maxLength: number, limits: JsonLimits = {}): JsonValue {
  // One character is three bytes at most, and a pair of surrogates four.
  if (bytes.length > 3 * maxLength) throw tooMuch(`over ${maxLength} characters`);
  return parseJson(decodeUtf8(bytes), maxLength, limits);
}

/** As `parseJson` for an object; also says where the value of each of its members lies. */
export function parseJsonMembers(
  text: string,
  maxLength: number,
): { readonly value: JsonObject; readonly spans: ReadonlyMap<string, JsonSpan> } {
  const spans = new Map<string, JsonSpan>();
  const value = scan(text, maxLength, {}, (name, span) => spans.set(name, span));
  if (!isJsonObject(value)) throw new EnclosError('CODEC_INVALID', 'Not a JSON object.');
  return { value, spans };
}

function tooMuch(what: string): EnclosError {
  return new EnclosError('CODEC_OUT_OF_RANGE', `JSON ${what}.`);
}
