import { misused } from '../refusal/refusal.ts';

/** How a signature was made; the names say key, hash and padding. */
export type SpkiScheme = 'ecdsa-p384-sha384' | 'rsa-pss-sha384' | 'rsa-pkcs1-sha256';

/**
 * What the verification asks of cryptography. The verification itself is a
 * generator that yields these, so that it is written once, and driven
 * asynchronously over WebCrypto or synchronously over node:crypto.
 */
export type CryptoRequest =
  /** ECDSA P-256 with SHA-256, answered with a boolean: false for a wrong signature and for a key that is none. */
  | {
      readonly kind: 'verify';
      /** 64 bytes, x then y. */
      readonly publicKey: Uint8Array;
      /** 64 bytes, r then s. */
      readonly signature: Uint8Array;
      readonly signedBytes: Uint8Array;
    }
  /** A signature of another scheme, under a key in the form that certificates have it; answered likewise. */
  | {
      readonly kind: 'verify-spki';
      readonly scheme: SpkiScheme;
      /** SubjectPublicKeyInfo, DER. */
      readonly publicKey: Uint8Array;
      /** ECDSA: r then s, in the length of the curve. */
      readonly signature: Uint8Array;
      readonly signedBytes: Uint8Array;
    }
  /** Whether 64 bytes, x then y, are a point of P-256: a boolean. */
  | { readonly kind: 'is-key'; readonly publicKey: Uint8Array }
  /** The 32 bytes of the digest. */
  | { readonly kind: 'sha256'; readonly data: Uint8Array };

export type CryptoAnswer = boolean | Uint8Array;

/** Steps that end in a `T`. They may throw between any two requests. */
export type Steps<T> = Generator<CryptoRequest, T, CryptoAnswer>;

export function* verifySignature(
  publicKey: Uint8Array,
  signature: Uint8Array,
  signedBytes: Uint8Array,
): Steps<boolean> {
  return (yield { kind: 'verify', publicKey, signature, signedBytes }) === true;
}

export function* verifySpkiSignature(
  scheme: SpkiScheme,
  publicKey: Uint8Array,
  { signature, signedBytes }: { readonly signature: Uint8Array; readonly signedBytes: Uint8Array },
): Steps<boolean> {
  return (yield { kind: 'verify-spki', scheme, publicKey, signature, signedBytes }) === true;
}

export function* isPublicKey(publicKey: Uint8Array): Steps<boolean> {
  return (yield { kind: 'is-key', publicKey }) === true;
}

export function* sha256(data: Uint8Array): Steps<Uint8Array> {
  const digest = yield { kind: 'sha256', data };
  return typeof digest === 'boolean' ? misused('The driver answered a digest with a boolean.') : digest;
}
