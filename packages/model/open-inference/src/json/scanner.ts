import { utf8 } from '@enclos/codec';
import { decodeLatin1, decodeUtf8 } from '@enclos/codec/text';
import { parseJsonBytes, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';

const codeOf = (character: string): number => character.charCodeAt(0);
const quote = codeOf('"');
const backslash = codeOf('\\');
const [minus, plus, point, zero, nine] = [codeOf('-'), codeOf('+'), codeOf('.'), codeOf('0'), codeOf('9')];
const [upperE, lowerE] = [codeOf('E'), codeOf('e')];
const [openList, openObject, closeList, closeObject] = [codeOf('['), codeOf('{'), codeOf(']'), codeOf('}')];

/** Deeper nesting is refused: the deepest value of these messages is a tensor's nested data. */
const maximumDepth = 64;
/** Values of one member that is read as a value of JSON, such as `parameters`. */
const maximumValues = 4096;
/** 10^0 to 10^22: the powers of ten that a double holds exactly. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Far beyond any double. */
const maximumExponent = 100_000;
/** 10^15 is below 2^53, so this many digits make an exact integer, and a next one that is still nearly so. */
const exactDigits = 15;

/**
 * Reads the tokens of JSON (RFC 8259) from its bytes. A tensor in JSON has a number of ten or twenty bytes for each element: here
 * they become elements without a string or an object for each, which `parseJson` would make.
 *
 * Every method throws CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE, and nothing else.
 */
export class JsonByteScanner {
  readonly bytes: Uint8Array;
  /** The index of the next byte. */
  at = 0;
  /** True when the number that was read last has no fraction and no exponent. */
  isInteger = false;
  /** The number that was read last, within 2^-50 of it, relatively; NaN when only its text says what it is. */
  approximation = Number.NaN;
  /** True when `approximation` is the nearest double. */
  isExact = false;
  #numberStart = 0;
  #mantissa = 0;
  /** Digits of the mantissa, after leading zeros. */
  #digits = 0;
  /** The power of ten that the mantissa is to be multiplied by. */
  #scale = 0;
  #text: string | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  fail(problem: string): never {
    throw new EnclosError('CODEC_INVALID', `Not strict JSON: ${problem}.`);
  }

  /** The next byte after white space, which is not taken; -1 at the end. */
  peek(): number {
    const { bytes } = this;
    for (;;) {
      const code = bytes[this.at];
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code ?? -1;
      this.at += 1;
    }
  }

  /** Takes a character after white space, if it comes next. */
  take(character: string): boolean {
    if (this.peek() !== codeOf(character)) return false;
    this.at += 1;
    return true;
  }

  need(character: string): void {
    if (!this.take(character)) this.fail(`expected "${character}"`);
  }

  end(): void {
    if (this.peek() === -1) return;
    throw new EnclosError('CODEC_TRAILING', 'Not strict JSON: bytes follow the end of the value.');
  }

  /** The members of an object. `each` must take the value. A repeated name is refused. */
  members(each: (name: string) => void): void {
    const seen = new Set<string>();
    this.need('{');
    if (this.take('}')) return;
    do {
      const name = this.string();
      if (seen.has(name)) this.fail('a key is repeated');
      if (seen.size === maximumValues) throw tooMuch(`an object has over ${maximumValues} members`);
      seen.add(name);
      this.need(':');
      each(name);
    } while (this.take(','));
    this.need('}');
  }

  /** The items of an array. `each` must take the item. */
  items(each: (index: number) => void): void {
    this.need('[');
    if (this.take(']')) return;
    let index = 0;
    do each(index++);
    while (this.take(','));
    this.need(']');
  }

  /** A string. */
  string(): string {
    return decodeUtf8(this.utf8String());
  }

  /** A string as UTF-8: a view of the text, unless it has escapes. One with those is rare, and left to `parseJson`. */
  utf8String(): Uint8Array {
    const start = this.#string();
    const inner = this.bytes.subarray(start + 1, this.at - 1);
    let all = 0;
    for (let at = 0; at < inner.length; at++) {
      const code = inner[at] ?? 0;
      if (code === backslash) return utf8(this.#escaped(start));
      if (code < 0x20) this.fail('a string holds a control character');
      all |= code;
    }
    // What is not UTF-8 is refused here.
    return all < 0x80 ? inner : utf8(decodeUtf8(inner));
  }

  /** Any value, by the strict reader of the codec: for members that are small. */
  value(): JsonValue {
    const start = this.at;
    this.skip();
    return parseJsonBytes(this.bytes.subarray(start, this.at), this.at - start, { maxValues: maximumValues });
  }

  /** Passes over a value, and sees only where it ends: for a value that is read later, from `at`. */
  skip(): void {
    let depth = 0;
    do {
      const code = this.peek();
      this.at += 1;
      if (code === -1) this.fail('the text ends too early');
      else if (code === quote) {
        this.at -= 1;
        this.#string();
      } else if (code === openList || code === openObject) depth += 1;
      else if (code === closeList || code === closeObject) depth -= 1;
      else if (depth === 0) this.#word();
      if (depth > maximumDepth) throw tooMuch(`nested deeper than ${maximumDepth} levels`);
      if (depth < 0) this.fail('a bracket closes nothing');
    } while (depth > 0);
  }

  /** `true` or `false`. */
  boolean(): boolean {
    this.peek();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
    ] as const) {
      let length = 0;
      while (length < word.length && this.bytes[this.at + length] === word.charCodeAt(length)) length += 1;
      if (length === word.length) {
        this.at += length;
        return value;
      }
    }
    return this.fail('expected true or false');
  }

  /** Takes a number. The properties of this object say what it is, so that a number costs no object. */
  number(): void {
    this.peek();
    const { bytes } = this;
    const start = this.at;
    const isNegative = bytes[start] === minus;
    const first = isNegative ? start + 1 : start;
    this.#mantissa = 0;
    this.#digits = 0;
    this.#scale = 0;
    let at = this.#integerDigits(first);
    if (at === first) this.fail(first < bytes.length ? 'expected a number' : 'the text ends too early');
    if (bytes[first] === zero && at > first + 1) this.fail('a number begins with a zero');
    const end = at;
    if (bytes[at] === point) at = this.#fractionDigits(at + 1);
    if (bytes[at] === lowerE || bytes[at] === upperE) at = this.#exponent(at + 1);
    this.at = at;
    this.#numberStart = start;
    this.isInteger = at === end;
    this.#approximate(isNegative);
  }

  /** The nearest double of the number that was read last. @throws CODEC_INVALID for one beyond doubles. */
  nearest(): number {
    if (this.isExact) return this.approximation;
    const value = Number(this.numberText());
    return Number.isFinite(value) ? value : this.fail('a number is too large');
  }

  /** The text of the number that was read last. */
  numberText(): string {
    // Slices of one text cost less than a text for each number; a number has only ASCII in it.
    this.#text ??= decodeLatin1(this.bytes);
    return this.#text.slice(this.#numberStart, this.at);
  }

  /** `approximation` from the digits. Powers of ten up to 10^22 are exact, so only the last operation rounds a short number. */
  #approximate(isNegative: boolean): void {
    const scale = this.#scale;
    const isWithin = Math.abs(scale) <= 22;
    const magnitude = scale < 0 ? this.#mantissa / (powers[-scale] ?? 1) : this.#mantissa * (powers[scale] ?? 1);
    this.isExact = isWithin && this.#digits <= exactDigits;
    this.approximation = isWithin ? (isNegative ? -magnitude : magnitude) : Number.NaN;
  }

  #integerDigits(from: number): number {
    let at = from;
    for (let digit = this.#digitAt(at); digit >= 0; digit = this.#digitAt(++at)) {
      if (!this.#addDigit(digit)) this.#scale += 1;
    }
    return at;
  }

  #fractionDigits(from: number): number {
    let at = from;
    for (let digit = this.#digitAt(at); digit >= 0; digit = this.#digitAt(++at)) {
      if (this.#addDigit(digit)) this.#scale -= 1;
    }
    return at > from ? at : this.fail('a number ends with its point');
  }

  #exponent(from: number): number {
    const sign = this.bytes[from];
    const first = sign === minus || sign === plus ? from + 1 : from;
    let [at, value] = [first, 0];
    for (let digit = this.#digitAt(at); digit >= 0; digit = this.#digitAt(++at)) {
      value = Math.min(value * 10 + digit, maximumExponent);
    }
    this.#scale += sign === minus ? -value : value;
    return at > first ? at : this.fail('a number ends with its exponent');
  }

  /** The digit at an index, or -1. */
  #digitAt(at: number): number {
    const code = this.bytes[at];
    return code !== undefined && code >= zero && code <= nine ? code - zero : -1;
  }

  /** Adds a digit to the mantissa, or returns false when it has all that can matter. */
  #addDigit(digit: number): boolean {
    if (this.#digits > exactDigits + 2) return false;
    this.#mantissa = this.#mantissa * 10 + digit;
    if (this.#mantissa !== 0) this.#digits += 1;
    return true;
  }

  /** Takes a string, and returns where it starts. */
  #string(): number {
    if (this.peek() !== quote) this.fail('expected a string');
    const { bytes } = this;
    const start = this.at;
    let at = start + 1;
    for (; bytes[at] !== quote; at += bytes[at] === backslash ? 2 : 1) {
      if (at >= bytes.length) this.fail('a string does not end');
    }
    this.at = at + 1;
    return start;
  }

  #escaped(start: number): string {
    const value = parseJsonBytes(this.bytes.subarray(start, this.at), this.at - start);
    return typeof value === 'string' ? value : this.fail('expected a string');
  }

  /** The rest of a number or a word: up to what separates values. */
  #word(): void {
    for (;;) {
      const code = this.bytes[this.at] ?? 0x20;
      const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
      if (!isLetter && !(code >= zero && code <= nine) && code !== minus && code !== plus && code !== point) return;
      this.at += 1;
    }
  }
}

function tooMuch(what: string): EnclosError {
  return new EnclosError('CODEC_OUT_OF_RANGE', `JSON: ${what}.`);
}
