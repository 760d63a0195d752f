import { EnclosError } from '@enclos/errors';

const hexPattern = /^(?:[0-9a-f]{2})*$/i;
const base64urlPattern = /^[A-Za-z0-9_-]*$/;

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** @throws CODEC_INVALID for an odd length or another character. */
export function fromHex(text: string): Uint8Array {
  if (!hexPattern.test(text)) throw new EnclosError('CODEC_INVALID', 'Not a hexadecimal string.');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @throws CODEC_INVALID for padding, another alphabet, or non-zero trailing bits. */
export function fromBase64url(text: string): Uint8Array {
  if (!base64urlPattern.test(text) || text.length % 4 === 1)
    {throw new EnclosError('CODEC_INVALID', 'Not a base64url string.');}
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  if (toBase64url(bytes) !== text) throw new EnclosError('CODEC_INVALID', 'base64url with non-zero trailing bits.');
  return bytes;
}

/** Compares public values. Not constant-time: use the platform's primitive for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** True when every byte is zero: reserved fields. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

const encoder = new TextEncoder();

/** UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
