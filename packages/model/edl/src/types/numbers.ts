import { refuse } from '../refusal.ts';
import { defineType, type Type, type TypeKind } from '../type.ts';

/** Reads 64-bit values of any source without a DataView for each source. */
const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

interface IntegerLayout {
  readonly kind: TypeKind;
  readonly sizeBytes: 1 | 2 | 4;
  readonly min: number;
  readonly max: number;
}

function integer({ kind, sizeBytes, min, max }: IntegerLayout): Type<number> {
  const unusedBits = 32 - 8 * sizeBytes;
  const signed = min < 0;
  return defineType<number>(kind, {
    minBytes: sizeBytes,
    maxBytes: sizeBytes,
    depth: 1,
    describe: () => kind,
    write(sink, value) {
      if (typeof value !== 'number' || !Number.isInteger(value)) refuse(`not an integer (${kind})`);
      if (value < min || value > max) refuse(`outside ${min} to ${max} (${kind})`);
      const at = sink.reserve(sizeBytes);
      for (let i = 0, rest = value; i < sizeBytes; i++, rest >>= 8) sink.bytes[at + i] = rest;
    },
    read(source) {
      const at = source.take(sizeBytes);
      let bits = 0;
      for (let i = sizeBytes - 1; i >= 0; i--) bits = (bits << 8) | (source.bytes[at + i] ?? 0);
      return signed ? (bits << unusedBits) >> unusedBits : bits >>> 0;
    },
  });
}

function wideInteger(kind: TypeKind, signed: boolean): Type<bigint> {
  const min = signed ? -(2n ** 63n) : 0n;
  const max = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  return defineType<bigint>(kind, {
    minBytes: 8,
    maxBytes: 8,
    depth: 1,
    describe: () => kind,
    write(sink, value) {
      if (typeof value !== 'bigint') refuse(`not a bigint (${kind})`);
      if (value < min || value > max) refuse(`outside ${min} to ${max} (${kind})`);
      const at = sink.reserve(8);
      sink.view.setBigInt64(at, value, true);
    },
    read(source) {
      const at = source.take(8);
      for (let i = 0; i < 8; i++) scratch[i] = source.bytes[at + i] ?? 0;
      return signed ? scratchView.getBigInt64(0, true) : scratchView.getBigUint64(0, true);
    },
  });
}

const uint8Type = integer({ kind: 'uint8', sizeBytes: 1, min: 0, max: 0xff });
const uint16Type = integer({ kind: 'uint16', sizeBytes: 2, min: 0, max: 0xffff });
const uint32Type = integer({ kind: 'uint32', sizeBytes: 4, min: 0, max: 0xffff_ffff });
const int8Type = integer({ kind: 'int8', sizeBytes: 1, min: -0x80, max: 0x7f });
const int16Type = integer({ kind: 'int16', sizeBytes: 2, min: -0x8000, max: 0x7fff });
const int32Type = integer({ kind: 'int32', sizeBytes: 4, min: -0x8000_0000, max: 0x7fff_ffff });
const uint64Type = wideInteger('uint64', false);
const int64Type = wideInteger('int64', true);

const booleanType = defineType<boolean>('boolean', {
  minBytes: 1,
  maxBytes: 1,
  depth: 1,
  describe: () => 'boolean',
  write(sink, value) {
    if (typeof value !== 'boolean') refuse('not a boolean');
    const at = sink.reserve(1);
    sink.bytes[at] = value ? 1 : 0;
  },
  read(source) {
    const byte = source.byte();
    if (byte > 1) refuse('a boolean is a byte 0 or 1');
    return byte === 1;
  },
});

/** The quiet NaN without payload: JavaScript cannot tell NaNs apart, so only one crosses. */
const CANONICAL_NAN = 0x7ff8_0000_0000_0000n;

const float64Type = defineType<number>('float64', {
  minBytes: 8,
  maxBytes: 8,
  depth: 1,
  describe: () => 'float64',
  write(sink, value) {
    if (typeof value !== 'number') refuse('not a number (float64)');
    const at = sink.reserve(8);
    if (Number.isNaN(value)) sink.view.setBigUint64(at, CANONICAL_NAN, true);
    else sink.view.setFloat64(at, value, true);
  },
  read(source) {
    const at = source.take(8);
    for (let i = 0; i < 8; i++) scratch[i] = source.bytes[at + i] ?? 0;
    const value = scratchView.getFloat64(0, true);
    if (Number.isNaN(value) && scratchView.getBigUint64(0, true) !== CANONICAL_NAN) {
      refuse('a NaN other than the canonical one');
    }
    return value;
  },
});

/** `true` or `false`; one byte. */
export const boolean = (): Type<boolean> => booleanType;
/** An integer from 0 to 255; one byte. */
export const uint8 = (): Type<number> => uint8Type;
/** An integer from 0 to 65535; two bytes, little-endian. */
export const uint16 = (): Type<number> => uint16Type;
/** An integer from 0 to 2^32 - 1; four bytes, little-endian. */
export const uint32 = (): Type<number> => uint32Type;
/** A bigint from 0 to 2^64 - 1; eight bytes, little-endian. */
export const uint64 = (): Type<bigint> => uint64Type;
/** An integer from -128 to 127; one byte, two's complement. */
export const int8 = (): Type<number> => int8Type;
/** An integer from -32768 to 32767; two bytes, little-endian. */
export const int16 = (): Type<number> => int16Type;
/** An integer from -2^31 to 2^31 - 1; four bytes, little-endian. */
export const int32 = (): Type<number> => int32Type;
/** A bigint from -2^63 to 2^63 - 1; eight bytes, little-endian. */
export const int64 = (): Type<bigint> => int64Type;
/** Any number (IEEE 754 binary64), little-endian. Every NaN is sent as the canonical one, and no other is accepted. */
export const float64 = (): Type<number> => float64Type;
