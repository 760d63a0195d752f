import { EnclosError } from '@enclos/errors';
import { utf8 } from '../bytes.ts';
import { viewOf } from '../view.ts';
import { ByteWriter } from '../writer.ts';
import { maximumField, WireType } from './wire-type.ts';

/**
 * Writes a message of protocol buffers. Each method writes one field, also when its value is the default, which proto3 leaves out:
 * that is for the caller to decide. Byte strings are not copied before `finish`, so they must not change until then.
 *
 * @example
 * const point = new ProtobufWriter().int64(1, 3n).int64(2, -4n);
 * const bytes = new ProtobufWriter().text(1, 'corner').message(2, point).finish();
 */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** An integer, or a value of an enumeration: a safe integer, or 64 bits with or without a sign. */
  int64(field: number, value: bigint | number): this {
    return this.#tag(field, WireType.VARINT).#add(varint(integerOf(value)));
  }

  bool(field: number, value: boolean): this {
    return this.int64(field, value ? 1 : 0);
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    viewOf(bytes).setFloat32(0, value, true);
    return this.#tag(field, WireType.FIXED32).#add(bytes);
  }

  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setFloat64(0, value, true);
    return this.#tag(field, WireType.FIXED64).#add(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, WireType.LENGTH)
      .#add(varint(BigInt(value.length)))
      .#add(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8(value));
  }

  message(field: number, message: ProtobufWriter): this {
    this.#tag(field, WireType.LENGTH).#add(varint(BigInt(message.#length)));
    for (const part of message.#parts) this.#add(part);
    return this;
  }

  /** The elements of a repeated integer field, packed: proto3's form. */
  packedInt64(field: number, values: Iterable<bigint | number>): this {
    const packed = new ByteWriter();
    for (const value of values) packed.bytes(varint(integerOf(value)));
    return this.bytes(field, packed.finish());
  }

  finish(): Uint8Array {
    // A message may have more parts than a call can have arguments.
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #tag(field: number, wireType: number): this {
    if (!Number.isInteger(field) || field < 1 || field > maximumField) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'A field has a number out of range.');
    }
    return this.#add(varint((BigInt(field) << 3n) | BigInt(wireType)));
  }

  #add(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

function integerOf(value: bigint | number): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'A number is not a safe integer.');
  }
  const integer = BigInt(value);
  if (integer < -(2n ** 63n) || integer >= 2n ** 64n) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'An integer has more than 64 bits.');
  }
  return BigInt.asUintN(64, integer);
}

/** Seven bits a byte, the lowest first, in the fewest bytes. */
function varint(value: bigint): Uint8Array {
  const octets: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) octets.push(Number(rest & 0x7fn) | 0x80);
  octets.push(Number(rest));
  return Uint8Array.from(octets);
}
