import { signatureSchemes, isSignatureAlgorithm } from '../keys/algorithms.ts';
import { refuseToken } from '../errors.ts';
import type { Jwt } from './jwt.ts';
import type { ListedKey } from '../keys/key-set.ts';
import { fits, toJwk } from '../keys/public-key.ts';
import type { Subtle } from '../../crypto/web-crypto.ts';

/**
 * Checks the signature with one key, which must be of the type that the algorithm
 * has, and for that algorithm if the service says so (RFC 8725 section 3.1).
 *
 * @throws TOKEN_REFUSED
 */
export async function checkSignature(
  { signedBytes, signature }: Jwt,
  { algorithm, listed, subtle }: { readonly algorithm: string; readonly listed: ListedKey; readonly subtle: Subtle },
): Promise<void> {
  if (!isSignatureAlgorithm(algorithm)) return refuseToken('algorithm', 'The algorithm of the token is not known.');
  const scheme = signatureSchemes[algorithm];
  const isFor = listed.algorithm === undefined || listed.algorithm === algorithm;
  if (!isFor || !fits(listed.publicKey, scheme)) {
    refuseToken('algorithm', 'The key of the service is not for the algorithm that the token names.');
  }
  const key = await subtle
    .importKey('jwk', toJwk(listed.publicKey), scheme.importKey, false, ['verify'])
    .catch(() => undefined);
  if (key === undefined) return refuseToken('unusable-key', 'The service lists a key for the token that is none.');
  // A signature of a wrong length is false, and in some engines an error.
  const isGood = await subtle.verify(scheme.verify, key, signature, signedBytes).catch(() => false);
  if (!isGood) refuseToken('signature', 'The signature of the token does not hold.');
}
