import { decodeUtf8 } from '@enclos/codec/text';
import { isJsonWithin } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A frozen object without a prototype, so that no member name is special. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Where the value of a member of the outermost object lies in the text: [start, end). */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** Intel's QVL refuses deeper collateral (a stack exhaustion was fixed there on 2026-06-15). */
const maximumDepth = 32;
/** Several times what the longest TCB info comes to. Two megabytes of `{}` would take half a second, and 200 MiB. */
export const maximumJsonValues = 32_768;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainStringPattern = /"[^"\\\p{Cc}\p{Cs}]*"/uy;
const whitespacePattern = /[ \t\n\r]*/y;

/**
 * Parses JSON (RFC 8259) strictly: duplicate names, nesting over 32, lone
 * surrogates and trailing text are refused. `JSON.parse` keeps the last of two
 * equal names, so two verifiers could read one signed text differently.
 *
 * @param maxValues as `JsonBounds` of `@enclos/codec` counts them. Checked before any value is made.
 * @throws CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE.
 */
export function parseJson(text: string, maxLength: number, maxValues = maximumJsonValues): JsonValue {
  return new JsonScanner(text, { maxLength, maxValues }).document();
}

/** As `parseJson` for an object; also says where the value of each of its members lies. */
export function parseJsonMembers(
  text: string,
  maxLength: number,
): { readonly value: JsonObject; readonly spans: ReadonlyMap<string, JsonSpan> } {
  const scanner = new JsonScanner(text, { maxLength, maxValues: maximumJsonValues });
  const value = scanner.document();
  if (!isJsonObject(value)) throw new EnclosError('CODEC_INVALID', 'A JSON object wanted.');
  return { value, spans: scanner.spans };
}

/** As `parseJson`, for bytes of UTF-8. @throws CODEC_INVALID also for other bytes. */
export function parseJsonBytes(bytes: Uint8Array, maxLength: number, maxValues = maximumJsonValues): JsonValue {
  // One character is three bytes at most, and a pair of surrogates four.
  if (bytes.length > 3 * maxLength) throw new EnclosError('CODEC_OUT_OF_RANGE', `JSON over ${maxLength} characters.`);
  return parseJson(decodeUtf8(bytes), maxLength, maxValues);
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class JsonScanner {
  readonly spans = new Map<string, JsonSpan>();
  readonly #text: string;
  #at = 0;

  constructor(text: string, { maxLength, maxValues }: { readonly maxLength: number; readonly maxValues: number }) {
    if (text.length > maxLength) throw new EnclosError('CODEC_OUT_OF_RANGE', `JSON over ${maxLength} characters.`);
    if (!isJsonWithin(text, { maxDepth: maximumDepth + 1, maxValues })) {
      throw new EnclosError(
        'CODEC_OUT_OF_RANGE',
        `JSON nests deeper than ${maximumDepth}, or has over ${maxValues} values.`,
      );
    }
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) {
      throw new EnclosError('CODEC_TRAILING', 'Text follows the end of a JSON value.');
    }
    return value;
  }

  #value(depth: number): JsonValue {
    if (depth > maximumDepth) throw new EnclosError('CODEC_OUT_OF_RANGE', `JSON nests deeper than ${maximumDepth}.`);
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    // Object.create is typed any.
    const members = Object.create(null) as Record<string, JsonValue>;
    this.#at += 1;
    if (this.#take('}')) return Object.freeze(members);
    do {
      this.#space();
      const name = this.#string();
      if (name in members) throw invalid('a duplicate name');
      this.#need(':');
      this.#space();
      const start = this.#at;
      members[name] = this.#value(depth + 1);
      if (depth === 0) this.spans.set(name, { start, end: this.#at });
    } while (this.#take(','));
    this.#need('}');
    return Object.freeze(members);
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at += 1;
    if (this.#take(']')) return Object.freeze(items);
    do items.push(this.#value(depth + 1));
    while (this.#take(','));
    this.#need(']');
    return Object.freeze(items);
  }

  #string(): string {
    const plain = this.#match(plainStringPattern);
    if (plain !== undefined) return plain.slice(1, -1);
    const start = this.#at;
    if (this.#text[start] !== '"') throw invalid('a string wanted');
    let end = start + 1;
    while (this.#text[end] !== '"') {
      if (end >= this.#text.length) throw invalid('a string without an end');
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    this.#at = end + 1;
    return unescape(this.#text.slice(start, this.#at));
  }

  #number(): number {
    const number = Number(this.#match(numberPattern) ?? 'none');
    if (!Number.isFinite(number)) throw invalid('not a value');
    return number;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw invalid('not a value');
    this.#at += word.length;
    return value;
  }

  #take(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #need(character: string): void {
    if (!this.#take(character)) throw invalid(`${character} wanted`);
  }

  #space(): void {
    this.#match(whitespacePattern);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

/** The rare string with an escape in it: the engine decodes it and refuses bad escapes and control characters. */
function unescape(token: string): string {
  let text: unknown;
  try {
    text = JSON.parse(token);
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'Not strict JSON: a malformed string.', { cause });
  }
  if (typeof text !== 'string' || /\p{Cs}/u.test(text)) throw invalid('a malformed string');
  return text;
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `Not strict JSON: ${what}.`);
}
