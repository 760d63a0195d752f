import { invalid, requireBounds, requireRange } from '../definition.ts';
import { plural, refuse } from '../refusal.ts';
import { varintBytes } from '../sink.ts';
import type { Source } from '../source.ts';
import { defineType, type Type } from '../type.ts';

export interface ByteBounds {
  readonly maxBytes: number;
  /** 0 when absent. */
  readonly minBytes?: number | undefined;
  readonly exactBytes?: never;
}

export interface ExactByteBounds {
  readonly exactBytes: number;
  readonly maxBytes?: never;
  readonly minBytes?: never;
}

const typedArrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);

/** Also true for a Buffer and for an array of another realm; false for an object that only has the prototype. */
function isByteArray(value: unknown): value is Uint8Array {
  return typedArrayName?.get?.call(value) === 'Uint8Array';
}

/**
 * A `Uint8Array`. Written with its length in front, or bare when `exactBytes` fixes it.
 * Decoded bytes are a copy with its own buffer. In a call's arguments or result, bytes of 256 KiB or more that are most of the
 * message keep the message's memory: `byteOffset` is a multiple of 8, and `buffer` is a little longer.
 */
export function bytes(bounds: ByteBounds | ExactByteBounds): Type<Uint8Array> {
  const read = requireBounds(bounds, ['maxBytes', 'minBytes', 'exactBytes'], 'bytes()');
  if (read.exactBytes === undefined) return boundedBytes(requireRange(read.minBytes, read.maxBytes, 'bytes()'));
  if (read.maxBytes !== undefined || read.minBytes !== undefined) invalid('bytes() has either exactBytes or maxBytes.');
  return exactBytes(read.exactBytes);
}

function boundedBytes({ min, max }: { readonly min: number; readonly max: number }): Type<Uint8Array> {
  const check = (length: number): void => {
    if (length > max) refuse(`${plural(length, 'byte')}, at most ${max}`);
    if (length < min) refuse(`${plural(length, 'byte')}, at least ${min}`);
  };
  return defineType<Uint8Array>('bytes', {
    minBytes: varintBytes(min) + min,
    maxBytes: varintBytes(max) + max,
    depth: 1,
    describe: () => `bytes(${min}..${max})`,
    write(sink, value) {
      if (!isByteArray(value)) refuse('not a Uint8Array');
      const length = value.length;
      check(length);
      sink.varint(length);
      const at = sink.reserve(length);
      sink.bytes.set(value, at);
    },
    read(source) {
      const length = source.varint();
      check(length);
      const at = source.take(length);
      return source.isOurs && isLarge(source, length)
        ? keptIn(source.bytes, at, length)
        : copyOf(source.bytes, at, length);
    },
  });
}

function exactBytes(length: number): Type<Uint8Array> {
  if (length === 0) invalid('exactBytes of bytes() is at least 1.');
  return defineType<Uint8Array>('bytes', {
    minBytes: length,
    maxBytes: length,
    depth: 1,
    describe: () => `bytes(${length})`,
    write(sink, value) {
      if (!isByteArray(value)) refuse('not a Uint8Array');
      if (value.length !== length) refuse(`${plural(value.length, 'byte')}, exactly ${length}`);
      const at = sink.reserve(length);
      sink.bytes.set(value, at);
    },
    read(source) {
      return copyOf(source.bytes, source.take(length), length);
    },
  });
}

/** From this size on a fresh copy costs as much as the transfer of the bytes did. */
const LARGE_BYTES = 262_144;

/** Only one value of a message can be most of it. */
function isLarge(source: Source, length: number): boolean {
  return length >= LARGE_BYTES && 2 * length > source.end;
}

/** Moves the bytes to the first place where every typed array aligns with them. The overwritten bytes have been read. */
function keptIn(message: Uint8Array, at: number, length: number): Uint8Array {
  const first = -message.byteOffset & 7;
  if (at < first) return copyOf(message, at, length);
  if (at > first) message.copyWithin(first, at, at + length);
  return new Uint8Array(message.buffer, message.byteOffset + first, length);
}

/** `slice` of a plain array: that of a Buffer would return a Buffer. V8 does it in half the time of a loop or of `set`. */
function copyOf(from: Uint8Array, at: number, length: number): Uint8Array {
  const plain = from.constructor === Uint8Array ? from : new Uint8Array(from.buffer, from.byteOffset, from.length);
  return plain.slice(at, at + length);
}
