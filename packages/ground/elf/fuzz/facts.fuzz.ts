import { elfFile } from '@enclos/testkit';

import { readElf } from '../src/index.ts';

export const seeds: readonly Uint8Array[] = [
  elfFile({ needed: ['libm.so.6', 'libc.so.6'], loader: '/lib64/ld-linux-x86-64.so.2' }),
  elfFile({ needed: ['libc.so.6'] }),
  elfFile({ machine: 183 }),
];

/** Whatever the file is: its facts or a RangeError, and no read that is not bounded. */
export function fuzz(data: Uint8Array): void {
  try {
    readElf((offset, length) => {
      if (!Number.isSafeInteger(offset) || length > 4 * 1024 * 1024) throw new Error('A read that is not bounded.');
      return data.subarray(offset, offset + length);
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
