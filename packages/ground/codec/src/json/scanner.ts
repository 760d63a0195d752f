import { JsonCursor, type JsonSpan } from './cursor.ts';
import type { JsonObject, JsonValue } from './value.ts';

/** Where a member of an object, or an item of an array, lies in the text. */
export interface JsonPlace {
  readonly value: JsonValue;
  readonly span: JsonSpan;
  /** Of a member: its name, with its quotes. */
  readonly key?: JsonSpan;
}

/** Hears of each member and item. `depth` is 1 for what the outermost object or array holds. */
export type PlaceListener = (holder: JsonValue, name: string, place: JsonPlace, depth: number) => void;

/** Makes values of a text whose length, and number of values, are known to be within their bounds. */
export class JsonScanner extends JsonCursor {
  readonly #maxDepth: number;
  readonly #onPlace: PlaceListener | undefined;

  /** @param maxDepth objects and arrays within each other, the outermost one included. */
  constructor(text: string, maxDepth: number, onPlace?: PlaceListener) {
    super(text);
    this.#maxDepth = maxDepth;
    this.#onPlace = onPlace;
  }

  /** @throws CODEC_INVALID, CODEC_OUT_OF_RANGE or CODEC_TRAILING. */
  document(): JsonValue {
    const value = this.#value(0);
    this.end();
    return value;
  }

  /** @param depth how many objects and arrays are open around it. */
  #value(depth: number): JsonValue {
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.string('a string');
      default:
        return this.#scalar();
    }
  }

  #object(depth: number): JsonObject {
    this.#open(depth);
    // Object.create is typed any.
    const members = Object.create(null) as Record<string, JsonValue>;
    if (this.take('}')) return Object.freeze(members);
    do {
      this.space();
      const key = this.at;
      const name = this.string('a key in double quotes');
      const end = this.at;
      if (name in members) this.fail('this key is repeated', key);
      this.need(':', 'after the key');
      this.space();
      const start = this.at;
      const value = this.#value(depth);
      members[name] = value;
      this.#onPlace?.(members, name, { value, span: { start, end: this.at }, key: { start: key, end } }, depth);
    } while (this.take(','));
    this.need('}', 'or "," here');
    return Object.freeze(members);
  }

  #array(depth: number): readonly JsonValue[] {
    this.#open(depth);
    const items: JsonValue[] = [];
    if (this.take(']')) return Object.freeze(items);
    do {
      this.space();
      const start = this.at;
      const value = this.#value(depth);
      this.#onPlace?.(items, String(items.length), { value, span: { start, end: this.at } }, depth);
      items.push(value);
    } while (this.take(','));
    this.need(']', 'or "," here');
    return Object.freeze(items);
  }

  #scalar(): JsonValue {
    const word = this.word();
    if (word !== undefined) return word;
    const start = this.at;
    const number = Number(this.number());
    return Number.isFinite(number) ? number : this.fail('this number is too large', start);
  }

  #open(depth: number): void {
    if (depth > this.#maxDepth) {
      this.fail(`nested deeper than ${this.#maxDepth} levels`, this.at, 'CODEC_OUT_OF_RANGE');
    }
    this.at += 1;
  }
}
