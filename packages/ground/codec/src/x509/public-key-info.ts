import { EnclosError } from '@enclos/errors';
import { type DerReader, readWholeSequence } from '../der.ts';

/** A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), taken apart. */
export interface PublicKeyInfo {
  /** Object identifier. */
  readonly algorithm: string;
  /** What follows the identifier of the algorithm. The caller reads and ends it. */
  readonly parameters: DerReader;
  /** Whole bytes. */
  readonly key: Uint8Array;
}

/** @param encoded DER. @throws a CODEC error. */
export function readPublicKeyInfo(encoded: Uint8Array): PublicKeyInfo {
  const info = readWholeSequence(encoded);
  const parameters = info.sequence();
  const algorithm = parameters.objectIdentifier();
  const { unusedBits, bytes } = info.bitString();
  info.end();
  if (unusedBits !== 0) throw new EnclosError('CODEC_INVALID', 'A public key that is not whole bytes.');
  return { algorithm, parameters, key: bytes };
}

/** Reads an RSAPublicKey (RFC 8017 appendix A.1.1); each number is big-endian without leading zeros. @throws a CODEC error. */
export function readRsaPublicKey(
  encoded: Uint8Array,
  maxModulusBytes: number,
): { readonly modulus: Uint8Array; readonly exponent: Uint8Array } {
  const key = readWholeSequence(encoded);
  const modulus = key.magnitude(maxModulusBytes);
  const exponent = key.magnitude(8);
  key.end();
  return { modulus, exponent };
}
