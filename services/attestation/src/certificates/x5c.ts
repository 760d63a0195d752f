import { toBase64 } from '@enclos/codec';
import type { JsonValue } from '@enclos/codec/json';
import * as jose from '@enclos/jose';
import { maximumChain } from './chain.ts';
import { maximumCertificateBytes, readPolicyCertificate, type PolicyCertificate } from './policy-certificate.ts';

/**
 * The certificates of an `x5c` (RFC 7515 section 4.1.6), the first one first.
 * @param max the most that the place takes. Default: as many as a chain may have.
 * @throws a CODEC error.
 */
export function readX5c(value: JsonValue | undefined, max: number = maximumChain): readonly PolicyCertificate[] {
  return jose
    .readX5c(value, { maxCertificates: max, maxBytes: maximumCertificateBytes })
    .map((der) => readPolicyCertificate(der));
}

/** A JWK that is nothing but its certificates. */
export function jwkOf(chain: readonly PolicyCertificate[]): { readonly kty: string; readonly x5c: readonly string[] } {
  const [leaf] = chain;
  const kty = leaf === undefined ? 'RSA' : jose.keyTypeOf(leaf.publicKey);
  return { kty, x5c: chain.map(({ der }) => toBase64(der)) };
}
