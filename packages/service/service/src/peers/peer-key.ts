import { toBase64 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { keyTypeOf, publicKeyOfSpki, publicMembers, type PublicKey } from '@enclos/jose';
import { refusePeer, type AppraisedCertificate } from './appraisal.ts';
import type { PublishedKey } from './published-key.ts';

const algorithms: Readonly<Partial<Record<PublicKey['type'], string>>> = Object.freeze({
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
});

/**
 * A peer's key as `/certs` shows it. All of it comes from the certificate: a row of the store decides nothing about it.
 *
 * @throws SERVICE_PEER_REFUSED with the rule `key` for a key that signs no tokens.
 */
export function peerKey(kid: string, certificate: Uint8Array, appraised: AppraisedCertificate): PublishedKey {
  const key = publicKeyOf(appraised);
  return Object.freeze({
    kid,
    kty: keyTypeOf(key),
    alg: algorithms[key.type] ?? refusePeer('key'),
    jwk: Object.freeze(publicMembers(key)),
    x5c: Object.freeze([toBase64(certificate)]),
  });
}

function publicKeyOf({ publicKey }: AppraisedCertificate): PublicKey {
  try {
    return publicKeyOfSpki(publicKey);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refusePeer('key', error);
  }
}
