import { JsonCursor, type JsonSpan } from './cursor.ts';
import type { JsonObject, JsonValue } from './value.ts';

/** How the message of a repeated key begins. */
export const repeatedKey = 'this key is repeated';

/** Hears where the value of each member of the outermost object lies. */
export type MemberNote = (name: string, span: JsonSpan) => void;

/**
 * Makes values of a text that `isJsonWithin` has seen. It does not count depth: everything that it reads before it finds a
 * mistake is JSON, so `isJsonWithin` has counted the same opening brackets.
 */
export class JsonScanner extends JsonCursor {
  /** @throws CODEC_INVALID or CODEC_TRAILING. */
  document(note?: MemberNote): JsonValue {
    const value = this.value(note);
    this.end();
    return value;
  }

  value(note?: MemberNote): JsonValue {
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.#object(note);
      case '[':
        return this.#array();
      case '"':
        return this.string('a string');
      default:
        return this.#scalar();
    }
  }

  #object(note: MemberNote | undefined): JsonObject {
    // Object.create is typed any.
    const members = Object.create(null) as Record<string, JsonValue>;
    this.at += 1;
    if (this.take('}')) return Object.freeze(members);
    do {
      this.space();
      const start = this.at;
      const name = this.string('a key in double quotes');
      if (name in members) this.fail(repeatedKey, start);
      this.need(':', 'after the key');
      members[name] = note === undefined ? this.value() : this.#noted(name, note);
    } while (this.take(','));
    this.need('}', 'or "," here');
    return Object.freeze(members);
  }

  #noted(name: string, note: MemberNote): JsonValue {
    this.space();
    const start = this.at;
    const value = this.value();
    note(name, { start, end: this.at });
    return value;
  }

  #array(): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.at += 1;
    if (this.take(']')) return Object.freeze(items);
    do items.push(this.value());
    while (this.take(','));
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
}
