import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseRuntimeData } from '../src/vtpm/runtime-data.ts';
import { goodRuntime } from '../test/vtpm/synthetic-vtpm.ts';

export const seeds: readonly Uint8Array[] = [utf8(JSON.stringify(goodRuntime))];

/** What is read must be what the engine reads too. */
export function fuzz(data: Uint8Array): void {
  try {
    parseRuntimeData(data);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return;
  }
  JSON.parse(new TextDecoder().decode(data));
}
