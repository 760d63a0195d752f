import assert from 'node:assert/strict';
import { test } from 'node:test';

import { intelNote, makeElf, pageFlags, tcsBytes, type IntelLayout, type MadeElf } from '@enclos/sgx-image-kit';

import { openSdkImage, type EnclavePage } from '../src/index.ts';
import { readerOf } from './images.ts';

const pageBytes = 4096;
const noteHead = 25;
const directories = 64 + 1808;

const layout: IntelLayout = {
  enclaveBytes: 0x10_0000,
  templates: [
    { id: 1, flags: pageFlags.rw, offset: 0x4_0000, count: 2 },
    { id: 8, flags: pageFlags.rw, offset: 0x4_2000, count: 2, fill: 0xcccc_cccc },
    {
      id: 4,
      flags: pageFlags.tcs,
      offset: 0x4_4000,
      count: 1,
      content: tcsBytes({ ssa: 4096, entry: 9, segments: 8192 }),
    },
    { id: 5, flags: pageFlags.rw, offset: 0x4_5000, count: 3, content: new Uint8Array(5000).fill(7) },
  ],
  group: { entries: 3, times: 2, stepBytes: 0x8000 },
  patch: { at: 24, content: Uint8Array.of(9) },
};

type Change = (metadata: Uint8Array, view: DataView) => void;

function metadata(change: Change = () => undefined, made: IntelLayout = layout): Uint8Array {
  const note = intelNote(made);
  const bytes = note.subarray(noteHead);
  change(bytes, new DataView(bytes.buffer, bytes.byteOffset));
  return note;
}

function fileWith(content: Uint8Array, more: Partial<MadeElf> = {}): Uint8Array {
  const section = { name: '.note.sgxmeta', content, type: 7 };
  return makeElf({ isLoadedWhole: true, sections: [section], ...more });
}

function open(bytes: Uint8Array) {
  return openSdkImage(readerOf(bytes), bytes.length);
}

/** The place of entry `index` of the layout, in the metadata. */
function entryAt(index: number): number {
  return directories + 16 + 32 + 32 * index;
}

function pagesFrom(bytes: Uint8Array, from: number): readonly EnclavePage[] {
  return [...open(bytes).pages()].filter(({ offset }) => offset >= from);
}

const summary = ({ offset, flags, measured, content }: EnclavePage) => [
  offset,
  Number(flags),
  measured,
  content?.[0] ?? 0,
];

test('entries come in their order, then each repetition of a group', () => {
  const thread = (shift: number) => [
    [0x4_2000 + shift, 0x203, true, 0xcc],
    [0x4_3000 + shift, 0x203, true, 0xcc],
    [0x4_4000 + shift, 0x100, true, 0],
    [0x4_5000 + shift, 0x203, true, 7],
    [0x4_6000 + shift, 0x203, true, 7],
    [0x4_7000 + shift, 0x203, true, 0],
  ];
  const pages = pagesFrom(fileWith(metadata()), 0x4_0000);
  const heap = [
    [0x4_0000, 0x203, true, 0],
    [0x4_1000, 0x203, true, 0],
  ];
  assert.deepEqual(pages.map(summary), [...heap, ...thread(0), ...thread(0x8000), ...thread(0x1_0000)]);
  const tcs = pages.filter(({ flags }) => flags === 0x100n).map(({ content }) => content);
  const [first, second] = tcs.map((page) => new DataView(page?.buffer ?? new ArrayBuffer(0), page?.byteOffset));
  // OSSA, OENTRY and OFSBASE: the first and the last count from the TCS.
  assert.deepEqual(
    [first?.getBigUint64(16, true), first?.getBigUint64(32, true), first?.getBigUint64(48, true)],
    [0x4_5000n, 9n, 0x4_6000n],
  );
  assert.equal(second?.getBigUint64(16, true), 0x4_d000n);
  const { threads, heapBytes, stackBytes } = open(fileWith(metadata()));
  assert.deepEqual([threads, heapBytes, stackBytes], [3, 2 * pageBytes, 2 * pageBytes]);
});

