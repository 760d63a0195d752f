import { constants, createHash, createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import type { CryptoAnswer, CryptoRequest, SignatureScheme } from '../spki-steps.ts';

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;

interface NodeScheme {
  readonly keyType: 'ec' | 'rsa';
  readonly curve?: string;
  readonly hash: string;
  readonly options: Omit<VerifyKeyObjectInput, 'key'>;
}

const schemes: Readonly<Record<SignatureScheme, NodeScheme>> = Object.freeze({
  'ecdsa-p384-sha384': {
    keyType: 'ec',
    curve: 'secp384r1',
    hash: 'sha384',
    options: { dsaEncoding: 'ieee-p1363' },
  },
  'rsa-pss-sha384': { keyType: 'rsa', hash: 'sha384', options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 48 } },
  'rsa-pkcs1-sha256': { keyType: 'rsa', hash: 'sha256', options: { padding: RSA_PKCS1_PADDING } },
});

/** Answers from node:crypto, as WebCrypto would. */
export function nodeCrypto(request: CryptoRequest): CryptoAnswer {
  if (request.kind === 'digest') {
    const hash = createHash(request.hash === 'SHA-256' ? 'sha256' : 'sha384');
    return new Uint8Array(hash.update(request.data).digest());
  }
  const { keyType, curve, hash, options } = schemes[request.scheme];
  const key = importKey(request.publicKey);
  // Under a key of another type the options would mean another scheme.
  if (key?.asymmetricKeyType !== keyType || key.asymmetricKeyDetails?.namedCurve !== curve) return false;
  return verify(hash, request.signedBytes, { key, ...options }, request.signature);
}

/** Undefined for bytes that are no key, as for a point that is not on its curve. */
function importKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
