import { isEnclosError } from '@enclos/errors';
import { carriedChain, endorsementFacts } from '../src/index.ts';
import { sampleCollateral } from './sample.ts';

const report = new Uint8Array(1184);
report.set([3, 0, 0, 0]);
report.set([0x19, 0x01], 0x188);
report.fill(0xc3, 0x1a0, 0x1e0);

export const seeds: readonly Uint8Array[] = [sampleCollateral.quote, report];

export function fuzz(data: Uint8Array): void {
  for (const read of [endorsementFacts, carriedChain]) {
    try {
      read(data);
    } catch (error) {
      if (!isEnclosError(error, 'ENDORSEMENTS_EVIDENCE_UNREADABLE')) throw error;
    }
  }
}