test('pages that are only added are not measured, and those of EDMM are not there', () => {
  const change: Change = (_, view) => {
    view.setUint16(entryAt(0) + 2, 1, true);
    view.setUint16(entryAt(1) + 2, 8, true);
  };
  const pages = pagesFrom(fileWith(metadata(change)), 0x4_0000);
  assert.deepEqual(
    pages.slice(0, 2).map(({ measured }) => measured),
    [false, false],
  );
  assert.equal(pages[2]?.offset, 0x4_4000);
});

test('the last metadata count', () => {
  const newer = metadata();
  const older = metadata((_, view) => {
    view.setUint32(12, 1, true);
    view.setUint16(entryAt(0) + 2, 0, true);
  });
  const note = new Uint8Array([...newer, ...older.subarray(noteHead), 0, 0, 0]);
  new DataView(note.buffer).setUint32(4, note.length - noteHead, true);
  const image = open(fileWith(note));
  assert.equal(image.version, '1.4');
  assert.deepEqual(
    image.metadata.map(({ version }) => version),
    ['2.4', '1.4'],
  );
  assert.equal(pagesFrom(fileWith(note), 0x4_0000)[0]?.offset, 0x4_2000);
  // Another signature in the first of them: loaders would start the enclave of one signer, or of the other.
  note[noteHead + 64 + 900] = 1;
  assert.throws(() => open(fileWith(note)), { code: 'ENCLAVE_FILE_INVALID', message: /different signatures/ });
});

test('patches change the file before it is loaded, and the later one wins', () => {
  const [first] = pagesFrom(fileWith(metadata()), 0);
  assert.equal(first?.content?.[24], 9);
  const change: Change = (bytes, view) => {
    // A second patch, over the table of the layout, which moves behind it.
    const [tableAt, tableBytes] = [view.getUint32(directories + 8, true), view.getUint32(directories + 12, true)];
    bytes.copyWithin(0x4000, tableAt, tableAt + tableBytes);
    view.setUint32(directories + 8, 0x4000, true);
    view.setUint32(directories + 4, 64, true);
    view.setBigUint64(directories + 16 + 32, 24n, true);
    view.setUint32(directories + 16 + 40, 0x3000, true);
    view.setUint32(directories + 16 + 44, 2, true);
    bytes.set([4, 5], 0x3000);
  };
  const [patched] = pagesFrom(fileWith(metadata(change)), 0);
  assert.deepEqual([...(patched?.content?.subarray(24, 26) ?? [])], [4, 5]);
});

/** Two segments, the first of which ends where its size and its end round differently. */
const twoSegments = (view: DataView): void => {
  for (const [index, address, memory] of [
    [0, 0xe00n, 0x1100n],
    [1, 0x8000n, 0x800n],
  ] as const) {
    const at = index * 56;
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, 5, true);
    view.setBigUint64(at + 8, 0n, true);
    view.setBigUint64(at + 16, address, true);
    view.setBigUint64(at + 32, 0x400n, true);
    view.setBigUint64(at + 40, memory, true);
  }
};

function offsetsWith(minor: number, segments: (view: DataView) => void): readonly number[] {
  const change: Change = (_, view) => {
    view.setUint32(12, 1, true);
    view.setUint32(8, minor, true);
  };
  const pages = [...open(fileWith(metadata(change), { segments })).pages()];
  return pages.map(({ offset }) => offset).filter((offset) => offset < 0x4_0000);
}

test('metadata 1.3 have a page of zeros after a segment, and others have none', () => {
  assert.deepEqual(offsetsWith(3, twoSegments), [0, 0x1000, 0x2000, 0x8000]);
  assert.deepEqual(offsetsWith(4, twoSegments), [0, 0x1000, 0x8000]);
  const lastToo = (view: DataView): void => {
    twoSegments(view);
    view.setBigUint64(56 + 16, 0x8f00n, true);
    view.setBigUint64(56 + 32, 0x10n, true);
    view.setBigUint64(56 + 40, 0x10n, true);
  };
  assert.deepEqual(offsetsWith(3, lastToo), [0, 0x1000, 0x2000, 0x8000, 0x9000]);
});

