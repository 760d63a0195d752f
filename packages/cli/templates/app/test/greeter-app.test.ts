import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEnclave } from '@enclos/testing';
import { app } from '../src/greeter-app.edl.ts';

test('greets by name and time of day, and counts', async () => {
  const enclave = await startEnclave(app, { untrusted: { timeOfDay: () => 'morning' } });
  assert.deepEqual(await enclave.call.greet({ name: 'Ada' }), { greeting: 'Good morning, Ada.', count: 1 });
  assert.deepEqual(await enclave.call.greet({ name: 'Grace' }), { greeting: 'Good morning, Grace.', count: 2 });
});
