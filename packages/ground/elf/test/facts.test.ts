import assert from 'node:assert/strict';
import { test } from 'node:test';

import { elfFile } from '@enclos/testkit';
import * as fc from 'fast-check';

import { EM_X86_64, readElf, type ReadAt } from '../src/index.ts';

const from =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    bytes.subarray(offset, offset + length);

const sound = elfFile({ needed: ['libm.so.6', 'libc.so.6'], loader: '/lib64/ld-linux-x86-64.so.2' });
const headerOf = (index: number): number => 64 + index * 56;

/** A copy in which one 64-bit field has another value. */
function changed(bytes: Uint8Array, at: number, value: bigint): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(at, value, true);
  return copy;
}

test('readElf() gives the libraries in their order, the loader and the machine', () => {
  assert.deepEqual(readElf(from(sound)), {
    machine: EM_X86_64,
    loader: '/lib64/ld-linux-x86-64.so.2',
    needed: ['libm.so.6', 'libc.so.6'],
  });
  assert.deepEqual(readElf(from(elfFile({ machine: 183 }))), { machine: 183, loader: undefined, needed: [] });
});

test('readElf() gives no library that stands behind the end of the dynamic section', () => {
  const dynamicAt = headerOf(3);
  // The tag of the second library: DT_NULL ends the array (System V ABI, "Dynamic Section").
  assert.deepEqual(readElf(from(changed(sound, dynamicAt + 3 * 16, 0n))).needed, ['libm.so.6']);
});

const dynamicAt = headerOf(3);
const huge = 2n ** 63n;
for (const [what, bytes] of [
  ['other bytes', new Uint8Array(64)],
  ['a short file', new Uint8Array(3)],
  ['a 32-bit file', sound.with(4, 1)],
  ['a big-endian file', sound.with(5, 2)],
  ['headers of another size', sound.with(54, 32)],
  ['too many headers', sound.with(56, 129)],
  ['headers beyond the end', changed(sound, 32, BigInt(sound.length))],
  ['headers at no offset that a file has', changed(sound, 32, huge)],
  ['a dynamic section beyond the end', changed(sound, headerOf(1) + 8, BigInt(sound.length - 8))],
  ['too large a dynamic section', changed(sound, headerOf(1) + 32, 64n * 1024n + 1n)],
  ['too long a name of the loader', changed(sound, headerOf(2) + 32, 4097n)],
  ['a name of the loader without an end', changed(sound, headerOf(2) + 32, 4n)],
  ['no string table', changed(sound, dynamicAt, 99n)],
  ['no size of the string table', changed(sound, dynamicAt + 16, 99n)],
  ['a string table in no segment', changed(sound, dynamicAt + 8, 0x10n)],
  ['too large a string table', changed(sound, dynamicAt + 24, 2n ** 32n)],
  ['a name beyond the string table', changed(sound, dynamicAt + 40, huge)],
  ['a name without an end', changed(sound, dynamicAt + 24, 4n)],
  ['a name that is not UTF-8', sound.with(Buffer.from(sound).indexOf('libm.so.6'), 0xff)],
] as const) {
  test(`readElf() refuses ${what}`, () => {
    assert.throws(() => readElf(from(bytes)), RangeError);
  });
}

test('readElf() reads little however large a file claims to be, and throws only RangeError', () => {
  const most = 128 * 56 + 64 * 1024 + 4096 + 4 * 1024 * 1024 + 64;
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), (at, value, length) => {
      const damaged = sound.with(at, value).subarray(0, Math.max(length, at + 1));
      let asked = 0;
      try {
        readElf((offset, sizeBytes) => {
          asked += sizeBytes;
          return from(damaged)(offset, sizeBytes);
        });
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
      assert.ok(asked <= most, String(asked));
    }),
    { numRuns: 1000 },
  );
});
