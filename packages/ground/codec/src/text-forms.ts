import { EnclosError } from '@enclos/errors';
import { decodeLatin1 } from './text.ts';

const hexPattern = /^(?:[0-9a-f]{2})*$/i;
const base64urlAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Node's encoder takes a third of the time, and makes one object. The type of `globalThis` promises it, and browsers have none. */
const native = (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return (
    native?.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex') ??
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  );
}

/** @throws CODEC_INVALID for an odd length or another character. */
export function fromHex(text: string): Uint8Array {
  if (!hexPattern.test(text)) throw new EnclosError('CODEC_INVALID', 'Not a hexadecimal string.');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** base64 with padding, in one line (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return btoa(decodeLatin1(bytes));
}

/**
 * Decodes base64 with padding, in one line (RFC 4648 section 4). Each value has one text.
 *
 * @param limits `maxBytes`: the most that the result may hold, checked before anything is allocated.
 * @throws CODEC_INVALID for padding that is missing or elsewhere, another alphabet, or non-zero trailing bits.
 * @throws CODEC_OUT_OF_RANGE for more than `maxBytes`.
 */
export function fromBase64(text: string, limits?: { readonly maxBytes?: number }): Uint8Array {
  if (text.length % 4 !== 0 || /[-_]/.test(text)) throw new EnclosError('CODEC_INVALID', 'Not a base64 string.');
  const unpadded = text.replace(/={1,2}$/, '');
  return fromBase64url(unpadded.replaceAll('+', '-').replaceAll('/', '_'), limits);
}

/** base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The six bits of each ASCII character; 64 for one outside the alphabet. */
const base64urlBits = new Uint8Array(128).fill(64);
for (let bits = 0; bits < 64; bits++) base64urlBits[base64urlAlphabet.charCodeAt(bits)] = bits;

function bitsAt(text: string, index: number): number {
  return base64urlBits[text.charCodeAt(index)] ?? 64;
}

/**
 * Decodes by table in one pass, without intermediate copies: large untrusted texts are read here.
 *
 * @param limits `maxBytes`: the most that the result may hold, checked before anything is allocated.
 * @throws CODEC_INVALID for padding, another alphabet, or non-zero trailing bits.
 * @throws CODEC_OUT_OF_RANGE for more than `maxBytes`.
 */
export function fromBase64url(text: string, limits: { readonly maxBytes?: number } = {}): Uint8Array {
  const { maxBytes = Number.POSITIVE_INFINITY } = limits;
  const tail = text.length % 4;
  const sizeBytes = Math.floor((text.length * 3) / 4);
  if (sizeBytes > maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `More than ${maxBytes} bytes of base64url.`);
  if (tail === 1) throw notBase64url();
  const bytes = new Uint8Array(sizeBytes);
  // Values of 64 and more never come from the alphabet, so one check at the end finds any such character.
  let seen = 0;
  let from = 0;
  let to = 0;
  for (const wholeEnd = text.length - tail; from < wholeEnd; from += 4, to += 3) {
    const a = bitsAt(text, from);
    const b = bitsAt(text, from + 1);
    const c = bitsAt(text, from + 2);
    const d = bitsAt(text, from + 3);
    seen |= a | b | c | d;
    bytes[to] = (a << 2) | (b >> 4);
    bytes[to + 1] = (b << 4) | (c >> 2);
    bytes[to + 2] = (c << 6) | d;
  }
  if (seen >= 64) throw notBase64url();
  if (tail > 0) decodeTail(text.slice(from), bytes.subarray(to));
  return bytes;
}

/** The last two or three characters: one or two bytes, then bits that must be zero, so that no two texts have one meaning. */
function decodeTail(tail: string, into: Uint8Array): void {
  const a = bitsAt(tail, 0);
  const b = bitsAt(tail, 1);
  const c = tail.length === 3 ? bitsAt(tail, 2) : 0;
  if ((a | b | c) >= 64) throw notBase64url();
  const trailingBits = tail.length === 3 ? c & 0b11 : b & 0b1111;
  if (trailingBits !== 0) throw new EnclosError('CODEC_INVALID', 'base64url with non-zero trailing bits.');
  into[0] = (a << 2) | (b >> 4);
  if (tail.length === 3) into[1] = (b << 4) | (c >> 2);
}

function notBase64url(): EnclosError {
  return new EnclosError('CODEC_INVALID', 'Not a base64url string.');
}
