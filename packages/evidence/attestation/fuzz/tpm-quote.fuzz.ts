import { isEnclosError } from '@enclos/errors';
import { parseTpmAttestation, selectedPcrBytes } from '../src/vtpm/tpm-quote.ts';
import { makeAttestation, pcrValues } from '../test/vtpm/synthetic-vtpm.ts';

export const seeds: readonly Uint8Array[] = [
  makeAttestation(),
  makeAttestation({ select: [1, 2, 4], extraData: new Uint8Array() }),
];

/** A selection that is read is one of PCRs that exist. */
export function fuzz(data: Uint8Array): void {
  try {
    const { selectedPcrs } = parseTpmAttestation(data);
    if (selectedPcrBytes(selectedPcrs, pcrValues) === undefined) throw new RangeError('A PCR that does not exist.');
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
