import { isEnclosError } from '@enclos/errors';
import { programFile } from '@enclos/testkit';
import { checkProgram } from '../src/index.ts';

export const seeds: readonly Uint8Array[] = [
  programFile(),
  programFile({ type: 3, dynamic: [[30n, 0x0800_0000n]] }),
  programFile({ machine: 183, dynamic: [[1n, 1n]] }),
];

/** Whatever the file is: accepted or refused by a rule, and no read that is not bounded. */
export function fuzz(data: Uint8Array): void {
  try {
    checkProgram(
      (offset, length) => {
        if (!Number.isSafeInteger(offset) || length > 64 * 1024) throw new Error('A read that is not bounded.');
        return data.subarray(offset, offset + length);
      },
      { sizeBytes: data.length },
    );
  } catch (error) {
    if (!isEnclosError(error, 'PROGRAM_REFUSED')) throw error;
  }
}
