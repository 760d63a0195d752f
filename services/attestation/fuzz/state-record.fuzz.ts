import { equalBytes, toBase64url } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { decodeStateRecord, encodeStateRecord } from '../test/records.ts';
import { emptyDocument } from '../src/document/document.ts';

const digest = (fill: number): string => toBase64url(new Uint8Array(32).fill(fill));
const common = { issuer: 'https://tenant.example', configurationDigest: digest(1), writer: 'replica' };

export const seeds: readonly Uint8Array[] = [
  encodeStateRecord({ ...common, epoch: 1, ancestors: [digest(2)], document: emptyDocument }),
  encodeStateRecord({
    ...common,
    epoch: 3,
    ancestors: [digest(4), digest(3), digest(2)],
    document: {
      policies: { SgxEnclave: 'e30.e30.', Tpm: 'ä' },
      certificates: ['AAEC', 'MAA='],
      secrets: [{ name: 'a-1', digest: digest(5) }],
    },
  }),
];

/** A record has one encoding: what is read gives the same bytes again, and all else is refused with a code of the codec. */
export function fuzz(data: Uint8Array): void {
  try {
    const again = encodeStateRecord(decodeStateRecord(data));
    if (!equalBytes(again, data)) throw new Error('A record with two encodings.');
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
  }
}
