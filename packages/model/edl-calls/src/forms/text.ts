import { utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { refuse } from '../arena/refusal.ts';

/** Bytes of one character: `char` or `wchar_t`. */
export const unitBytes = (isWide: boolean): number => (isWide ? 4 : 1);

/** With the `u` flag a surrogate matches only where it is not half of a pair. */
const loneSurrogate = /\p{Surrogate}/u;

/** UTF-8, or UTF-32 in little-endian order, with a terminator. @throws EDL_VALUE_REFUSED */
export function encodeText(value: unknown, isWide: boolean, path: string): Uint8Array {
  if (typeof value !== 'string') return refuse(path, 'not a string or null');
  if (value.includes('\0')) refuse(path, 'it contains NUL, which would end it');
  if (loneSurrogate.test(value)) refuse(path, 'it contains a lone surrogate');
  if (!isWide) return utf8(`${value}\0`);
  const points = Array.from(`${value}\0`, (character) => character.codePointAt(0) ?? 0);
  const bytes = new Uint8Array(4 * points.length);
  const view = new DataView(bytes.buffer);
  for (const [i, point] of points.entries()) view.setUint32(4 * i, point, true);
  return bytes;
}

/**
 * What stands before the first terminator.
 *
 * @throws EDL_VALUE_REFUSED when there is none, or it is not text
 */
export function decodeText(bytes: Uint8Array, isWide: boolean, path: string): string {
  const end = terminatorIn(bytes, isWide);
  if (end < 0) return refuse(path, 'it does not end inside its memory');
  const text = bytes.subarray(0, end);
  return isWide ? decodeWide(text, path) : decodeNarrow(text, path);
}

/** Offset of the first terminator; -1 without one. */
export function terminatorIn(bytes: Uint8Array, isWide: boolean): number {
  if (!isWide) return bytes.indexOf(0);
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0) return at;
  }
  return -1;
}

function decodeNarrow(bytes: Uint8Array, path: string): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    return refuse(path, 'it is not UTF-8');
  }
}

function decodeWide(bytes: Uint8Array, path: string): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, true);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) refuse(path, 'it is not UTF-32');
    parts.push(String.fromCodePoint(point));
  }
  return parts.join('');
}
