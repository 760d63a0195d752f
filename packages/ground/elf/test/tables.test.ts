import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  dynamicValue,
  DynamicTag,
  fileOffset,
  findSymbols,
  PT_LOAD,
  readDynamic,
  readHeader,
  readRelocationTable,
  readSections,
  readSymbolValues,
  relocationsIn,
  type ElfSection,
  type ReadAt,
} from '../src/index.ts';

const from =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    bytes.subarray(offset, offset + length);

const noBytes = { address: 0n, align: 1n, entryBytes: 24n };

function section(name: string, offset: number, length: number): ElfSection {
  return { ...noBytes, name, offset: BigInt(offset), sizeBytes: BigInt(length), memoryBytes: BigInt(length) };
}

/** Two symbols of one name, and a table of their names. */
function symbolFile(): { readonly bytes: Uint8Array; readonly sections: readonly ElfSection[] } {
  const bytes = new Uint8Array(200);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of [0n, 7n, 8n].entries()) {
    view.setUint32(index * 24, index === 0 ? 0 : 1, true);
    view.setBigUint64(index * 24 + 8, value, true);
    view.setBigUint64(index * 24 + 16, 2n * value, true);
  }
  bytes.set(new TextEncoder().encode('\0main\0'), 72);
  return { bytes, sections: [section('.dynsym', 0, 72), section('.dynstr', 72, 6)] };
}

test('findSymbols() gives the first symbol of a name, and none that is not there', () => {
  const { bytes, sections } = symbolFile();
  assert.deepEqual(
    findSymbols(from(bytes), sections, ['main', 'other']),
    new Map([['main', { value: 7n, sizeBytes: 14n }]]),
  );
  assert.deepEqual(findSymbols(from(bytes), sections.slice(1), ['main']), new Map());
  assert.deepEqual([...readSymbolValues(from(bytes), sections)], [0n, 7n, 8n]);
  assert.equal(readSymbolValues(from(bytes), []).length, 0);
});

test('tables beyond the file, and larger than 64 MiB, are refused before they are read', () => {
  const { bytes } = symbolFile();
  const asked: number[] = [];
  const read: ReadAt = (offset, length) => {
    asked.push(length);
    return from(bytes)(offset, length);
  };
  const huge = section('.dynsym', 0, 64 * 2 ** 20 + 1);
  assert.throws(() => findSymbols(read, [huge, section('.dynstr', 72, 6)], ['main']), RangeError);
  assert.throws(() => readSymbolValues(read, [huge]), RangeError);
  assert.throws(() => readRelocationTable(read, huge), RangeError);
  assert.deepEqual(asked, []);
  assert.throws(() => readRelocationTable(read, section('.rela.dyn', 190, 24)), RangeError);
});

test('relocationsIn() gives whole relocations', () => {
  const bytes = new Uint8Array(50);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(24, 5n, true);
  view.setUint32(32, 18, true);
  view.setUint32(36, 3, true);
  view.setBigInt64(40, -8n, true);
  assert.deepEqual(
    [...relocationsIn(bytes)],
    [
      { offset: 0n, type: 0, symbol: 0, addend: 0n },
      { offset: 5n, type: 18, symbol: 3, addend: -8n },
    ],
  );
});

/** A header, a segment that is loaded at 0x1000, and a dynamic section. */
function dynamicFile(): Uint8Array {
  const bytes = new Uint8Array(64 + 2 * 56 + 48);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setUint16(16, 3, true);
  view.setBigUint64(24, 0x1234n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  for (const [index, type] of [1, 2].entries()) {
    const at = 64 + index * 56;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, 5, true);
    view.setBigUint64(at + 8, index === 0 ? 0n : 176n, true);
    view.setBigUint64(at + 16, 0x1000n, true);
    view.setBigUint64(at + 32, index === 0 ? 176n : 48n, true);
    view.setBigUint64(at + 40, 0x3000n, true);
    view.setBigUint64(at + 48, 0x10n, true);
  }
  view.setBigInt64(176, DynamicTag.TEXTREL, true);
  view.setBigUint64(184, 9n, true);
  view.setBigInt64(208, DynamicTag.NEEDED, true);
  return bytes;
}

test('readHeader() gives entry, type and segments with their size in memory', () => {
  const { entry, type, machine, segments } = readHeader(from(dynamicFile()));
  assert.deepEqual([entry, type, machine], [0x1234n, 3, 0]);
  assert.deepEqual(segments[0], {
    type: PT_LOAD,
    flags: 5,
    offset: 0n,
    address: 0x1000n,
    sizeBytes: 176n,
    memoryBytes: 0x3000n,
    align: 0x10n,
  });
  assert.equal(fileOffset(segments, 0x1010n), 0x10n);
  assert.throws(() => fileOffset(segments, 0x2000n), RangeError);
});

test('readDynamic() ends at DT_NULL', () => {
  const bytes = dynamicFile();
  const entries = readDynamic(from(bytes), readHeader(from(bytes)).segments);
  assert.deepEqual(entries, [{ tag: DynamicTag.TEXTREL, value: 9n }]);
  assert.equal(dynamicValue(entries, DynamicTag.TEXTREL), 9n);
  assert.equal(dynamicValue(entries, DynamicTag.NEEDED), undefined);
  assert.deepEqual(readDynamic(from(bytes), []), []);
});

test('section tables are bounded before they are read', () => {
  const bytes = dynamicFile();
  const view = new DataView(bytes.buffer);
  assert.deepEqual(readSections(from(bytes)), []);
  for (const [entryBytes, count, names] of [
    [63, 2, 1],
    [64, 1025, 1],
    [64, 2, 2],
  ] as const) {
    view.setBigUint64(40, 64n, true);
    view.setUint16(58, entryBytes, true);
    view.setUint16(60, count, true);
    view.setUint16(62, names, true);
    const asked: number[] = [];
    const read: ReadAt = (offset, length) => {
      asked.push(length);
      return from(bytes)(offset, length);
    };
    assert.throws(() => readSections(read), RangeError);
    assert.deepEqual(asked, [64], 'nothing but the header was read');
  }
});
