import { elfFile } from '@enclos/testkit';

import {
  findSymbols,
  readDynamic,
  readHeader,
  readRelocationTable,
  readSections,
  readSymbolValues,
  relocationsIn,
} from '../src/index.ts';

/** A file whose only section is named `.dynsym`, and is its own table of names. */
function withSymbols(): Uint8Array {
  const bytes = new Uint8Array(64 + 3 * 64 + 200);
  const view = new DataView(bytes.buffer);
  bytes.set(elfFile().subarray(0, 64));
  view.setBigUint64(32, 0n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 0, true);
  view.setBigUint64(40, 64n, true);
  for (const [at, value] of [
    [58, 64],
    [60, 3],
    [62, 0],
  ] as const) {
    view.setUint16(at, value, true);
  }
  const text = new TextEncoder().encode('\0.dynsym\0.dynstr\0main\0');
  bytes.set(text, 256);
  for (const [index, name] of [0, 1, 9].entries()) {
    const at = 64 + index * 64;
    view.setUint32(at, name, true);
    view.setUint32(at + 4, 1, true);
    view.setBigUint64(at + 24, index === 1 ? 300n : 256n, true);
    view.setBigUint64(at + 32, index === 1 ? 72n : 24n, true);
  }
  view.setUint32(300 + 24, 17, true);
  return bytes;
}

export const seeds: readonly Uint8Array[] = [elfFile({ needed: ['libc.so.6'] }), withSymbols()];

/** Whatever the file is: tables or a RangeError, and no read that is not bounded. */
export function fuzz(data: Uint8Array): void {
  const read = (offset: number, length: number): Uint8Array => {
    if (!Number.isSafeInteger(offset) || length > 64 * 2 ** 20) throw new Error('A read that is not bounded.');
    return data.subarray(offset, offset + length);
  };
  for (const work of [
    () => readDynamic(read, readHeader(read).segments),
    () => findSymbols(read, readSections(read), ['main', '']),
    () => readSymbolValues(read, readSections(read)),
    () => readSections(read).map((section) => [...relocationsIn(readRelocationTable(read, section))]),
  ]) {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
}
