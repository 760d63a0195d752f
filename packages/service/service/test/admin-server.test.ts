import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { startAdminServer } from '../src/admin/index.ts';

test('an address for health and metrics that is taken is an error of usage, which names the option', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  // A server on a port has an address and not a path.
  const { port } = other.address() as AddressInfo;
  const address = { host: '127.0.0.1', port };
  try {
    await assert.rejects(
      startAdminServer({ option: '--admin', address, unready: () => undefined, metrics: () => Promise.resolve('') }),
      (error) => {
        assert.ok(isEnclosError(error, 'SERVICE_ADDRESS_UNUSABLE'));
        assert.match(error.message, new RegExp(`^--admin 127\\.0\\.0\\.1:${port} cannot be opened: listen EADDRINUSE`));
        assert.equal(error.kind, 'usage');
        return true;
      },
    );
  } finally {
    other.close();
  }
});
