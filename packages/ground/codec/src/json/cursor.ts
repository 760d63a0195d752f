import { EnclosError } from '@enclos/errors';

/** A stretch of a text: [start, end), in UTF-16 code units. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** Before the problem, in the message of an error. */
export const refusal = 'Not strict JSON: ';

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainStringPattern = /"[^"\\\p{Cc}\p{Cs}]*"/uy;
const whitespacePattern = /[ \t\n\r]*/y;

const words = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

/**
 * Reads the tokens of JSON (RFC 8259), one after the other. `parseJson` makes values from them. Other readers may make other
 * kinds of values, or count their work differently.
 */
export class JsonCursor {
  readonly text: string;
  /** The index of the next character. */
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** @throws CODEC_INVALID always. `at` is left where the problem is. */
  fail(problem: string, at = this.at): never {
    this.at = at;
    throw new EnclosError('CODEC_INVALID', `${refusal}${problem}.`);
  }

  /** Takes white space: only the four characters of RFC 8259, section 2. */
  space(): void {
    this.#match(whitespacePattern);
  }

  /** Takes a character after white space, if it comes next. */
  take(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  /** @throws CODEC_INVALID unless the character comes next. @param where completes the message. */
  need(character: string, where: string): void {
    if (!this.take(character)) this.fail(`expected "${character}" ${where}`);
  }

  /** @throws CODEC_TRAILING when anything but white space is left. */
  end(): void {
    this.space();
    if (this.at < this.text.length) {
      throw new EnclosError('CODEC_TRAILING', `${refusal}text follows the end of the value.`);
    }
  }

  /**
   * Takes a string. A lone surrogate is refused: UTF-8 cannot encode it, so the same text would have two readings.
   * @param what names what is expected, for the message.
   */
  string(what: string): string {
    const plain = this.#match(plainStringPattern);
    if (plain !== undefined) return plain.slice(1, -1);
    const { text, at: start } = this;
    if (text[start] !== '"') this.fail(`expected ${what}`);
    let end = start + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    const value = unescaped(text.slice(start, end + 1));
    if (value === undefined) return this.fail('this string does not end on its line, or holds an invalid escape');
    this.at = end + 1;
    return value;
  }

  /** Takes `true`, `false` or `null`; undefined when none of them comes next. */
  word(): boolean | null | undefined {
    const word = words.find(([name]) => this.text.startsWith(name, this.at));
    this.at += word?.[0].length ?? 0;
    return word?.[1];
  }

  /** Takes the text of a number. @throws CODEC_INVALID when there is no value at all. */
  number(): string {
    const token = this.#match(numberPattern);
    if (token !== undefined) return token;
    return this.fail(this.at < this.text.length ? 'expected a JSON value' : 'the text ends too early');
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

/** The rare string with an escape in it: the engine decodes it and refuses bad escapes and control characters. */
function unescaped(token: string): string | undefined {
  try {
    const text: unknown = JSON.parse(token);
    return typeof text === 'string' && !/\p{Cs}/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
