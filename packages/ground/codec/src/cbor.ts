import { EnclosError } from '@enclos/errors';
import { decodeUtf8 } from './text.ts';

/** The major types of RFC 8949 section 3.1 that the reader knows. */
export const CborType = Object.freeze({
  UNSIGNED: 0,
  NEGATIVE: 1,
  BYTES: 2,
  TEXT: 3,
  ARRAY: 4,
  MAP: 5,
  TAG: 6,
  SIMPLE: 7,
} as const);

/** Arrays, maps and tags may nest this deep; evidence in certificates needs 4. */
const maximumDepth = 16;
/** false, true and null (RFC 8949 section 3.3). */
const simpleValues: ReadonlySet<number> = new Set([20, 21, 22]);

interface Head {
  readonly type: number;
  readonly argument: number;
}

/**
 * A strict pull reader for CBOR (RFC 8949 section 4.2.1, but for the order of
 * map keys): arguments in their shortest form, definite lengths, no floating
 * point numbers, no simple values but false, true and null, text in UTF-8,
 * nothing trailing. It never allocates by a length that it has not compared
 * with what is left.
 *
 * Every method throws CODEC_TRUNCATED, CODEC_TRAILING, CODEC_OUT_OF_RANGE or
 * CODEC_INVALID, and nothing else. Views are handed out, so the input must not
 * change while it is being read.
 */
export class CborReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The major type of the next value, one of `CborType`, or undefined at the end. */
  peek(): number | undefined {
    const octet = this.#bytes[this.#offset];
    return octet === undefined ? undefined : octet >> 5;
  }

  /** @throws CODEC_TRAILING when bytes are left. */
  end(): void {
    if (!this.done) throw new EnclosError('CODEC_TRAILING', 'Bytes follow the end of a CBOR value.');
  }

  /** An unsigned integer up to `maximum`. */
  unsigned(maximum: number): number {
    const value = this.#argument(CborType.UNSIGNED);
    if (value > maximum) throw new EnclosError('CODEC_OUT_OF_RANGE', `A CBOR integer above ${maximum}.`);
    return value;
  }

  /** An integer of either sign (RFC 8949 section 3.1, major types 0 and 1), at least -2^53 + 1. */
  integer(): number {
    const { type, argument } = this.#head();
    if (type === CborType.UNSIGNED) return argument;
    if (type !== CborType.NEGATIVE) throw new EnclosError('CODEC_INVALID', `CBOR integer wanted, type ${type} found.`);
    if (argument === Number.MAX_SAFE_INTEGER) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A CBOR integer of -2^53.');
    return -1 - argument;
  }

  /** false, true or null. */
  simple(): boolean | null {
    const value = this.#argument(CborType.SIMPLE);
    requireSimple(value);
    return value === 22 ? null : value === 21;
  }

  /** A byte string of at most `maxBytes`: a view. */
  byteString(maxBytes: number): Uint8Array {
    return this.#string(CborType.BYTES, maxBytes);
  }

  /** A text string of at most `maxBytes` of UTF-8. */
  text(maxBytes: number): string {
    return decodeUtf8(this.#string(CborType.TEXT, maxBytes));
  }

  /** The head of an array: how many values follow. */
  array(maximum: number): number {
    return this.#count(CborType.ARRAY, maximum);
  }

  /** The head of a map: how many pairs follow. Duplicates are the caller's to refuse. */
  map(maximum: number): number {
    return this.#count(CborType.MAP, maximum);
  }

  /** The head of a tagged value: the tag. */
  tag(): number {
    return this.#argument(CborType.TAG);
  }

  /** One value of any type, with all that it holds: for members that a format says to ignore. */
  skip(): void {
    this.#skip(0);
  }

  /** One value of any type, with all that it holds, as it stands: a view. */
  encoded(): Uint8Array {
    const from = this.#offset;
    this.#skip(0);
    return this.#bytes.subarray(from, this.#offset);
  }

  #skip(depth: number): void {
    if (depth > maximumDepth) throw new EnclosError('CODEC_OUT_OF_RANGE', `CBOR nests deeper than ${maximumDepth}.`);
    const { type, argument } = this.#head();
    if (type === CborType.BYTES) this.#view(argument);
    else if (type === CborType.TEXT) decodeUtf8(this.#view(argument));
    else if (type === CborType.SIMPLE) requireSimple(argument);
    const count = membersOf(type, argument);
    // Each value takes at least one byte, so the loop ends before the input does.
    for (let i = 0; i < count; i++) this.#skip(depth + 1);
  }

  #string(type: number, maxBytes: number): Uint8Array {
    const length = this.#argument(type);
    if (length > maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `A CBOR string over ${maxBytes} bytes.`);
    return this.#view(length);
  }

  #count(type: number, maximum: number): number {
    const count = this.#argument(type);
    if (count > maximum) throw new EnclosError('CODEC_OUT_OF_RANGE', `CBOR with more than ${maximum} members.`);
    return count;
  }

  #argument(wanted: number): number {
    const { type, argument } = this.#head();
    if (type !== wanted) throw new EnclosError('CODEC_INVALID', `CBOR type ${wanted} wanted, ${type} found.`);
    return argument;
  }

  /** RFC 8949 section 3: the argument in the fewest bytes (section 4.2.1), and below 2^53. */
  #head(): Head {
    const [octet = 0] = this.#view(1);
    const type = octet >> 5;
    const short = octet & 0x1f;
    if (short < 24) return { type, argument: short };
    // 28 to 30 are reserved, 31 is an indefinite length; type 7 has floats here, and unassigned simple values.
    if (short > 27 || type === CborType.SIMPLE) {
      throw new EnclosError('CODEC_INVALID', 'CBOR of an indefinite, reserved or floating form.');
    }
    const length = 2 ** (short - 24);
    let argument = 0;
    for (const next of this.#view(length)) argument = argument * 256 + next;
    if (argument < 24 || (length > 1 && argument < 256 ** (length / 2))) {
      throw new EnclosError('CODEC_INVALID', 'A non-minimal CBOR argument.');
    }
    if (argument > Number.MAX_SAFE_INTEGER) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'A CBOR argument of 2^53 or more.');
    }
    return { type, argument };
  }

  #view(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset) {
      throw new EnclosError('CODEC_TRUNCATED', 'CBOR ends before the value does.');
    }
    const from = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(from, this.#offset);
  }
}

/** How many values are inside a value with this head. */
function membersOf(type: number, argument: number): number {
  if (type === CborType.ARRAY) return argument;
  if (type === CborType.MAP) return 2 * argument;
  return type === CborType.TAG ? 1 : 0;
}

function requireSimple(value: number): void {
  if (!simpleValues.has(value)) throw new EnclosError('CODEC_INVALID', 'A CBOR simple value that is not known.');
}
