import { isEnclosError } from '@enclos/errors';
import { parseCollateral } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { makePlatform, now } from '../test/synthetic-platform.ts';
import { tdBody, tdChanges } from '../test/synthetic-td.ts';

const sgx = await makePlatform();
const platforms = [
  sgx,
  await makePlatform({ version: 5 }),
  await makePlatform(tdChanges(tdBody('td-1.0'))),
  await makePlatform(tdChanges(tdBody('td-1.5-ex'))),
];
const { roots } = sgx;
const endorsements = platforms.map(({ collateral }) => parseCollateral(collateral));

export const seeds: readonly Uint8Array[] = platforms.map(({ quote }) => quote);

/** Mutated quotes of every form, against collateral of both TEEs: a verdict or a typed refusal, the same twice. */
export function fuzz(data: Uint8Array): void {
  for (const each of endorsements) {
    const outcomes = [0, 1].map(() => {
      try {
        return verifyQuoteSync(data, each, { roots, now, allowTrailingBytes: true }).status;
      } catch (error) {
        if (!isEnclosError(error, 'EVIDENCE_REFUSED')) throw error;
        return String(error.details['status']);
      }
    });
    if (outcomes[0] !== outcomes[1]) throw new Error('The second verification has another outcome than the first.');
  }
}
