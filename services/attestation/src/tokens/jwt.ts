import { compactJws } from '@enclos/jose';
import { canonicalJson } from './canonical-json.ts';
import type { JsonClaims } from './signer.ts';

/** Header and claims of a JWS in its compact form (RFC 7515 section 7.1): what is signed, in ASCII. */
export function signingInput(header: JsonClaims, claims: JsonClaims): string {
  return `${segment(header)}.${segment(claims)}`;
}

/**
 * An unsigned token (RFC 7519 section 6): what a draft policy gives. It proves nothing, and says so in its header, in
 * a claim, and by having no signature.
 */
export function unsignedToken(claims: JsonClaims): string {
  return compactJws(signingInput({ alg: 'none', typ: 'JWT' }, claims), new Uint8Array());
}

/** By Buffer, which costs a fifth of the codec: a token may have a megabyte of claims. */
function segment(value: JsonClaims): string {
  return Buffer.from(canonicalJson(value)).toString('base64url');
}
