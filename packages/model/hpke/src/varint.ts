import { EnclosError } from '@enclos/errors';

/** Integers above this have no exact number. No length here comes near it. */
const maximum = 2 ** 46;
/** The longest integer of RFC 9000, section 16. */
export const longestVarint = 8;
/** The first value that needs the next longer form (RFC 9000, section 16). */
const bounds = Object.freeze([0x40, 0x4000, 0x4000_0000]);

/** A variable-length integer of RFC 9000, section 16, in its shortest form. */
export function encodeVarint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value > maximum) throw new EnclosError('HPKE_LIMIT_EXCEEDED');
  const longer = bounds.filter((bound) => value >= bound).length;
  const bytes = new Uint8Array(2 ** longer);
  let rest = value;
  for (let at = bytes.length - 1; at >= 0; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0] = (bytes[0] ?? 0) | (longer << 6);
  return bytes;
}

/** The same as a text with one character for each byte. */
export function varintText(value: number): string {
  if (value >= 0 && value < 0x40) return String.fromCharCode(value);
  // Lengths of values and of most contents.
  if (value >= 0x40 && value < 0x4000) return String.fromCharCode(0x40 | (value >>> 8), value & 0xff);
  return String.fromCharCode(...encodeVarint(value));
}

export interface Varint {
  readonly value: number;
  readonly bytes: number;
}

/**
 * The integer that begins at `start`; undefined if there are not enough bytes yet, 'invalid' for one above 2^46 or
 * in a longer form than it needs.
 */
export function readVarint(bytes: Uint8Array, start = 0): Varint | 'invalid' | undefined {
  const first = bytes[start];
  if (first === undefined) return undefined;
  const longer = first >>> 6;
  const length = 2 ** longer;
  if (bytes.length - start < length) return undefined;
  let value = first & 0x3f;
  for (let at = start + 1; at < start + length; at++) value = value * 256 + (bytes[at] ?? 0);
  const least = longer === 0 ? 0 : (bounds[longer - 1] ?? 0);
  return value < least || value > maximum ? 'invalid' : { value, bytes: length };
}
