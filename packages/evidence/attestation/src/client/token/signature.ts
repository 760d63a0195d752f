import { verifyJws, type Jwt, type VerificationCrypto } from '@enclos/jose';
import { refuseToken } from '../errors.ts';
import type { ListedKey } from '../keys/key-set.ts';

/**
 * Checks the signature with one key, which must be of the type that the algorithm
 * takes, and for that algorithm if the service says so (RFC 8725 section 3.1).
 *
 * @throws TOKEN_REFUSED
 */
export async function checkSignature(jwt: Jwt, listed: ListedKey, subtle: VerificationCrypto): Promise<void> {
  const isReserved = listed.algorithm !== undefined && listed.algorithm !== jwt.algorithm;
  const fault = isReserved ? 'algorithm' : await verifyJws(jwt, listed.publicKey, subtle);
  if (fault === 'algorithm') {
    refuseToken('algorithm', 'The key of the service is not for the algorithm that the token names.');
  }
  if (fault === 'key') refuseToken('unusable-key', 'The service lists a key for the token that is not a public key.');
  if (fault === 'signature') refuseToken('signature', 'The signature of the token does not hold.');
}