test('with DT_TEXTREL, the pages that relocations change are writable', () => {
  const entry = (tag: number, value: number): readonly bigint[] => [BigInt(tag), BigInt(value)];
  // Behind the headers: dynamic entries, and three relocations, one of which crosses a page and one of which is of no type.
  const dynamicAt = 176;
  const tableAt = dynamicAt + 5 * 16;
  const relocation = (offset: number, type: number): readonly bigint[] => [BigInt(offset), BigInt(type), 0n];
  const words = [
    ...entry(22, 0),
    ...entry(7, tableAt),
    ...entry(8, 72),
    ...entry(99, 1),
    ...entry(0, 0),
    ...relocation(0x10, 8),
    ...relocation(0x1ffc, 8),
    ...relocation(0x4000, 0),
  ];
  const code = new Uint8Array([...new Uint8Array(BigUint64Array.from(words).buffer), 0x0f, 0x01, 0xd7]);
  const segments = (type: number) => (view: DataView) => {
    view.setUint32(56, type, true);
    view.setBigUint64(56 + 8, BigInt(dynamicAt), true);
    view.setBigUint64(56 + 16, BigInt(dynamicAt), true);
    view.setBigUint64(56 + 32, 80n, true);
    view.setBigUint64(56 + 40, 80n, true);
  };
  const flagsOf = (bytes: Uint8Array): readonly number[] =>
    [...open(bytes).pages()].filter(({ offset }) => offset < 0x5000).map(({ flags }) => Number(flags));
  assert.deepEqual(flagsOf(fileWith(metadata(), { code, segments: segments(2) })), [0x207, 0x207, 0x207, 0x205, 0x205]);
  assert.deepEqual(flagsOf(fileWith(metadata(), { code, segments: segments(4) })), Array<number>(5).fill(0x205));
});

test('relocations of the text that change more pages than an enclave has regions are refused', () => {
  const count = 32_770;
  const words = [22n, 0n, 7n, 256n, 8n, BigInt(count * 24), 0n, 0n, 0n, 0n];
  // Each crosses a page.
  for (let index = 0; index < count; index++) words.push(BigInt(index * 8192 + 4092), 8n, 0n);
  const code = new Uint8Array([...new Uint8Array(BigUint64Array.from(words).buffer), 0x0f, 0x01, 0xd7]);
  const segments = (view: DataView): void => {
    view.setUint32(56, 2, true);
    for (const [at, value] of [
      [8, 176n],
      [16, 176n],
      [32, 64n],
    ] as const) {
      view.setBigUint64(56 + at, value, true);
    }
  };
  const bytes = fileWith(metadata(), { code, segments });
  assert.throws(() => open(bytes), { code: 'ENCLAVE_FILE_INVALID', message: /change more than 65536 pages/ });
});

test('a second shared object, and the address of the enclave, are refused', () => {
  const version =
    (major: number, minor: number, more: Change = () => undefined): Change =>
    (bytes, view) => {
      view.setUint32(12, major, true);
      view.setUint32(8, minor, true);
      more(bytes, view);
    };
  const withObject = version(3, 3, (_, view) => {
    view.setUint32(directories + 24, 0x3000, true);
    view.setUint32(directories + 28, 32, true);
    view.setUint32(0x3010, 0x1002, true);
  });
  // The directories of version 3 go over what the kit puts after those of 2: the patch, which is then of no bytes.
  const noPatch: Change = (_, view) => view.setUint32(directories + 4, 0, true);
  const both: Change = (bytes, view) => {
    withObject(bytes, view);
    noPatch(bytes, view);
  };
  assert.throws(() => open(fileWith(metadata(both))), { code: 'ENCLAVE_FILE_INVALID', message: /FIPS/ });
  for (const major of [11, 13]) {
    assert.throws(() => open(fileWith(metadata(version(major, 3)))), { code: 'ENCLAVE_FILE_ZERO_BASE' });
  }
  for (const major of [0, 4, 10, 14]) {
    assert.throws(() => open(fileWith(metadata(version(major, 3)))), {
      code: 'ENCLAVE_FILE_INVALID',
      message: /version/,
    });
  }
});
