import { constants, createHmac, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

import { orFail, outOfRange } from '../../session/failures.ts';

const hashes: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
const mostSaltBytes = 1024;
const incompatible = 'incompatible signing algorithm for given key type';

/** How to sign or verify, in the names of `ccf.crypto`. */
export interface SigningAlgorithm {
  readonly name: string;
  readonly hash: string;
  /** Bytes; for RSA-PSS. */
  readonly saltLength: number;
}

/** ECDSA signatures are r then s, in the length of the curve. The key is PEM; for HMAC it is the secret itself, as text. */
export function signData(algorithm: SigningAlgorithm, key: string, data: Uint8Array): Uint8Array {
  const { name } = algorithm;
  if (name === 'EdDSA') {
    return orFail('Failed to sign with EdDSA pair', () => sign(null, data, edwards(createPrivateKey(key))));
  }
  const hash = hashOf(algorithm);
  if (name === 'HMAC') return orFail('Failed to sign', () => createHmac(hash, key).update(data).digest());
  if (name !== 'ECDSA' && name !== 'RSA-PSS') {
    throw outOfRange('Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA, HMAC');
  }
  return orFail('Failed to sign', () => sign(hash, data, withPadding(createPrivateKey(key), algorithm)));
}

/** The key is a public key or a certificate in PEM. */
export function verifyData(
  algorithm: SigningAlgorithm,
  key: string,
  { signature, data }: { readonly signature: Uint8Array; readonly data: Uint8Array },
): boolean {
  const { name } = algorithm;
  if (name === 'EdDSA') {
    return orFail('Failed to verify EdDSA signature', () =>
      verify(null, data, edwards(createPublicKey(key)), signature),
    );
  }
  const hash = hashOf(algorithm);
  if (name !== 'ECDSA' && name !== 'RSA-PSS') {
    throw outOfRange('Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA');
  }
  return orFail('Failed to verify signature', () =>
    verify(hash, data, withPadding(createPublicKey(key), algorithm), signature),
  );
}

function hashOf({ hash }: SigningAlgorithm): string {
  const name = Object.hasOwn(hashes, hash) ? hashes[hash] : undefined;
  if (name === undefined) throw outOfRange('Unsupported hash algorithm, supported: SHA-256, SHA-384, SHA-512');
  return name;
}

function edwards(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(incompatible);
  return key;
}

function withPadding(key: KeyObject, { name, saltLength }: SigningAlgorithm) {
  if (name === 'ECDSA') {
    if (key.asymmetricKeyType !== 'ec') throw new Error(incompatible);
    return { key, dsaEncoding: 'ieee-p1363' as const };
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Error(incompatible);
  // Negative lengths mean something else to OpenSSL, and the caller's number may be anything.
  if (saltLength < 0 || saltLength > mostSaltBytes) throw new Error('the length of the salt is out of range');
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}
