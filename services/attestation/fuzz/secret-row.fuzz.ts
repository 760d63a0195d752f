import { equalBytes, toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { decodeSecretRow, encodeSecretRow } from '../src/secrets/secret-row.ts';

const configurationDigest = toBase64url(new Uint8Array(32).fill(1));

export const seeds: readonly Uint8Array[] = [
  encodeSecretRow({ configurationDigest, policy: '{"version":"1.0.0"}', secret: utf8('secret') }),
  encodeSecretRow({ configurationDigest, policy: 'ä', secret: new Uint8Array(100) }),
];

/** A row has one encoding: what is read gives the same bytes again, and all else is refused with a code of the codec. */
export function fuzz(data: Uint8Array): void {
  try {
    const again = encodeSecretRow(decodeSecretRow(data));
    if (!equalBytes(again, data)) throw new Error('A row with two encodings.');
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
  }
}
