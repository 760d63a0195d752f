import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edlCompilerErrors } from '../src/errors.ts';

test('a refused file is an error of use', () => {
  assert.equal(edlCompilerErrors.EDL_FILE_REFUSED[0], 'usage');
});
