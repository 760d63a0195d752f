import { importKeyOnce } from '@enclos/bounded';
import { concatBytes, readWholeSequence } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { readPublicKeyInfo } from '@enclos/codec/x509';
import { publicKeyOfSpki, type VerificationCrypto } from '@enclos/jose';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { isEnclosError } from '@enclos/errors';
import { malformed } from './refusal.ts';

/** A public key of a node, a member or a service. */
export interface EcdsaKey {
  readonly curve: 'P-256' | 'P-384' | 'P-521';
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

export type EcdsaHash = 'SHA-256' | 'SHA-384' | 'SHA-512';

const curves = Object.freeze({
  'P-256': { size: 32, noble: p256 },
  'P-384': { size: 48, noble: p384 },
  'P-521': { size: 66, noble: p521 },
} as const);

/** @param spki SubjectPublicKeyInfo, DER. @throws LEDGER_INVALID, or a CODEC error. */
export function readEcdsaKey(spki: Uint8Array): EcdsaKey {
  const { type } = publicKeyOfSpki(spki);
  if (type === 'RSA') return malformed('A key of a ledger is of RSA, and not of a curve.');
  return { curve: type, spki };
}

/** A message with its signature. */
export interface EcdsaSignature {
  readonly hash: EcdsaHash;
  /** ECDSA-Sig-Value in DER (RFC 5480 appendix A). */
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/** Whether an ECDSA signature is over a message. */
export async function verifyEcdsa(
  { curve, spki }: EcdsaKey,
  { hash, signature, message }: EcdsaSignature,
  subtle: VerificationCrypto,
): Promise<boolean> {
  const fixed = fixedSignature(signature, curves[curve].size);
  if (fixed === undefined) return false;
  const key = await importKeyOnce(`ecdsa ${decodeLatin1(spki)}`, subtle, () =>
    subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: curve }, false, ['verify']),
  );
  return key !== undefined && subtle.verify({ name: 'ECDSA', hash }, key, fixed, message);
}

/**
 * Whether an ECDSA signature in DER is over a digest of SHA-256, whose message is not known. No engine of WebCrypto takes a
 * digest, so JavaScript computes it, in about four times as long.
 */
export function verifyEcdsaDigest({ curve, spki }: EcdsaKey, signature: Uint8Array, digest: Uint8Array): boolean {
  const { size, noble } = curves[curve];
  const fixed = fixedSignature(signature, size);
  if (fixed === undefined) return false;
  // CCF makes signatures with either s. A point that is not on the curve, and a number that is out of range, verify nothing.
  return noble.verify(fixed, digest, readPublicKeyInfo(spki).key, { prehash: false, lowS: false });
}

/** r and s in the size of the curve, as WebCrypto takes them; undefined for a signature that is not in DER. */
function fixedSignature(der: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const reader = readWholeSequence(der);
    const parts = [reader.magnitude(size), reader.magnitude(size)];
    reader.end();
    return concatBytes(...parts.flatMap((part) => [new Uint8Array(size - part.length), part]));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
