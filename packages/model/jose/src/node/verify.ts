import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { schemeOf } from '../algorithms.ts';
import type { CompactJws } from '../compact-jws.ts';
import { jwkOf, type PublicKey, type SignatureKey } from '../public-key.ts';
import { refuse } from '../refusal.ts';

/** A public key as node:crypto verifies with it. Made of a `PublicKey`, so it is strong enough, and never a private one. */
export interface NodePublicKey<T extends SignatureKey = PublicKey> {
  readonly type: T['type'];
  readonly key: KeyObject;
}

/** @throws CODEC_INVALID with the rule `members` for a point that is not on its curve. */
export function nodePublicKeyOf<T extends SignatureKey>(publicKey: T): NodePublicKey<T> {
  return Object.freeze({ type: publicKey.type, key: importKey(publicKey) });
}

function importKey(publicKey: SignatureKey): KeyObject {
  try {
    return createPublicKey({ key: jwkOf(publicKey), format: 'jwk' });
  } catch {
    return refuse('members', 'The members of the key make no public key.');
  }
}

/**
 * As `verifyJws`, over node:crypto and within the caller's turn. In an enclave WebCrypto hands each operation to
 * another thread, which costs more than the operation.
 *
 * @returns true if the signature holds, by exactly the algorithm that the JWS names.
 */
export function verifyJwsSync(
  { algorithm, signingInput, signature }: Pick<CompactJws, 'algorithm' | 'signingInput' | 'signature'>,
  { type, key }: NodePublicKey<SignatureKey>,
): boolean {
  if (algorithm === 'none') return false;
  const { keyType, hashBits, padding } = schemeOf(algorithm);
  if (type !== keyType) return false;
  // RFC 8032: Ed25519 hashes by itself.
  if (keyType === 'Ed25519') return verify(null, signingInput, key, signature);
  const hash = `sha${hashBits}`;
  // Fixed-size r and s (RFC 7518 section 3.4); DER would be a second text with the same meaning.
  if (padding === undefined) return verify(hash, signingInput, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (padding === 'pkcs1') return verify(hash, signingInput, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return verify(hash, signingInput, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
}
