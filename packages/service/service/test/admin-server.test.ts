import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { startAdminServer, type AdminOptions, type AdminServer } from '../src/admin/index.ts';

test('an address for health and metrics that is taken is an error of usage, which names the option', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  // A server on a port has an address and not a path.
  const { port } = other.address() as AddressInfo;
  const address = { host: '127.0.0.1', port };
  try {
    await assert.rejects(
      startAdminServer({ option: '--admin', address, unready: () => undefined, metrics: () => '' }),
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

async function started(t: TestContext, options: Partial<AdminOptions> = {}): Promise<AdminServer> {
  const admin = await startAdminServer({
    option: '--admin',
    address: { host: '127.0.0.1', port: 0 },
    unready: () => undefined,
    metrics: () => 'a 1\n',
    ...options,
  });
  t.after(() => admin.close());
  return admin;
}

/** A connection that reads what comes. */
async function connected(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket.resume();
}

describe('the server of health and metrics', () => {
  test('is read only, and has three pages', async (t) => {
    const { port } = await started(t);
    const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
    const metrics = await get('/metrics?name=a');
    assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(metrics.headers.get('cache-control'), 'no-store');
    assert.equal(await metrics.text(), 'a 1\n');
    const head = await get('/metrics', 'HEAD');
    assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '4', '']);
    for (const path of ['/healthz', '/readyz']) assert.equal(await (await get(path)).text(), 'ok\n');
    for (const path of ['/', '/healthz/', '/__proto__', '/constructor']) assert.equal((await get(path)).status, 404);
    const posted = await get('/metrics', 'POST');
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
  });

  test('says why a service is not ready, and not why its metrics are missing', async (t) => {
    const { port } = await started(t, {
      unready: () => 'draining',
      metrics: () => Promise.reject(new Error('the reason')),
    });
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await get('/readyz'), [503, 'draining\n']);
    assert.deepEqual(await get('/metrics'), [503, 'not available\n']);
    assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
  });

  test('has a bound of connections, and answers again when they end', async (t) => {
    const { port } = await started(t);
    const sockets: Socket[] = [];
    for (let count = 0; count < 32; count++) sockets.push(await connected(t, port));
    await once(await connected(t, port), 'close');
    for (const socket of sockets) socket.destroy();
    const deadline = Date.now() + 60_000;
    const ask = (): Promise<number | undefined> =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ status }) => status,
        () => undefined,
      );
    let status = await ask();
    while (status === undefined && Date.now() < deadline) status = await ask();
    assert.equal(status, 200);
  });

  test('ends a request whose headers are too large or never end', async (t) => {
    const { port } = await started(t);
    const large = await connected(t, port);
    large.write(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9 * 1024)}\r\n\r\n`);
    await once(large, 'close');
    const slow = await connected(t, port);
    const begun = Date.now();
    slow.write('GET /healthz HTTP/1.1\r\nHost: a\r\n');
    await once(slow, 'close');
    assert.ok(Date.now() - begun < 60_000);
  });

  test('closes with its connections', async (t) => {
    const admin = await started(t);
    const idle = await connected(t, admin.port);
    const ended = once(idle, 'close');
    await admin.close();
    await ended;
  });
});
