import { EnclosError } from '@enclos/errors';
import {
  decodeBitString,
  decodeBoolean,
  decodeMagnitude,
  decodeObjectIdentifier,
  type BitString,
} from './der-values.ts';
import { decodeTime } from './der-time.ts';
import { beginsLikePem } from './pem-mistakes.ts';
import { decodeUtf8 } from './text.ts';

/** Identifier octets (X.690 section 8.1.2) of the universal types that the reader knows. */
export const DerTag = Object.freeze({
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const);

/** One tag-length-value. Both byte fields are views of the input. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. Signatures cover these bytes, and names are compared by them. */
  readonly encoded: Uint8Array;
}

/** Constructed values may nest this deep; X.509 needs 8. */
const maximumDepth = 16;

const pemGiven = 'DER is wanted, and this is PEM.';
const printablePattern = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const asciiPattern = /^[\x20-\x7e]*$/;

/**
 * A strict pull reader for DER (X.690 section 10): definite minimal lengths,
 * one-octet tags, canonical primitives, nothing trailing. It never allocates
 * by a length that it has not compared with what is left.
 *
 * Every method throws CODEC_TRUNCATED, CODEC_TRAILING, CODEC_OUT_OF_RANGE or
 * CODEC_INVALID, and nothing else. Views are handed out, so the input must not
 * change while it is being read.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  #offset = 0;

  constructor(bytes: Uint8Array, depth = 0) {
    if (depth > maximumDepth) throw new EnclosError('CODEC_OUT_OF_RANGE', `DER nests deeper than ${maximumDepth}.`);
    this.#bytes = bytes;
    this.#depth = depth;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The next tag, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** @throws CODEC_TRAILING when bytes are left. */
  end(): void {
    if (!this.done) throw new EnclosError('CODEC_TRAILING', 'Bytes follow the end of a DER value.');
  }

  /** The next element, of any tag or of the one given. Its content is not read. */
  element(tag?: number): DerElement {
    const start = this.#offset;
    const found = this.#octet();
    if ((found & 0x1f) === 0x1f) throw new EnclosError('CODEC_INVALID', 'DER with a multiple-octet tag.');
    if (tag !== undefined && found !== tag) {
      if (start === 0 && beginsLikePem(this.#bytes)) throw new EnclosError('CODEC_INVALID', pemGiven);
      throw new EnclosError('CODEC_INVALID', `DER tag 0x${tag.toString(16)} wanted, 0x${found.toString(16)} found.`);
    }
    const length = this.#length();
    const from = this.#offset;
    this.#offset += length;
    return {
      tag: found,
      content: this.#bytes.subarray(from, this.#offset),
      encoded: this.#bytes.subarray(start, this.#offset),
    };
  }

  /** A reader of what is inside a SEQUENCE. The caller ends it. */
  sequence(): DerReader {
    return this.#inside(DerTag.SEQUENCE);
  }

  /** A reader of what is inside a SET with one member: then the order of members needs no check. */
  set(): DerReader {
    return this.#inside(DerTag.SET);
  }

  /** A reader of what is inside an explicit context tag `[number]`, or undefined when another tag is next. */
  optionalExplicit(number: number): DerReader | undefined {
    return this.peek() === (0xa0 | number) ? this.#inside(0xa0 | number) : undefined;
  }

  /** A non-negative INTEGER as its big-endian magnitude without leading zeros; zero is one zero byte. */
  magnitude(maxBytes: number): Uint8Array {
    return decodeMagnitude(this.element(DerTag.INTEGER).content, maxBytes);
  }

  /** A non-negative INTEGER up to `maximum`, at most 2^32 - 1. */
  integer(maximum: number): number {
    return bounded(this.magnitude(4), maximum);
  }

  /** An ENUMERATED up to `maximum`. */
  enumerated(maximum: number): number {
    return bounded(decodeMagnitude(this.element(DerTag.ENUMERATED).content, 4), maximum);
  }

  boolean(): boolean {
    return decodeBoolean(this.element(DerTag.BOOLEAN).content);
  }

  /** An OBJECT IDENTIFIER in dotted decimals. */
  objectIdentifier(): string {
    return decodeObjectIdentifier(this.element(DerTag.OBJECT_IDENTIFIER).content);
  }

  octetString(): Uint8Array {
    return this.element(DerTag.OCTET_STRING).content;
  }

  bitString(): BitString {
    return decodeBitString(this.element(DerTag.BIT_STRING).content);
  }

  /** A UTCTime or GeneralizedTime in the profile of RFC 5280 section 4.1.2.5, in milliseconds since 1970. */
  time(): number {
    const { tag, content } = this.element();
    if (tag !== DerTag.UTC_TIME && tag !== DerTag.GENERALIZED_TIME) {
      throw new EnclosError('CODEC_INVALID', 'A DER time wanted.');
    }
    return decodeTime(content, tag === DerTag.GENERALIZED_TIME);
  }

  /** A UTF8String, PrintableString or IA5String of at most `maxBytes`, printable characters only for the last two. */
  text(maxBytes: number): string {
    const { tag, content } = this.element();
    if (content.length > maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `A DER string over ${maxBytes} bytes.`);
    const text = decodeUtf8(content);
    if (tag === DerTag.UTF8_STRING) return text;
    if (tag === DerTag.PRINTABLE_STRING && printablePattern.test(text)) return text;
    if (tag === DerTag.IA5_STRING && asciiPattern.test(text)) return text;
    throw new EnclosError('CODEC_INVALID', 'Not a DER string of a known type.');
  }

  #inside(tag: number): DerReader {
    return new DerReader(this.element(tag).content, this.#depth + 1);
  }

  #octet(): number {
    const octet = this.#bytes[this.#offset];
    if (octet === undefined) throw new EnclosError('CODEC_TRUNCATED', 'DER ends before the value does.');
    this.#offset += 1;
    return octet;
  }

  /** X.690 section 10.1: the definite form in the fewest octets. */
  #length(): number {
    const first = this.#octet();
    let length = first;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 4) {
        throw new EnclosError('CODEC_INVALID', 'DER with an indefinite or oversized length.');
      }
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + this.#octet();
      if (length < 0x80 || length < 256 ** (count - 1)) {
        throw new EnclosError('CODEC_INVALID', 'DER with a non-minimal length.');
      }
    }
    if (length > this.#bytes.length - this.#offset) {
      throw new EnclosError('CODEC_TRUNCATED', 'A DER length runs past the end of the input.');
    }
    return length;
  }
}

function bounded(magnitude: Uint8Array, maximum: number): number {
  let value = 0;
  for (const octet of magnitude) value = value * 256 + octet;
  if (value > maximum) throw new EnclosError('CODEC_OUT_OF_RANGE', `A DER integer above ${maximum}.`);
  return value;
}

/** A reader of what is inside a SEQUENCE that is all of the input. The caller ends it. @throws a CODEC error. */
export function readWholeSequence(bytes: Uint8Array): DerReader {
  const outer = new DerReader(bytes);
  const inside = outer.sequence();
  outer.end();
  return inside;
}
