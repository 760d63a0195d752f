import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';

import { neededLibraries } from '../src/elf-needed.ts';
import { describeInterpreter } from '../src/interpreter-files.ts';

const readFrom = (bytes: Uint8Array) => async (offset: number, length: number) =>
  bytes.subarray(offset, offset + length);

/** A 64-bit little-endian file with one PT_LOAD of everything and one PT_DYNAMIC. */
function elf(libraries: readonly string[]): Uint8Array {
  const [dynamicAt, stringsAt] = [64 + 2 * 56, 64 + 2 * 56 + (libraries.length + 3) * 16];
  const strings = `\0${libraries.map((name) => `${name}\0`).join('')}`;
  const bytes = new Uint8Array(stringsAt + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segments = [
    { type: 1, offset: 0, address: 0x1000n, size: bytes.length },
    { type: 2, offset: dynamicAt, address: 0x1000n + BigInt(dynamicAt), size: stringsAt - dynamicAt },
  ];
  for (const [index, { type, offset, address, size }] of segments.entries()) {
    const at = 64 + index * 56;
    view.setUint32(at, type, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 16, address, true);
    view.setBigUint64(at + 32, BigInt(size), true);
  }
  const entries: [bigint, bigint][] = [
    [5n, 0x1000n + BigInt(stringsAt)],
    [10n, BigInt(strings.length)],
    ...libraries.map((name): [bigint, bigint] => [1n, BigInt(strings.indexOf(`\0${name}\0`) + 1)]),
    [0n, 0n],
  ];
  for (const [index, [tag, value]] of entries.entries()) {
    view.setBigUint64(dynamicAt + index * 16, tag, true);
    view.setBigUint64(dynamicAt + index * 16 + 8, value, true);
  }
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  return bytes;
}

test('neededLibraries() lists what the loader is asked for, in order', async () => {
  assert.deepEqual(await neededLibraries(readFrom(elf(['libm.so.6', 'libc.so.6']))), ['libm.so.6', 'libc.so.6']);
});

test('describeInterpreter() gives the size of what is installed and the libraries that it needs', async () => {
  const { files, unmeasuredLibraries } = await describeInterpreter(dirname(fileURLToPath(import.meta.url)));
  const installed = files.filter(({ sizeBytes }) => sizeBytes !== undefined);
  for (const { sizeBytes = 0 } of installed) assert.ok(sizeBytes > 10_000_000);
  assert.equal(unmeasuredLibraries.includes('libc.so.6'), installed.length > 0);
});

test('describeInterpreter() knows no size where no interpreter is installed', async () => {
  const { files, unmeasuredLibraries } = await describeInterpreter('/nonexistent');
  assert.ok(files.every(({ sizeBytes }) => sizeBytes === undefined));
  assert.deepEqual(unmeasuredLibraries, []);
});

test('neededLibraries() refuses what is no 64-bit ELF file', async () => {
  await assert.rejects(neededLibraries(readFrom(new Uint8Array(64))), RangeError);
  await assert.rejects(neededLibraries(readFrom(new Uint8Array(3))), RangeError);
});

test('neededLibraries() throws only RangeError for a damaged file', async () => {
  const sound = elf(['libm.so.6', 'libc.so.6']);
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), async (at, value, length) => {
      const damaged = sound.slice();
      damaged[at] = value;
      try {
        await neededLibraries(readFrom(damaged.subarray(0, Math.max(length, at + 1))));
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
