import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes, type CipherGCMTypes } from 'node:crypto';
import type { AeadKey, HpkeEngine, Kem, SealingForm } from '../engine.ts';
import { createDhKem } from '../hpke/dh-kem.ts';
import { empty } from '../hpke/labels.ts';
import { kemIds, tagBytes, type AeadId, type HashName, type KemId } from '../suites.ts';
import { p384Curve, x25519Curve } from './curves.ts';
import { x25519KemOfNode } from './encapsulation.ts';
import { xWingKem } from './x-wing.ts';

export interface NodeEngineOptions {
  /** Where key pairs, ephemeral keys and nonces come from. Default: OpenSSL. Bytes that repeat make secrets known. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

const ciphers: Readonly<Record<AeadId, CipherGCMTypes>> = Object.freeze({
  1: 'aes-128-gcm',
  2: 'aes-256-gcm',
  // The calls are the same for both kinds of cipher; the types of Node name the tag of one only.
  3: 'chacha20-poly1305' as 'aes-256-gcm',
});
const hashes = Object.freeze({
  'SHA-256': { name: 'sha256', blockBytes: 64, hashBytes: 32 },
  'SHA-384': { name: 'sha384', blockBytes: 128, hashBytes: 48 },
});

/**
 * The primitives of HPKE over node:crypto, each within the caller's turn: X25519, P-384, and X-Wing where Node has
 * ML-KEM (24.7 and later).
 *
 * @example
 * ```ts
 * import { kemIds } from '@enclos/hpke';
 * import { nodeEngine } from '@enclos/hpke/node';
 *
 * const pair = await nodeEngine().kem(kemIds.x25519).generateKeyPair();
 * ```
 */
export function nodeEngine(options: NodeEngineOptions = {}): HpkeEngine {
  const random = options.randomBytes ?? pooledRandomBytes();
  const kems = new Map<KemId, Kem>();
  const engine: HpkeEngine = {
    kem: (id) => {
      const kem = kems.get(id) ?? kemOf(engine, id, options.randomBytes);
      kems.set(id, kem);
      return kem;
    },
    aead: (id, key) => aeadKey(ciphers[id], key),
    hmac,
    sha256: (data) => hash('sha256', data, 'buffer'),
    randomBytes: random,
  };
  return Object.freeze(engine);
}

const poolBytes = 4096;

/** Random bytes of OpenSSL, taken many at a time: one call costs as much for 16 bytes as for a thousand. */
function pooledRandomBytes(): (length: number) => Uint8Array {
  let pool = new Uint8Array(0);
  let at = 0;
  return (length) => {
    if (length > poolBytes / 4) return new Uint8Array(randomBytes(length));
    if (at + length > pool.length) {
      pool = new Uint8Array(randomBytes(poolBytes));
      at = 0;
    }
    const bytes = pool.slice(at, at + length);
    // What was given out is nowhere else.
    pool.fill(0, at, at + length);
    at += length;
    return bytes;
  };
}

function kemOf(engine: HpkeEngine, id: KemId, random: NodeEngineOptions['randomBytes']): Kem {
  if (id === kemIds.xWing) return xWingKem(random, engine.randomBytes);
  const bytes = engine.randomBytes;
  if (id === kemIds.p384) return createDhKem(engine, { id, hash: 'SHA-384', curve: p384Curve(random, bytes) });
  const curve = x25519Curve(random, bytes);
  // OpenSSL takes its own random bytes.
  const native = random === undefined ? x25519KemOfNode(curve.generateKeyPair) : undefined;
  return native ?? createDhKem(engine, { id, hash: 'SHA-256', curve });
}

/** A key object: with bytes, OpenSSL would take them in anew for each message, for four times the cost. */
function aeadKey(cipher: CipherGCMTypes, bytes: Uint8Array): AeadKey {
  const key = createSecretKey(bytes);
  const tag = { authTagLength: tagBytes };
  return Object.freeze({
    seal: (nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, { room = 0, tail = empty }: SealingForm = {}) => {
      const tailAt = room + plaintext.length;
      const tagAt = tailAt + tail.length;
      const sealed = new Uint8Array(tagAt + tagBytes);
      const sealing = createCipheriv(cipher, key, nonce, tag);
      if (aad.length > 0) sealing.setAAD(aad);
      sealed.set(sealing.update(plaintext), room);
      if (tail.length > 0) sealed.set(sealing.update(tail), tailAt);
      // These ciphers hold nothing back.
      sealing.final();
      sealed.set(sealing.getAuthTag(), tagAt);
      return sealed;
    },
    open: (nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) => {
      const length = ciphertext.length - tagBytes;
      if (length < 0) return undefined;
      const opening = createDecipheriv(cipher, key, nonce, tag);
      if (aad.length > 0) opening.setAAD(aad);
      opening.setAuthTag(ciphertext.subarray(length));
      const plaintext = opening.update(ciphertext.subarray(0, length));
      try {
        opening.final();
        return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
      } catch {
        plaintext.fill(0);
        return undefined;
      }
    },
  });
}

/** Where the blocks of HMAC are put together: within one turn, and zeroed at its end. Most of them are short. */
const scratch = new Uint8Array(1024);
const innerMask = 0x36;
const outerMask = 0x5c;

/** HMAC (RFC 2104) by two hashes: `createHmac` costs six times as much for inputs of this size. */
function hmac(name: HashName, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const { name: digest, blockBytes, hashBytes } = hashes[name];
  let innerBytes = blockBytes;
  for (const part of data) innerBytes += part.length;
  const bytes = Math.max(innerBytes, blockBytes + hashBytes) > scratch.length ? new Uint8Array(innerBytes) : scratch;
  const short = key.length > blockBytes ? hash(digest, key, 'buffer') : key;
  bytes.fill(innerMask, 0, blockBytes);
  for (let at = 0; at < short.length; at++) bytes[at] = (short[at] ?? 0) ^ innerMask;
  let end = blockBytes;
  for (const part of data) {
    bytes.set(part, end);
    end += part.length;
  }
  const within = hash(digest, bytes.subarray(0, end), 'binary');
  for (let at = 0; at < blockBytes; at++) bytes[at] = (bytes[at] ?? 0) ^ innerMask ^ outerMask;
  putText(bytes, within, blockBytes);
  const result = new Uint8Array(hashBytes);
  putText(result, hash(digest, bytes.subarray(0, blockBytes + hashBytes), 'binary'), 0);
  bytes.fill(0, 0, Math.max(end, blockBytes + hashBytes));
  return result;
}

/** Node makes a text of one character for each byte in a third of the time that it takes for a buffer. */
function putText(bytes: Uint8Array, text: string, start: number): void {
  for (let at = 0; at < text.length; at++) bytes[start + at] = text.charCodeAt(at);
}
