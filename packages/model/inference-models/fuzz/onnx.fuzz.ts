import { isEnclosError } from '@enclos/errors';
import { readModelFacts, tensorFactsOf } from '../src/index.ts';
import { everythingBytes } from '../test/models.ts';

export const seeds: readonly Uint8Array[] = [everythingBytes];

/** Models of strangers are read, or refused by an error of this package. What is read fits in the file. */
export function fuzz(data: Uint8Array): void {
  try {
    const facts = readModelFacts(data);
    const used = facts.operators.reduce((sum, { count }) => sum + count, 0);
    if (used > data.length) throw new Error('More nodes than bytes.');
    tensorFactsOf([...facts.inputs, ...facts.outputs]);
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('MODEL_')) throw error;
  }
}
