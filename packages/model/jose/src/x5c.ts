import { fromBase64 } from '@enclos/codec';
import type { JsonValue } from '@enclos/codec/json';
import { reading, refuse } from './refusal.ts';

export interface X5cBounds {
  readonly maxCertificates: number;
  /** The bytes of each certificate. */
  readonly maxBytes: number;
}

/**
 * The certificates of an `x5c` (RFC 7515 section 4.1.6, RFC 7517 section 4.7) in DER, the first one first. Their
 * base64 has padding and one spelling. Nothing of the certificates themselves is read.
 *
 * @throws a CODEC error with the rule `x5c` for a list that is empty or too long, and for an item that is too long or
 * is not base64.
 */
export function readX5c(x5c: JsonValue | undefined, { maxCertificates, maxBytes }: X5cBounds): readonly Uint8Array[] {
  if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > maxCertificates) {
    return refuse('x5c', `The x5c is not a list of 1 to ${maxCertificates} certificates.`);
  }
  return (x5c as readonly JsonValue[]).map((item) => {
    if (typeof item !== 'string' || item === '') return refuse('x5c', 'The x5c has an item that is not a text.');
    return reading('x5c', 'A certificate of the x5c', () => fromBase64(item, { maxBytes }));
  });
}
