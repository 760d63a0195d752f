import { isEnclosError } from '@enclos/errors';
import { intelNote, makeElf, pageFlags, tcsBytes, writeStream } from '@enclos/sgx-image-kit';

import { launchAttributes, openEnclaveImage } from '../src/index.ts';
import { openEnclaveFile } from '../test/open-enclave-file.ts';

const stream = writeStream(
  [
    { offset: 0, flags: pageFlags.rx, content: Uint8Array.of(1) },
    { offset: 4096, flags: pageFlags.tcs, content: tcsBytes({ ssa: 8192, entry: 0, segments: 0 }) },
    { offset: 8192, flags: pageFlags.rw, measured: false },
  ],
  { enclaveBytes: 16_384 },
);

const tcs = tcsBytes({ ssa: 4096, entry: 0, segments: 8192 });
const layout = {
  enclaveBytes: 0x10_0000,
  templates: [
    { id: 1, flags: pageFlags.rw, offset: 0x1_0000, count: 2 },
    { id: 8, flags: pageFlags.rw, offset: 0x1_2000, count: 2, fill: 0xcccc_cccc },
    { id: 4, flags: pageFlags.tcs, offset: 0x1_4000, count: 1, content: tcs },
    { id: 5, flags: pageFlags.rw, offset: 0x1_5000, count: 1, content: Uint8Array.of(1, 2, 3) },
  ],
  group: { entries: 3, times: 2, stepBytes: 0x8000 },
  patch: { at: 24, content: Uint8Array.of(9) },
};

export const seeds: readonly Uint8Array[] = [
  makeElf({ isLoadedWhole: true, sections: [{ name: '.note.sgxmeta', content: intelNote(layout), type: 7 }] }),
  openEnclaveFile(),
  stream.sgxs,
];

const maxPages = 500;

/** Whatever the file is: an enclave whose pages are where it says, or an error of ours, and no read that is not bounded. */
export function fuzz(data: Uint8Array): void {
  let asked = 0;
  const read = (offset: number, length: number): Uint8Array => {
    const bytes = data.subarray(offset, offset + length);
    asked += bytes.length;
    if (!Number.isSafeInteger(offset) || length > 64 * 2 ** 20) throw new Error('A read that is not bounded.');
    if (asked > 64 * data.length + 2 ** 24) throw new Error('More is read than there is.');
    return bytes;
  };
  try {
    const image = openEnclaveImage(read, data.length);
    const seen = new Set<number>();
    for (const { offset, content } of image.pages()) {
      if (seen.has(offset)) throw new Error('A page comes twice.');
      seen.add(offset);
      if (BigInt(offset) + 4096n > image.sizeBytes) throw new Error('A page is not in the enclave.');
      if (content !== undefined && content.length !== 4096) throw new Error('A page has another size.');
      if (seen.size === maxPages) break;
    }
    if (image.signature !== undefined) launchAttributes(image, { debug: data.length % 2 === 0 });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
