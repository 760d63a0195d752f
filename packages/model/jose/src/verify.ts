import type { webcrypto } from 'node:crypto';
import { importKeyOnce } from '@enclos/bounded';
import { schemeOf, type SignatureScheme } from './algorithms.ts';
import type { CompactJws } from './compact-jws.ts';
import { jwkOf, type SignatureKey } from './public-key.ts';

/** The part of WebCrypto that verification needs. */
export type VerificationCrypto = Pick<webcrypto.SubtleCrypto, 'importKey' | 'verify'>;

/**
 * Why a signature does not count. `algorithm`: the key is not of the type that the algorithm takes, or the JWS is
 * unsigned. `key`: the engine refuses the key, such as a point that is not on its curve. `signature`: it does not hold.
 */
export type SignatureFault = 'algorithm' | 'key' | 'signature';

type ImportParameters = Exclude<Parameters<VerificationCrypto['importKey']>[2], string>;
type VerifyParameters = Exclude<Parameters<VerificationCrypto['verify']>[0], string>;

/**
 * Verifies a JWS by exactly the algorithm that it names, with a key of exactly the type that this algorithm takes
 * (RFC 8725 section 3.1). Whether the caller allows the algorithm is for the caller to check before.
 *
 * @returns undefined if the signature holds.
 */
export async function verifyJws(
  { algorithm, signingInput, signature }: Pick<CompactJws, 'algorithm' | 'signingInput' | 'signature'>,
  publicKey: SignatureKey,
  subtle: VerificationCrypto,
): Promise<SignatureFault | undefined> {
  if (algorithm === 'none') return 'algorithm';
  const scheme = schemeOf(algorithm);
  if (publicKey.type !== scheme.keyType) return 'algorithm';
  const [jwk, parameters] = [jwkOf(publicKey), importParameters(scheme)];
  const id = `jwk ${JSON.stringify([jwk, parameters])}`;
  const key = await importKeyOnce(id, subtle, () => subtle.importKey('jwk', jwk, parameters, false, ['verify']));
  if (key === undefined) return 'key';
  // A signature of a wrong length is false, and in some engines an error.
  const holds = await subtle.verify(verifyParameters(scheme), key, signature, signingInput).catch(() => false);
  return holds ? undefined : 'signature';
}

/** Web Cryptography API sections 20, 21, 23 and 26. */
function importParameters({ keyType, padding, hashBits }: SignatureScheme): ImportParameters {
  if (keyType === 'Ed25519') return { name: keyType };
  if (keyType !== 'RSA') return { name: 'ECDSA', namedCurve: keyType };
  return { name: rsaName(padding), hash: `SHA-${hashBits}` };
}

function verifyParameters({ keyType, padding, hashBits }: SignatureScheme): VerifyParameters {
  if (keyType === 'Ed25519') return { name: keyType };
  if (keyType !== 'RSA') return { name: 'ECDSA', hash: `SHA-${hashBits}` };
  return padding === 'pss' ? { name: rsaName(padding), saltLength: hashBits / 8 } : { name: rsaName(padding) };
}

function rsaName(padding: SignatureScheme['padding']): string {
  return padding === 'pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
}
