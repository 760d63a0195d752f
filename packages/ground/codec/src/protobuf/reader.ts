import { EnclosError } from '@enclos/errors';
import { decodeUtf8 } from '../text.ts';
import { maximumField, WireType } from './wire-type.ts';

/** Messages may nest this deep; protobuf's own libraries stop at 100. */
const maximumDepth = 100;
const wireTypes: ReadonlySet<number> = new Set(Object.values(WireType));

/**
 * A strict pull reader for messages of protocol buffers (protobuf.dev/programming-guides/encoding).
 *
 * Stricter than that page: varints in their fewest bytes, integers of 32 bits within their range, truth values of 0 and 1, text in
 * UTF-8, no groups. Fields may come in any order. A value that a message has once is read after `once()`, which refuses a second
 * one; protobuf's libraries would take the last, so two readers could read one message differently.
 *
 * Nothing is allocated by a length that was not compared with what is left. Views are handed out, so the input must not change
 * while it is being read.
 *
 * Every method throws CODEC_TRUNCATED, CODEC_OUT_OF_RANGE or CODEC_INVALID, and nothing else.
 *
 * @example
 * const reader = new ProtobufReader(bytes);
 * let name = '';
 * for (let field = reader.next(); field !== 0; field = reader.next()) {
 *   if (field === 1) name = reader.once().text(256);
 *   else reader.skip();
 * }
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #depth: number;
  readonly #seen = new Set<number>();
  #offset = 0;
  #field = 0;
  /** Undefined when the value of the field was read. */
  #wireType: number | undefined;
  /** The halves of the varint that was read last. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, depth = 0) {
    if (depth > maximumDepth) throw outOfRange(`messages nest deeper than ${maximumDepth}`);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#depth = depth;
  }

  /** The number of the next field, or 0 at the end. A value that was not read is skipped. */
  next(): number {
    if (this.#wireType !== undefined) this.skip();
    if (this.#offset === this.#bytes.length) return 0;
    this.#varint();
    const field = (this.#low >>> 3) + this.#high * 2 ** 29;
    if (field === 0 || field > maximumField) throw outOfRange('a field has a number out of range');
    const wireType = this.#low & 7;
    if (!wireTypes.has(wireType)) throw invalid('a field has an unknown wire type, or is a group');
    this.#field = field;
    this.#wireType = wireType;
    return field;
  }

  /** @throws CODEC_INVALID when the field was here before. */
  once(): this {
    if (this.#seen.has(this.#field)) throw invalid(`field ${this.#field} is repeated`);
    this.#seen.add(this.#field);
    return this;
  }

  uint32(): number {
    this.#varintOfField();
    if (this.#high !== 0) throw outOfRange('an unsigned integer of 32 bits is too large');
    return this.#low;
  }

  /** Also for enumerations. */
  int32(): number {
    this.#varintOfField();
    return this.#asInt32();
  }

  uint64(): bigint {
    this.#varintOfField();
    return this.#asUint64();
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  bool(): boolean {
    const value = this.uint32();
    if (value > 1) throw invalid('a truth value is not 0 or 1');
    return value === 1;
  }

  float(): number {
    return this.#view.getFloat32(this.#fixed(WireType.FIXED32, 4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#fixed(WireType.FIXED64, 8), true);
  }

  /** A byte string of at most `maxBytes`: a view. */
  bytes(maxBytes: number): Uint8Array {
    this.#take(WireType.LENGTH);
    return this.#lengthAndBytes(maxBytes);
  }

  /** Text of at most `maxBytes` of UTF-8. */
  text(maxBytes: number): string {
    return decodeUtf8(this.bytes(maxBytes));
  }

  /** The fields of a message within this one. */
  message(): ProtobufReader {
    return new ProtobufReader(this.bytes(this.#bytes.length), this.#depth + 1);
  }

  /**
   * The elements of a repeated field of 4 or 8 bytes each (float, double, fixed32, ...): one, or many when they are packed.
   *
   * @returns a view; little-endian.
   */
  fixedElements(size: 4 | 8): Uint8Array {
    if (this.#wireType !== WireType.LENGTH) {
      const at = this.#fixed(size === 4 ? WireType.FIXED32 : WireType.FIXED64, size);
      return this.#bytes.subarray(at, at + size);
    }
    const elements = this.bytes(this.#bytes.length);
    if (elements.length % size !== 0) throw endsWithin();
    return elements;
  }

  /** Gives each element of a repeated int32 (or an enumeration), packed or not. */
  int32Elements(each: (value: number) => void): void {
    this.#elements(() => each(this.#asInt32()));
  }

  /** Gives each element of a repeated int64, packed or not. */
  int64Elements(each: (value: bigint) => void): void {
    this.#elements(() => each(BigInt.asIntN(64, this.#asUint64())));
  }

  /** Gives each element of a repeated uint64, packed or not. */
  uint64Elements(each: (value: bigint) => void): void {
    this.#elements(() => each(this.#asUint64()));
  }

  /** The value of a field that the caller does not know. What is inside it is not looked at. */
  skip(): void {
    const wireType = this.#wireType;
    if (wireType === WireType.VARINT) this.#varintOfField();
    else if (wireType === WireType.LENGTH) this.bytes(this.#bytes.length);
    else if (wireType === WireType.FIXED32) this.#fixed(WireType.FIXED32, 4);
    else this.#fixed(WireType.FIXED64, 8);
  }

  #elements(each: () => void): void {
    if (this.#wireType !== WireType.LENGTH) {
      this.#varintOfField();
      each();
      return;
    }
    const { length } = this.bytes(this.#bytes.length);
    const end = this.#offset;
    this.#offset -= length;
    while (this.#offset < end) {
      this.#varint();
      if (this.#offset > end) throw endsWithin();
      each();
    }
  }

  /** The value of the field is read now. */
  #take(wanted: number): void {
    if (this.#wireType !== wanted) throw invalid(`field ${this.#field} has another wire type`);
    this.#wireType = undefined;
  }

  #varintOfField(): void {
    this.#take(WireType.VARINT);
    this.#varint();
  }

  #fixed(wireType: number, size: number): number {
    this.#take(wireType);
    return this.#advance(size);
  }

  #lengthAndBytes(maxBytes: number): Uint8Array {
    this.#varint();
    // No array is as long as 2^53, so the halves together are exact where it matters.
    const length = this.#low + this.#high * 2 ** 32;
    if (length > this.#bytes.length - this.#offset) throw truncated();
    if (length > maxBytes) throw outOfRange(`a byte string has more than ${maxBytes} bytes`);
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  #advance(length: number): number {
    if (length > this.#bytes.length - this.#offset) throw truncated();
    const at = this.#offset;
    this.#offset += length;
    return at;
  }

  /** Seven bits a byte, the lowest first, in 1 to 10 bytes. */
  #varint(): void {
    let [low, high, shift, octet] = [0, 0, 0, 0x80];
    while (octet >= 0x80) {
      const next = this.#bytes[this.#offset];
      if (next === undefined) throw truncated();
      this.#offset += 1;
      octet = next;
      const bits = octet & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) [low, high] = [low | (bits << 28), bits >>> 4];
      else if (shift < 63) high |= bits << (shift - 32);
      else if (octet > 1) throw outOfRange('a varint has more than 64 bits');
      else high |= bits << 31;
      shift += 7;
    }
    if (octet === 0 && shift > 7) throw invalid('a varint is not in its fewest bytes');
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }

  /** Negative numbers have all 64 bits of their two's complement, so both halves agree on the sign. */
  #asInt32(): number {
    const value = this.#low | 0;
    if (this.#high !== (value < 0 ? 0xffff_ffff : 0)) throw outOfRange('an integer of 32 bits is too large');
    return value;
  }

  #asUint64(): bigint {
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }
}

function truncated(): EnclosError {
  return new EnclosError('CODEC_TRUNCATED', 'The protobuf message ends before a value does.');
}

function endsWithin(): EnclosError {
  return new EnclosError('CODEC_TRUNCATED', 'Packed elements end within an element.');
}

function invalid(problem: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `Not a strict protobuf message: ${problem}.`);
}

function outOfRange(problem: string): EnclosError {
  return new EnclosError('CODEC_OUT_OF_RANGE', `Not a strict protobuf message: ${problem}.`);
}
