import { utf8 } from '@enclos/codec';
import { isJsonObject, parseJsonBytes, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { limits } from './limits.ts';

/** The bytes of a document that is written here: without spaces, keys in the order in which they were put. */
export function encodeJson(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}

/** An object with the keys in one order, whatever order they came in. */
export function sortedRecord(entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function documentInvalid(what: string, reason: string, cause?: unknown): EnclosError {
  return new EnclosError('OCI_DOCUMENT_INVALID', `The ${what} ${reason}.`, { details: { what }, cause });
}

/**
 * Reads a document that container engines will read with other libraries. What two of them could understand differently is
 * refused: Go's takes the last of several equal keys, and `LAYERS` for `layers` (encoding/json, Unmarshal), so a
 * document might show one image here and be another one there.
 *
 * @throws OCI_DOCUMENT_INVALID, OCI_TOO_LARGE
 */
export function parseJson(bytes: Uint8Array, what: string): JsonValue {
  if (bytes.length > limits.documentBytes) {
    throw new EnclosError('OCI_TOO_LARGE', `The ${what} is larger than ${limits.documentBytes} bytes.`, {
      details: { what, maxBytes: limits.documentBytes },
    });
  }
  const bounds = { maxDepth: limits.jsonDepth, maxValues: limits.jsonValues };
  let value;
  try {
    value = parseJsonBytes(bytes, limits.documentBytes, bounds);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    const isTooMuch = cause.code === 'CODEC_OUT_OF_RANGE';
    throw documentInvalid(what, isTooMuch ? 'is nested too deeply, or has too many values' : reasonOf(cause), cause);
  }
  refuseAmbiguous(value, what);
  return value;
}

/** As the end of a sentence: "is not strict JSON: ...". */
function reasonOf({ message }: EnclosError): string {
  return `is ${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\.$/, '')}`;
}

/** The parser has refused equal keys; these are equal for Go. It is as deep as the limits let it be. */
function refuseAmbiguous(value: JsonValue, what: string): void {
  if (isJsonObject(value)) {
    const keys = new Set<string>();
    for (const key of Object.keys(value).map(foldedKey)) {
      if (keys.has(key)) throw documentInvalid(what, `has the key ${JSON.stringify(key)} twice`);
      keys.add(key);
    }
  }
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) refuseAmbiguous(inner, what);
  }
}

/** Go compares keys after a simple folding, in which two letters outside ASCII are `k` and `s`. */
function foldedKey(key: string): string {
  return key.replaceAll('\u212a', 'k').replaceAll('\u017f', 's').toLowerCase();
}
