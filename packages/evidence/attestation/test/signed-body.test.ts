import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { splitSignedBody } from '../src/index.ts';

test('a signed body is the exact text', () => {
  assert.deepEqual(splitSignedBody('{"signature":"ab", "tcbInfo": { "x" : 1e0 } }', 'tcbInfo'), {
    body: '{ "x" : 1e0 }',
    signature: 'ab',
  });
  for (const text of ['{"signature":"ab"}', '{"tcbInfo":{}}', '{"tcbInfo":{},"signature":7}', '{']) {
    assert.throws(
      () => splitSignedBody(text, 'tcbInfo'),
      (error) => isEnclosError(error),
    );
  }
});
