import type { KemKeyPair } from './hpke/key-pair.ts';
import type { AeadId, HashName, KemId } from './suites.ts';

/**
 * A value, or a promise of one. node:crypto answers at once and WebCrypto later. The protocols are written once for
 * both: awaiting a value that is there costs a microtask.
 */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value: at once if it is there. For steps within steps, where each async function would cost a promise and three microtasks. */
export function after<T, R>(value: Awaitable<T>, next: (value: T) => R): R | Promise<Awaited<R>> {
  return value instanceof Promise ? later(value, next) : next(value);
}

async function later<T, R>(value: Promise<T>, next: (value: T) => R): Promise<Awaited<R>> {
  return await next(await value);
}

/** Several values: at once if all are there, and otherwise all of them at the same time. */
export function together<T extends readonly unknown[]>(values: {
  readonly [I in keyof T]: Awaitable<T[I]>;
}): Awaitable<T> {
  // Without promises the values are their own results.
  return (values.some((value) => value instanceof Promise) ? Promise.all(values) : values) as Awaitable<T>;
}

/** What spares the maker of a message copies of it: memory that was not touched before takes longer than its encryption. */
export interface SealingForm {
  /** Bytes in front of the ciphertext, for the caller to fill. Default: none. */
  readonly room?: number;
  /** Bytes that are sealed after the plaintext, in the same message. */
  readonly tail?: Uint8Array;
}

/** A key of an AEAD. Nonces are the caller's: `Sealer` and `Opener` are the only callers. */
export interface AeadKey {
  /** @returns room, ciphertext and tag. */
  readonly seal: (
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    form?: SealingForm,
  ) => Awaitable<Uint8Array>;
  /** @returns the plaintext; undefined if the tag does not hold. */
  readonly open: (nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) => Awaitable<Uint8Array | undefined>;
}

export interface Encapsulation {
  readonly enc: Uint8Array;
  readonly sharedSecret: Uint8Array;
}

/** A key encapsulation mechanism (RFC 9180, section 4). */
export interface Kem {
  readonly id: KemId;
  readonly generateKeyPair: () => Awaitable<KemKeyPair>;
  /** @throws HPKE_KEY_INVALID for a public key that is not valid, or that gives a shared secret of zeros. */
  readonly encapsulate: (publicKey: Uint8Array) => Awaitable<Encapsulation>;
  /** @throws HPKE_KEY_INVALID for an encapsulated key that is not valid, or that gives a shared secret of zeros. */
  readonly decapsulate: (pair: KemKeyPair, enc: Uint8Array) => Awaitable<Uint8Array>;
}

/**
 * The primitives under HPKE: over node:crypto (`nodeEngine` of `@enclos/hpke/node`), or over WebCrypto (`webEngine`).
 */
export interface HpkeEngine {
  /** @throws HPKE_UNSUPPORTED. */
  readonly kem: (id: KemId) => Kem;
  /** @throws HPKE_UNSUPPORTED. */
  readonly aead: (id: AeadId, key: Uint8Array) => Awaitable<AeadKey>;
  /** @param data in parts that follow each other. */
  readonly hmac: (hash: HashName, key: Uint8Array, ...data: readonly Uint8Array[]) => Awaitable<Uint8Array>;
  readonly sha256: (data: Uint8Array) => Awaitable<Uint8Array>;
  readonly randomBytes: (length: number) => Uint8Array;
}
