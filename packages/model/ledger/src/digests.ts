/**
 * The hash, the keyed hash and the cipher of a ledger. All are synchronous: a ledger makes four of them for each entry, and
 * waiting for a promise takes longer than any of them. `@enclos/ledger/node` gives those of Node, `@enclos/ledger/web` those
 * for browsers.
 */
export interface LedgerDigests {
  /** 32 bytes. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** Prepares a key once, since that takes several times as long as to use it. */
  readonly hmacSha256: (key: Uint8Array) => KeyedHash;
  /** Prepares a key of 32 bytes. */
  readonly aes256Gcm: (key: Uint8Array) => GcmKey;
}

/** HMAC-SHA256 under one key: 32 bytes. */
export type KeyedHash = (message: Uint8Array) => Uint8Array;

/** AES-256-GCM under one key, with IVs of 12 bytes and tags of 16. */
export interface GcmKey {
  seal(iv: Uint8Array, plaintext: Uint8Array, authenticated: Uint8Array): SealedBytes;
  /** Undefined where the tag does not fit. */
  open(iv: Uint8Array, sealed: SealedBytes, authenticated: Uint8Array): Uint8Array | undefined;
}

/** What AES-256-GCM gives: as many bytes as the plaintext has, and the tag. */
export interface SealedBytes {
  readonly tag: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export const gcmTagBytes = 16;
export const gcmIvBytes = 12;
export const digestBytes = 32;
