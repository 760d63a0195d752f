import { JsonCursor } from './cursor.ts';
import type { JsonObject, JsonValue } from './value.ts';

/** How the message of a repeated key begins. */
export const repeatedKey = 'this key is repeated';

/**
 * Makes values of a text that `isJsonWithin` has seen. It does not count depth: everything that it reads before it finds a
 * mistake is JSON, so `isJsonWithin` has counted the same opening brackets.
 */
export class JsonScanner extends JsonCursor {
  /** @throws CODEC_INVALID or CODEC_TRAILING. */
  document(): JsonValue {
    const value = this.value();
    this.end();
    return value;
  }

  value(): JsonValue {
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.#object();
      case '[':
        return this.#array();
      case '"':
        return this.string('a string');
      default:
        return this.#scalar();
    }
  }

  #object(): JsonObject {
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
      members[name] = this.value();
    } while (this.take(','));
    this.need('}', 'or "," here');
    return Object.freeze(members);
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
