import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { createVerifierCache, parseCollateral } from '../src/index.ts';
import { makePlatform } from '../test/synthetic-platform.ts';
import { tdBody, tdChanges } from '../test/synthetic-td.ts';

const platforms = [await makePlatform(), await makePlatform(tdChanges(tdBody('td-1.5')))];
// What is remembered must not keep a mutated text from being parsed.
const cache = createVerifierCache({ collateral: 0 });

export const seeds: readonly Uint8Array[] = platforms.map(({ collateral }) => utf8(JSON.stringify(collateral)));

export function fuzz(data: Uint8Array): void {
  try {
    parseCollateral(new TextDecoder().decode(data), { cache });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
