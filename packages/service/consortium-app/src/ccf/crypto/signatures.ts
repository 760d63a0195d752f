import { constants, createHmac, createSign, createVerify, sign, verify, type KeyObject } from 'node:crypto';

import { orFail, outOfRange } from '../../session/failures.ts';
import { privateKeyOf, publicKeyOf, requireKeyLength } from './bounded-keys.ts';
import { inPieces } from '../../session/pieces.ts';

const hashes: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
const mostSaltBytes = 1024;
/** Ed25519 reads what it signs twice and in one go: nothing can end it. */
const mostEdwardsBytes = 2 * 1024 * 1024;
const incompatible = 'incompatible signing algorithm for given key type';

/** How to sign or verify, in the names of `ccf.crypto`. */
export interface SigningAlgorithm {
  readonly name: string;
  readonly hash: string;
  /** Bytes; for RSA-PSS. */
  readonly saltLength: number;
}

/** ECDSA signatures are r then s, in the length of the curve. The key is PEM; for HMAC it is the secret itself, as text. */
export function signData(
  algorithm: SigningAlgorithm,
  key: string,
  { data, checkTime }: { readonly data: Uint8Array; readonly checkTime: () => void },
): Uint8Array {
  const { name } = algorithm;
  if (name === 'EdDSA') {
    return orFail('Failed to sign with EdDSA pair', () => sign(null, edwardsData(data), edwards(privateKeyOf(key))));
  }
  const hash = hashOf(algorithm);
  if (name === 'HMAC') return orFail('Failed to sign', () => hmacOf(hash, key, { data, checkTime }));
  if (name !== 'ECDSA' && name !== 'RSA-PSS') {
    throw outOfRange('Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA, HMAC');
  }
  return orFail('Failed to sign', () => {
    const padded = withPadding(privateKeyOf(key), algorithm);
    const signer = createSign(hash);
    inPieces(data, checkTime, (piece) => signer.update(piece));
    return signer.sign(padded);
  });
}

/** The key is a public key or a certificate in PEM. */
export function verifyData(
  algorithm: SigningAlgorithm,
  key: string,
  {
    signature,
    data,
    checkTime,
  }: { readonly signature: Uint8Array; readonly data: Uint8Array; readonly checkTime: () => void },
): boolean {
  const { name } = algorithm;
  if (name === 'EdDSA') {
    return orFail('Failed to verify EdDSA signature', () =>
      verify(null, edwardsData(data), edwards(publicKeyOf(key)), signature),
    );
  }
  const hash = hashOf(algorithm);
  if (name !== 'ECDSA' && name !== 'RSA-PSS') {
    throw outOfRange('Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA');
  }
  return orFail('Failed to verify signature', () => {
    const padded = withPadding(publicKeyOf(key), algorithm);
    const verifier = createVerify(hash);
    inPieces(data, checkTime, (piece) => verifier.update(piece));
    return isSignature(() => verifier.verify(padded, signature));
  });
}

/** Node throws where r and s have another length than the curve gives them. */
function isSignature(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error && error.message === 'Malformed signature') return false;
    throw error;
  }
}

function hmacOf(
  hash: string,
  key: string,
  { data, checkTime }: { readonly data: Uint8Array; readonly checkTime: () => void },
): Uint8Array {
  requireKeyLength(key);
  const hmac = createHmac(hash, key);
  inPieces(data, checkTime, (piece) => hmac.update(piece));
  return hmac.digest();
}

function edwardsData(data: Uint8Array): Uint8Array {
  if (data.length <= mostEdwardsBytes) return data;
  throw new Error(`EdDSA takes at most ${mostEdwardsBytes} bytes of data`);
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
