import { requireBounds, requireRange } from '../definition.ts';
import { plural, refuse } from '../refusal.ts';
import { type Sink, varintBytes } from '../sink.ts';
import type { Source } from '../source.ts';
import { defineType, type Type } from '../type.ts';

export interface StringBounds {
  /** Bytes of UTF-8, not characters. */
  readonly maxBytes: number;
  /** 0 when absent. */
  readonly minBytes?: number | undefined;
}

/** Below this length a loop over ASCII beats the call into TextEncoder or TextDecoder; fits a one-byte count. */
const SHORT = 32;

const encoder = new TextEncoder();
/** `ignoreBOM: true` keeps a leading U+FEFF, which is a character like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** With the `u` flag a surrogate matches only where it is not half of a pair. */
const loneSurrogate = /\p{Surrogate}/u;

/** Text, bounded in bytes of UTF-8. Lone surrogates and malformed UTF-8 are refused; nothing is replaced or stripped. */
export function string(bounds: StringBounds): Type<string> {
  const { minBytes, maxBytes } = requireBounds(bounds, ['maxBytes', 'minBytes'], 'string()');
  const { min, max } = requireRange(minBytes, maxBytes, 'string()');
  const check = (length: number): void => {
    if (length > max) refuse(`${plural(length, 'byte')}, at most ${max}`);
    if (length < min) refuse(`${plural(length, 'byte')}, at least ${min}`);
  };
  return defineType<string>('string', {
    minBytes: varintBytes(min) + min,
    maxBytes: varintBytes(max) + max,
    depth: 1,
    describe: () => `string(${min}..${max})`,
    write(sink, value) {
      if (typeof value !== 'string') refuse('not a string');
      // Every UTF-16 unit takes at least one byte.
      if (value.length > max) check(utf8Length(value));
      check(value.length <= SHORT && writeShortAscii(sink, value) ? value.length : writeText(sink, value, max));
    },
    read(source) {
      const length = source.varint();
      check(length);
      return readText(source, length);
    },
  });
}

/** Returns false, and writes nothing, when a character is not ASCII. */
function writeShortAscii(sink: Sink, value: string): boolean {
  const length = value.length;
  const start = sink.reserve(length + 1);
  const bytes = sink.bytes;
  bytes[start] = length;
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    if (unit >= 0x80) {
      sink.at = start;
      return false;
    }
    bytes[start + 1 + i] = unit;
  }
  return true;
}

/** For the message of a refusal: counts without a buffer. */
function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair stands for two of its four bytes.
    const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
    if (unit < 0x80) length += 1;
    else length += unit < 0x800 || isSurrogate ? 2 : 3;
  }
  return length;
}

/**
 * Writes the text after its most likely count, and moves it when that guess was wrong. Returns its size, which is above `max`
 * when the text did not fit.
 */
function writeText(sink: Sink, value: string, max: number): number {
  const units = value.length;
  const room = Math.min(3 * units, max);
  const guess = varintBytes(units);
  const start = sink.reserve(varintBytes(room) + room);
  const { read, written } = encoder.encodeInto(value, sink.bytes.subarray(start + guess, start + guess + room));
  // A surrogate is three bytes for one unit, replaced or not, so ASCII needs no search.
  if ((read !== units || written !== units) && loneSurrogate.test(value)) {
    refuse('a lone surrogate, which UTF-8 cannot hold');
  }
  if (read !== units) return utf8Length(value);
  const prefix = varintBytes(written);
  if (prefix !== guess) sink.bytes.copyWithin(start + prefix, start + guess, start + guess + written);
  sink.at = start;
  sink.varint(written);
  sink.at = start + prefix + written;
  return written;
}

function readText(source: Source, length: number): string {
  const at = source.take(length);
  if (length <= SHORT) {
    const short = readShortAscii(source.bytes, at, length);
    if (short !== undefined) return short;
  }
  try {
    return decoder.decode(source.bytes.subarray(at, at + length));
  } catch {
    return refuse('malformed UTF-8');
  }
}

/** One array of character codes for each length, so that a short string is made by one call. */
const codesOfLength: readonly number[][] = Array.from({ length: SHORT + 1 }, (_, length) =>
  Array.from({ length }, () => 0),
);

/** Undefined when a character is not ASCII. */
function readShortAscii(bytes: Uint8Array, at: number, length: number): string | undefined {
  const codes = codesOfLength[length] ?? [];
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    seen |= byte;
    codes[i] = byte;
  }
  const text = seen < 0x80 ? String.fromCharCode.apply(null, codes) : undefined;
  // The text may be secret and the array stays: clear it.
  for (let i = 0; i < length; i++) codes[i] = 0;
  return text;
}
