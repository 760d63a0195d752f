import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseCollateral } from '../src/index.ts';
import { makePlatform } from '../test/synthetic-platform.ts';

const { collateral } = await makePlatform();

export const seeds: readonly Uint8Array[] = [utf8(JSON.stringify(collateral))];

export function fuzz(data: Uint8Array): void {
  try {
    parseCollateral(new TextDecoder().decode(data));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
