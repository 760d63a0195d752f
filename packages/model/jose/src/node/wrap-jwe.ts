import { createCipheriv, randomBytes } from 'node:crypto';
import { concatBytes, toBase64url, utf8 } from '@enclos/codec';
import type { JsonObject } from '@enclos/codec/json';
import { refuse } from '../refusal.ts';
import { encodedLength, encodeInto } from './base64url-pieces.ts';
import { wrapKey } from './key-wrapping.ts';

const contentKeyBytes = 32;
const nonceBytes = 12;
const dot = 0x2e;

/**
 * A JWE in compact form whose content key is wrapped under a key that both sides have: A256KW and A256GCM. Content key and nonce
 * are random each time, and no caller can give them, so no nonce is used twice under one key.
 *
 * @param key 32 bytes.
 * @param header more parameters; those of the algorithms are set here.
 * @returns its characters in ASCII.
 * @throws CODEC_INVALID with the rule `kty` for a key of another length.
 */
export function encryptWrappedJwe(content: Uint8Array, key: Uint8Array, header: JsonObject = {}): Uint8Array {
  if (key.length !== contentKeyBytes) return refuse('kty', 'A key of 32 bytes is wanted.');
  const contentKey = new Uint8Array(randomBytes(contentKeyBytes));
  const nonce = new Uint8Array(randomBytes(nonceBytes));
  const protectedHeader = toBase64url(utf8(JSON.stringify({ ...header, alg: 'A256KW', enc: 'A256GCM' })));
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce);
  cipher.setAAD(utf8(protectedHeader));
  const encrypted = cipher.update(content);
  const last = cipher.final();
  const start = utf8([protectedHeader, toBase64url(wrapKey(contentKey, key)), toBase64url(nonce), ''].join('.'));
  const end = utf8(toBase64url(cipher.getAuthTag()));
  contentKey.fill(0);
  // Counter mode adds nothing at the end, so the content is one piece.
  const text = new Uint8Array(start.length + encodedLength(content.length) + 1 + end.length);
  text.set(start);
  const at = encodeInto(text, start.length, last.length === 0 ? encrypted : concatBytes(encrypted, last));
  text[at] = dot;
  text.set(end, at + 1);
  return text;
}
