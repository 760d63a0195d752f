import { invalid, requireBounds } from '../definition.ts';
import { plural, refuse } from '../refusal.ts';
import { varintBytes } from '../sink.ts';
import { defineType, type Type } from '../type.ts';

export interface BigintBounds {
  /** The most bytes that the magnitude may take. */
  readonly maxBytes: number;
}

/** Arithmetic on larger numbers is slow enough to be an attack. */
const LARGEST_MAGNITUDE_BYTES = 65_536;

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function evenHex(magnitude: bigint): string {
  const hex = magnitude.toString(16);
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

/**
 * An integer of any size up to `maxBytes` (at most 65536) of magnitude.
 *
 * Encoded as a count, whose lowest bit is the sign and whose other bits are the number of magnitude bytes, then the magnitude,
 * little-endian and without a leading zero. Zero is only the count 0.
 */
export function bigint(bounds: BigintBounds): Type<bigint> {
  const { maxBytes } = requireBounds(bounds, ['maxBytes'], 'bigint()');
  if (maxBytes === undefined || maxBytes < 1 || maxBytes > LARGEST_MAGNITUDE_BYTES) {
    return invalid(`bigint() needs a maxBytes from 1 to ${LARGEST_MAGNITUDE_BYTES}.`);
  }
  const limit = 1n << BigInt(8 * maxBytes);
  return defineType<bigint>('bigint', {
    minBytes: 1,
    maxBytes: varintBytes(2 * maxBytes + 1) + maxBytes,
    depth: 1,
    describe: () => `bigint(${maxBytes})`,
    write(sink, value) {
      if (typeof value !== 'bigint') refuse('not a bigint');
      const magnitude = value < 0n ? -value : value;
      if (magnitude >= limit) refuse(`more than ${plural(maxBytes, 'byte')} of magnitude`);
      if (magnitude === 0n) return sink.varint(0);
      const hex = evenHex(magnitude);
      const length = hex.length / 2;
      sink.varint(2 * length + (value < 0n ? 1 : 0));
      const at = sink.reserve(length);
      for (let i = 0; i < length; i++) {
        sink.bytes[at + i] = Number.parseInt(hex.slice(hex.length - 2 * i - 2, hex.length - 2 * i), 16);
      }
    },
    read(source) {
      const count = source.varint();
      if (count === 0) return 0n;
      const length = Math.floor(count / 2);
      if (length === 0) refuse('a negative zero');
      if (length > maxBytes) refuse(`${plural(length, 'byte')} of magnitude, at most ${maxBytes}`);
      const at = source.take(length);
      if (source.bytes[at + length - 1] === 0) refuse('a number is not in its shortest form');
      let hex = '0x';
      for (let i = length - 1; i >= 0; i--) hex += hexOfByte[source.bytes[at + i] ?? 0] ?? '';
      const magnitude = BigInt(hex);
      return count % 2 === 1 ? -magnitude : magnitude;
    },
  });
}
