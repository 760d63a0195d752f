import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { storageFailed } from '../src/storage-error.ts';

describe('a file of the platform that cannot be written', () => {
  test('has a code that says which and why', () => {
    const cause = Object.assign(new Error('no'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    const error = storageFailed('/state/machine', cause);
    assert.ok(isEnclosError(error, 'PLATFORM_STORAGE_FAILED'));
    assert.equal(error.message, '/state/machine could not be written: the disk is full (ENOSPC).');
    assert.equal(error.cause, cause);
  });

  for (const [code, why] of [
    ['EEXIST', 'it exists already (EEXIST)'],
    ['ENOENT', 'its folder is not there (ENOENT)'],
    ['ENOTDIR', 'part of the path is not a folder (ENOTDIR)'],
    ['ENOSUCH', 'ENOSUCH'],
  ] as const) {
    test(`says ${code} in words, if there are any`, () => {
      const error = storageFailed('/state', Object.assign(new Error('no'), { code, errno: -1, syscall: 'mkdir' }));
      assert.equal(error.message, `/state could not be written: ${why}.`);
    });
  }

  test('is told from every other failure', () => {
    const other = new TypeError('a mistake');
    assert.equal(storageFailed('/state', other), other);
  });
});
