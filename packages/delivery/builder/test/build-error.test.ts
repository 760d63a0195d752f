import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { BuildError } from '../src/diagnostic.ts';

test('a BuildError is an EnclosError with diagnostics, and not the other way round', () => {
  const error = new BuildError('BUILD_FAILED', 'no', [{ code: 'X', text: 'wrong', notes: [] }]);
  assert.ok(error instanceof EnclosError);
  assert.ok(error instanceof BuildError);
  assert.deepEqual(error.diagnostics, [{ code: 'X', text: 'wrong', notes: [] }]);
  const other: unknown = new EnclosError('BUILD_FAILED');
  assert.ok(!(other instanceof BuildError));
});
