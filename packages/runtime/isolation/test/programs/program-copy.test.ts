import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { placeProgram } from '../../src/programs/placed-program.ts';
import { compareCopy } from '../../src/programs/program-copy.ts';
import type { MeasuredProgram } from '../../src/programs/require-program.ts';
import { temporaryFolder } from '../support.ts';

/** Longer than what is read and written at once, and not a multiple of either. */
const program = Uint8Array.from({ length: 5 * 1024 * 1024 + 3 }, (_, at) => (at * 7) ^ (at >> 12));
/** As the platform has it. */
const measured = (bytes: Uint8Array): MeasuredProgram => ({
  sizeBytes: bytes.length,
  read: (at, length) => bytes.subarray(at, at + length),
});
const mismatch = (error: unknown): boolean => isEnclosError(error, 'PROGRAM_MISMATCH');

/** A file with other bytes, compared with the program as its copy is. */
async function compared(change: (bytes: Uint8Array) => Uint8Array): Promise<string> {
  const path = join(temporaryFolder(), 'copy');
  writeFileSync(path, change(program.slice()));
  const file = await open(path, 'r');
  try {
    return await compareCopy(file, path, measured(program));
  } finally {
    await file.close();
  }
}

describe('the copy of a program', () => {
  test('has the measured bytes, and can be run but not written', async () => {
    const umask = process.umask(0o077);
    const placed = await placeProgram(temporaryFolder(), measured(program)).finally(() => process.umask(umask));
    assert.deepEqual(new Uint8Array(readFileSync(placed.path)), program);
    assert.equal(statSync(placed.path).mode & 0o777, 0o555);
    await placed.recheck();
    await placed.remove();
    assert.equal(existsSync(placed.path), false);
    await placed.remove();
  });

  test('is that of a view of larger memory, too', async () => {
    const view = program.subarray(1000, 9000);
    const placed = await placeProgram(temporaryFolder(), measured(view));
    assert.deepEqual(new Uint8Array(readFileSync(placed.path)), view.slice());
  });

  test('is refused with any other byte, or one more or less', async () => {
    await compared((bytes) => bytes);
    for (const at of [0, 1024 * 1024 - 1, 1024 * 1024, 4 * 1024 * 1024, program.length - 1]) {
      const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1);
      await assert.rejects(compared(flipped), mismatch, `${at}`);
    }
    const others: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.subarray(1),
      (bytes) => bytes.subarray(0, -1),
      (bytes) => concatBytes(bytes, Uint8Array.of(0)),
      () => new Uint8Array(),
    ];
    for (const change of others) await assert.rejects(compared(change), mismatch);
  });

  for (const [how, change] of [
    ['has other bytes', (path) => writeFileSync(path, program.with(7, 0))],
    ['is shorter', (path) => truncateSync(path, program.length - 1)],
    ['has another time', (path) => utimesSync(path, 1, 1)],
  ] as const satisfies readonly (readonly [string, (path: string) => void])[]) {
    test(`is not run if it ${how} when it is about to`, async () => {
      const placed = await placeProgram(temporaryFolder(), measured(program));
      chmodSync(placed.path, 0o755);
      change(placed.path);
      await assert.rejects(placed.recheck(), mismatch);
    });
  }

  test('is not run if it is gone', async () => {
    const placed = await placeProgram(temporaryFolder(), measured(program));
    await placed.remove();
    await assert.rejects(placed.recheck(), mismatch);
  });

  test('leaves nothing where it cannot be written', async () => {
    const folder = join(temporaryFolder(), 'missing');
    await assert.rejects(placeProgram(folder, measured(program)), (error) =>
      isEnclosError(error, 'PLATFORM_STORAGE_FAILED'),
    );
    assert.equal(existsSync(folder), false);
    assert.deepEqual(readdirSync(temporaryFolder()), []);
  });
});
