import { refuse } from '../refusal.ts';
import { type Codec, defineType, type Type, type TypeKind } from '../type.ts';

/** Reads 64-bit values of any source without a DataView for each source. */
const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

/** A type whose values all take as many bytes, and its builder, which always returns the same one. */
function fixedType<T>(
  kind: TypeKind,
  sizeBytes: number,
  { write, read }: Pick<Codec, 'write' | 'read'>,
): () => Type<T> {
  const parts: Codec = { minBytes: sizeBytes, maxBytes: sizeBytes, depth: 1, describe: () => kind, write, read };
  const type = defineType<T>(kind, parts);
  return () => type;
}

interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

function integer(kind: TypeKind, sizeBytes: 1 | 2 | 4, { min, max }: IntegerRange): () => Type<number> {
  const unusedBits = 32 - 8 * sizeBytes;
  const signed = min < 0;
  return fixedType<number>(kind, sizeBytes, {
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

function wideInteger(kind: TypeKind, signed: boolean): () => Type<bigint> {
  const min = signed ? -(2n ** 63n) : 0n;
  const max = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  return fixedType<bigint>(kind, 8, {
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

/** The quiet NaN without payload: JavaScript cannot tell NaNs apart, so only one crosses. */
const CANONICAL_NAN = 0x7ff8_0000_0000_0000n;

/** `true` or `false`; one byte. */
export const boolean: () => Type<boolean> = fixedType<boolean>('boolean', 1, {
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
/** An integer from 0 to 255; one byte. */
export const uint8: () => Type<number> = integer('uint8', 1, { min: 0, max: 0xff });
/** An integer from 0 to 65535; two bytes, little-endian. */
export const uint16: () => Type<number> = integer('uint16', 2, { min: 0, max: 0xffff });
/** An integer from 0 to 2^32 - 1; four bytes, little-endian. */
export const uint32: () => Type<number> = integer('uint32', 4, { min: 0, max: 0xffff_ffff });
/** A bigint from 0 to 2^64 - 1; eight bytes, little-endian. */
export const uint64: () => Type<bigint> = wideInteger('uint64', false);
/** An integer from -128 to 127; one byte, two's complement. */
export const int8: () => Type<number> = integer('int8', 1, { min: -0x80, max: 0x7f });
/** An integer from -32768 to 32767; two bytes, little-endian. */
export const int16: () => Type<number> = integer('int16', 2, { min: -0x8000, max: 0x7fff });
/** An integer from -2^31 to 2^31 - 1; four bytes, little-endian. */
export const int32: () => Type<number> = integer('int32', 4, { min: -0x8000_0000, max: 0x7fff_ffff });
/** A bigint from -2^63 to 2^63 - 1; eight bytes, little-endian. */
export const int64: () => Type<bigint> = wideInteger('int64', true);
/** Any number (IEEE 754 binary64), little-endian. Every NaN is sent as the canonical one, and no other is accepted. */
export const float64: () => Type<number> = fixedType<number>('float64', 8, {
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
