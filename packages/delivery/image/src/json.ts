import { utf8 } from '@enclos/codec';
import { isJsonWithin } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
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
export function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > limits.documentBytes) {
    throw new EnclosError('OCI_TOO_LARGE', `The ${what} is larger than ${limits.documentBytes} bytes.`, {
      details: { what, maxBytes: limits.documentBytes },
    });
  }
  // Before anything of it is kept: the keys below, and the values after them.
  if (!isJsonWithin(bytes, { maxDepth: limits.jsonDepth, maxValues: limits.jsonValues })) {
    throw documentInvalid(what, 'is nested too deeply, or has too many values');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw documentInvalid(what, 'is not UTF-8', cause);
  }
  refuseAmbiguous(text, what);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw documentInvalid(what, 'is not JSON', cause);
  }
}

/** Goes through the brackets and keys; what is not JSON besides is found by the parser. By hand, since a pattern may need as much memory as the text. */
function refuseAmbiguous(text: string, what: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(new Set());
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (isFollowedByColon(text, end)) addKey(open.at(-1), text.slice(at, end), what);
      at = end - 1;
    }
  }
}

/** Behind the quote that ends the string, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++;
  return text[at] === ':';
}

function addKey(keys: Set<string> | undefined, quoted: string, what: string): void {
  const key = foldedKey(quoted, what);
  if (keys?.has(key) === true) throw documentInvalid(what, `has the key ${JSON.stringify(key)} twice`);
  keys?.add(key);
}

/** Go compares keys after a simple folding, in which two letters outside ASCII are `k` and `s`. */
function foldedKey(quoted: string, what: string): string {
  let key: unknown;
  try {
    key = JSON.parse(quoted);
  } catch (cause) {
    throw documentInvalid(what, 'is not JSON', cause);
  }
  return String(key).replaceAll('\u212a', 'k').replaceAll('\u017f', 's').toLowerCase();
}
