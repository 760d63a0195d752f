import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes, type CipherGCMTypes } from 'node:crypto';
import { concatBytes } from '@enclos/codec';
import type { AeadKey, HpkeEngine, Kem } from '../engine.ts';
import { createDhKem } from '../hpke/dh-kem.ts';
import { kemIds, tagBytes, type AeadId, type HashName, type KemId } from '../suites.ts';
import { p384Curve, x25519Curve } from './curves.ts';
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
  'SHA-256': { name: 'sha256', blockBytes: 64 },
  'SHA-384': { name: 'sha384', blockBytes: 128 },
});

/**
 * The primitives of HPKE over node:crypto, each within the caller's turn: X25519, P-384, and X-Wing where Node has
 * ML-KEM (24.7 and later).
 *
 * @example
 * const engine = nodeEngine();
 * const pair = await engine.kem(kemIds.x25519).generateKeyPair();
 */
export function nodeEngine(options: NodeEngineOptions = {}): HpkeEngine {
  const random = options.randomBytes ?? ((length: number) => new Uint8Array(randomBytes(length)));
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

function kemOf(engine: HpkeEngine, id: KemId, random: NodeEngineOptions['randomBytes']): Kem {
  if (id === kemIds.xWing) return xWingKem(random, engine.randomBytes);
  const bytes = engine.randomBytes;
  if (id === kemIds.p384) return createDhKem(engine, { id, hash: 'SHA-384', curve: p384Curve(random, bytes) });
  return createDhKem(engine, { id, hash: 'SHA-256', curve: x25519Curve(random, bytes) });
}

/** A key object: with bytes, OpenSSL would take them in anew for each message, for four times the cost. */
function aeadKey(cipher: CipherGCMTypes, bytes: Uint8Array): AeadKey {
  const key = createSecretKey(bytes);
  const tag = { authTagLength: tagBytes };
  return Object.freeze({
    seal: (nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) => {
      const sealing = createCipheriv(cipher, key, nonce, tag);
      sealing.setAAD(aad, { plaintextLength: plaintext.length });
      const ciphertext = sealing.update(plaintext);
      return concatBytes(ciphertext, sealing.final(), sealing.getAuthTag());
    },
    open: (nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) => {
      const length = ciphertext.length - tagBytes;
      if (length < 0) return undefined;
      const opening = createDecipheriv(cipher, key, nonce, tag);
      opening.setAAD(aad, { plaintextLength: length });
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

/** HMAC (RFC 2104) by two hashes: `createHmac` costs six times as much for inputs of this size. */
function hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  const { name: digest, blockBytes } = hashes[name];
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? hash(digest, key, 'buffer') : key);
  const inner = hash(digest, concatBytes(masked(block, 0x36), data), 'buffer');
  const outer = hash(digest, concatBytes(masked(block, 0x5c), inner), 'buffer');
  block.fill(0);
  return new Uint8Array(outer.buffer, outer.byteOffset, outer.length);
}

function masked(block: Uint8Array, mask: number): Uint8Array {
  return block.map((byte) => byte ^ mask);
}
