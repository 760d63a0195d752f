import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineInterface } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { startEnclave } from '../src/index.ts';

test('a test that is not run by enclos test is told so', async () => {
  const app = defineInterface({ name: 'none', trusted: {}, untrusted: {} });
  await assert.rejects(startEnclave(app, { untrusted: {} }), (error) => {
    assert.ok(isEnclosError(error, 'TESTING_NO_PLATFORM'));
    assert.match(error.message, /^No platform was started for this test: ENCLOS_\w+ is not set\.$/);
    assert.equal(error.next, 'Run the tests with `enclos test`.');
    return true;
  });
});
