import { EnclosError } from '@enclos/errors';
import { readWholeSequence, DerTag } from '../der.ts';
import type { BitString } from '../der-values.ts';

/** The three parts that certificates and revocation lists share (RFC 5280 sections 4.1 and 5.1). Views of one copy. */
export interface SignedValue {
  /** The whole value, DER. */
  readonly encoded: Uint8Array;
  /** What the signature covers, DER. */
  readonly signedBytes: Uint8Array;
  /** AlgorithmIdentifier of the signature, DER. */
  readonly algorithm: Uint8Array;
  readonly signature: BitString;
}

/** The input is copied, even a Buffer, whose slice() would share its memory. @throws a CODEC error. */
export function readSignedValue(input: Uint8Array, maxBytes: number): SignedValue {
  if (input.length > maxBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A signed DER value over ${maxBytes} bytes.`);
  }
  const encoded = new Uint8Array(input);
  const parts = readWholeSequence(encoded);
  const signedBytes = parts.element(DerTag.SEQUENCE).encoded;
  const algorithm = parts.element(DerTag.SEQUENCE).encoded;
  const signature = parts.bitString();
  parts.end();
  return { encoded, signedBytes, algorithm, signature };
}
