import { isEnclosError } from '@enclos/errors';
import { parseSgxExtension } from '../src/dcap/tcb/sgx-extension.ts';
import { sgxExtension } from '../test/synthetic-platform.ts';

export const seeds: readonly Uint8Array[] = [sgxExtension()];

export function fuzz(data: Uint8Array): void {
  try {
    parseSgxExtension(data);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
