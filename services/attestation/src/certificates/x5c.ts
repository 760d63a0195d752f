import type { JsonValue } from '@enclos/codec/json';
import { fromBase64, toBase64 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { maximumChain } from './chain.ts';
import { readPolicyCertificate, type PolicyCertificate } from './policy-certificate.ts';

/**
 * The certificates of an `x5c` (RFC 7515 section 4.1.6), the first one first: base64 of DER, padded.
 * @param max the most that the place takes. Default: as many as a chain may have.
 * @throws a CODEC error.
 */
export function readX5c(value: JsonValue | undefined, max: number = maximumChain): readonly PolicyCertificate[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    throw new EnclosError('CODEC_INVALID', `An x5c of 1 to ${max} certificates wanted.`);
  }
  return value.map((item: JsonValue) => {
    if (typeof item !== 'string') throw new EnclosError('CODEC_INVALID', 'An x5c holds strings.');
    return readPolicyCertificate(fromBase64(item));
  });
}

/** A JWK that is nothing but its certificates. */
export function jwkOf(chain: readonly PolicyCertificate[]): { readonly kty: string; readonly x5c: readonly string[] } {
  const [leaf] = chain;
  const kty = leaf?.key.asymmetricKeyType === 'ec' ? 'EC' : 'RSA';
  return { kty, x5c: chain.map(({ der }) => toBase64(der)) };
}
