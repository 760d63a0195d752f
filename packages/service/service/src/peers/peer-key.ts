import { createPublicKey } from 'node:crypto';
import { refusePeer, type AppraisedCertificate } from './appraisal.ts';
import type { PublishedKey } from './published-key.ts';

const members = Object.freeze({ RSA: ['n', 'e'], EC: ['crv', 'x', 'y'] });
const curveAlgorithms: ReadonlyMap<unknown, string> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
]);

/** A peer's key as `/certs` shows it. All of it comes from the certificate: a row of the store has nothing to say here. */
export function peerKey(kid: string, certificate: Uint8Array, { publicKey }: AppraisedCertificate): PublishedKey {
  const jwk = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  const { kty } = jwk;
  if (kty !== 'RSA' && kty !== 'EC') return refusePeer('key');
  const alg = kty === 'RSA' ? 'RS256' : (curveAlgorithms.get(jwk['crv']) ?? refusePeer('key'));
  const shown = members[kty].map((name) => [name, String(jwk[name])] as const);
  return Object.freeze({
    kid,
    kty,
    alg,
    jwk: Object.freeze(Object.fromEntries(shown)),
    x5c: Object.freeze([Buffer.from(certificate).toString('base64')]),
  });
}
