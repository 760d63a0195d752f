import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { fromEnvironment } from '../src/index.ts';

test('an address to listen at that is not an IP address is refused before anything is read', async () => {
  for (const address of ['', 'localhost', '*', '0.0.0.0:8080', '300.0.0.1']) {
    await assert.rejects(fromEnvironment({ ENCLOS_LISTEN_ADDRESS: address, ENCLOS_IMAGE: '/nowhere' }), (error) => {
      assert.ok(isEnclosError(error, 'HOST_ENVIRONMENT_MISSING'));
      assert.equal(error.message, 'ENCLOS_LISTEN_ADDRESS must be an IP address, such as 127.0.0.1 or 0.0.0.0.');
      return true;
    });
  }
});

test('an IP address is taken: what is missing is the enclave', async () => {
  for (const address of ['127.0.0.1', '0.0.0.0', '::', '10.1.2.3']) {
    const environment = fromEnvironment({ ENCLOS_LISTEN_ADDRESS: address });
    await assert.rejects(environment, /ENCLOS_IMAGE is not set/);
  }
});
