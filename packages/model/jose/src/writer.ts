import { toBase64url, utf8 } from '@enclos/codec';

/**
 * Header and payload of a JWS in its compact form (RFC 7515 section 7.1): what is signed, in ASCII.
 *
 * @param header its JSON.
 * @param payload its text; empty for a JWS without a payload.
 */
export function jwsSigningInput(header: string, payload: string): string {
  return `${toBase64url(utf8(header))}.${toBase64url(utf8(payload))}`;
}

/** The whole compact form. @param signature as the algorithm wants it (RFC 7518 section 3); for ECDSA r and s, not DER. */
export function compactJws(signingInput: string, signature: Uint8Array): string {
  return `${signingInput}.${toBase64url(signature)}`;
}

/** A JWS without a signature (RFC 7518 section 3.6). It proves nothing. */
export function unsignedJws(payload: string): string {
  return compactJws(jwsSigningInput('{"alg":"none"}', payload), new Uint8Array());
}
