import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { neededLibraries } from '../src/elf-needed.ts';
import { elf } from './elf-file.ts';

const readFrom = (bytes: Uint8Array) => async (offset: number, length: number) =>
  bytes.subarray(offset, offset + length);

test('neededLibraries() lists what the loader is asked for, in order', async () => {
  assert.deepEqual(await neededLibraries(readFrom(elf(['libm.so.6', 'libc.so.6']))), ['libm.so.6', 'libc.so.6']);
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
