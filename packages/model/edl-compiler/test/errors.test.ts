import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edlCompilerErrors } from '../src/errors.ts';
import { EdlFileError } from '../src/index.ts';

test('a refused file is an error of use', () => {
  assert.equal(edlCompilerErrors.EDL_FILE_REFUSED[0], 'usage');
});

test('the error of a refused file names its first problem, and holds all', () => {
  const warning = {
    severity: 'warning',
    code: 'edl-w',
    text: 'Perhaps.',
    file: 'a.edl',
    line: 1,
    column: 1,
    notes: [],
  } as const;
  const first = { code: 'edl-x', text: 'Not x.', file: 'b.edl', line: 2, column: 3, notes: [] };
  const error = new EdlFileError('a.edl', [warning, first, first]);
  assert.equal(error.code, 'EDL_FILE_REFUSED');
  assert.equal(error.message, 'b.edl:2:3: Not x. (and 1 more)');
  assert.deepEqual(error.diagnostics, [warning, first, first]);
});
