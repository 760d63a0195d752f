import { overlayTagPrefix, readGoProgram } from '../src/index.ts';
import { goFile } from '../test/go-file.ts';

export const seeds: readonly Uint8Array[] = [
  goFile(),
  goFile({ settings: [`build\t-tags=${overlayTagPrefix}${'0a'.repeat(32)}`] }),
  goFile({ flags: 0 }),
];

/** Whatever the file is: what it tells, nothing, or a RangeError, and no read that is not bounded. */
export function fuzz(data: Uint8Array): void {
  try {
    readGoProgram((offset, length) => {
      if (!Number.isSafeInteger(offset) || length > 1024 * 1024) throw new Error('A read that is not bounded.');
      return data.subarray(offset, offset + length);
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
