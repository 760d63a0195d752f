import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serveHttp, type HttpHandler } from '../src/index.ts';
import { bodies, get, held, isClosed, quiet, testServer } from './server.ts';

const hello: HttpHandler = ({ path }) => ({ status: 200, body: path });

describe('room', () => {
  test('is made by the connection that has been idle for longest', async () => {
    const server = testServer(hello, { limits: { maxConnections: 4 } });
    const silent = server.connect();
    await server.pass(100);
    const clients = [server.connect(), server.connect(), server.connect()];
    for (const index of [1, 0, 2]) {
      clients[index]?.stream.write(get('/'));
      await server.pass(10);
    }
    const next = server.connect();
    next.stream.write(get('/next'));
    await quiet();
    assert.deepEqual(clients.map(isClosed), [false, true, false]);
    assert.ok(!isClosed(silent));
    assert.deepEqual(bodies(next), ['/next']);
  });

  test('is made before a listener has all its connections, or no other would arrive', async () => {
    for (const [listenerConnections, most] of [
      [256, 240],
      [17, 15],
      [4, 3],
      [1, 1],
    ] as const) {
      const server = testServer(hello, { limits: { maxConnections: 1000 }, listenerConnections });
      const clients = Array.from({ length: most }, () => server.connect());
      await server.pass(10);
      assert.ok(!clients.some(isClosed));
      server.connect();
      await quiet();
      assert.equal(clients.filter(isClosed).length, 1, `${listenerConnections}`);
    }
  });

  test('is made by those who say nothing when no connection is idle, and never by a request', async () => {
    const { handler, release } = held();
    const server = testServer(handler, { limits: { maxConnections: 2 } });
    const busy = server.connect();
    busy.stream.write(get('/busy'));
    await server.pass(10);
    const silent = server.connect();
    await server.pass(10);
    const second = server.connect();
    second.stream.write(get('/second'));
    await quiet();
    assert.deepEqual([busy, silent, second].map(isClosed), [false, true, false]);
    // All of them are asked for something now.
    const third = server.connect();
    await quiet();
    assert.ok(isClosed(third));
    for (const go of release) go();
    await quiet();
    assert.deepEqual([bodies(busy), bodies(second)], [['/busy'], ['/second']]);
  });

  test('is made by a client that is slow, when everybody else is answered', async () => {
    const { handler } = held();
    const server = testServer(handler, { limits: { maxConnections: 2 } });
    const slow = server.connect();
    slow.stream.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n');
    const busy = server.connect();
    busy.stream.write(get('/busy'));
    await server.pass(4000);
    const early = server.connect();
    await quiet();
    assert.deepEqual([slow, busy, early].map(isClosed), [false, false, true]);
    await server.pass(2000);
    const next = server.connect();
    await quiet();
    assert.deepEqual([slow, busy, next].map(isClosed), [true, false, false]);
  });

  test('for bodies is one for all connections, and is given back', async () => {
    const { handler, release } = held();
    const server = testServer(handler, { limits: { maxBodyBytesAtOnce: 100 } });
    const put = (size: number): string =>
      `PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`;
    const first = server.connect();
    first.stream.write(put(60));
    const second = server.connect();
    second.stream.write(put(60));
    await quiet();
    assert.match(second.text(), /^HTTP\/1\.1 503 /);
    release[0]?.();
    await quiet();
    assert.equal(first.answers(), 1);
    // As often as one likes, whether answered or broken in the middle.
    for (let i = 0; i < 5; i++) {
      const broken = server.connect();
      broken.stream.write(put(60).slice(0, -10));
      await quiet();
      broken.stream.destroy();
      await quiet();
    }
    const last = server.connect();
    last.stream.write(put(100));
    await quiet();
    // A handler has its body for as long as it takes, whether a client waits for it or not.
    last.stream.destroy();
    const early = server.connect();
    early.stream.write(put(1));
    await quiet();
    assert.match(early.text(), /^HTTP\/1\.1 503 /);
    release[1]?.();
    await quiet();
    const late = server.connect();
    late.stream.write(put(100));
    await quiet();
    release[2]?.();
    await quiet();
    assert.match(late.text(), /^HTTP\/1\.1 200 /);
  });

  test('for bodies goes from a client with many to one with few, whatever ports the host tells', async () => {
    for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1']) {
      // 100 bytes are each body's own, and 500 are shared.
      const server = testServer(hello, { limits: { maxBodyBytesAtOnce: 1000, maxConnections: 5 } });
      const put = 'PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n';
      const crowd = [50_000, 50_001, 50_002, 50_003].map((port) => server.connect(`${address} ${port}`));
      for (const { stream } of crowd) stream.write(put + 'x'.repeat(225));
      await quiet();
      const other = server.connect('198.51.100.7 50000');
      other.stream.write(put + 'x'.repeat(300));
      await quiet();
      assert.match(other.text(), /^HTTP\/1\.1 200 /);
      assert.deepEqual(
        crowd.map((client) => client.text().slice(9, 12)),
        ['', '', '503', '503'],
      );
    }
  });

  test('for bodies is given back by handlers that fail, at once or later', async () => {
    const fails: readonly HttpHandler[] = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
    ];
    for (const handler of fails) {
      const server = testServer(handler, { limits: { maxBodyBytesAtOnce: 100 } });
      for (let i = 0; i < 3; i++) {
        const client = server.connect();
        client.stream.write(`PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n${'x'.repeat(60)}`);
        await quiet();
        assert.match(client.text(), /^HTTP\/1\.1 500 /);
      }
    }
  });
});

describe('the end', () => {
  test('lets what has begun be answered, and closes the rest at once', async () => {
    const { handler, release } = held();
    const stop = new AbortController();
    const server = testServer(handler, { signal: stop.signal });
    const [busy, begun, idle, silent] = [server.connect(), server.connect(), server.connect(), server.connect()];
    idle.stream.write(get('/idle'));
    await quiet();
    release.shift()?.();
    busy.stream.write(get('/busy'));
    begun.stream.write('GET /begun HTTP/1.1\r\n');
    await quiet();
    stop.abort();
    await quiet();
    assert.deepEqual([busy, begun, idle, silent].map(isClosed), [false, false, true, true]);
    const late = server.connect();
    begun.stream.write('Host: a\r\n\r\n');
    await quiet();
    assert.ok(isClosed(late));
    for (const go of release) go();
    await quiet();
    assert.match(busy.text(), /connection: close\r\n\r\n\/busy$/);
    assert.match(begun.text(), /connection: close\r\n\r\n\/begun$/);
    for (const { stream } of [busy, begun, idle]) stream.end();
    await server.over;
  });

  test('waits for a client that takes its time with an answer, and for no other request of it', async () => {
    const stop = new AbortController();
    const server = testServer(hello, { signal: stop.signal });
    const client = server.connect();
    const write = client.inside.write.bind(client.inside);
    client.inside.write = (bytes: Uint8Array): boolean => write(bytes) && false;
    client.stream.write(get('/a') + get('/b'));
    await quiet();
    stop.abort();
    await quiet();
    assert.ok(!isClosed(client));
    client.inside.emit('drain');
    await quiet();
    assert.ok(isClosed(client));
    assert.deepEqual(bodies(client), ['/a']);
  });

  test('does not wait for ever', async () => {
    const { handler, signals } = held();
    const stop = new AbortController();
    const server = testServer(handler, { signal: stop.signal, limits: { drainTimeoutMs: 1000 } });
    const client = server.connect();
    client.stream.write(get('/'));
    await quiet();
    stop.abort();
    await server.pass(900);
    assert.ok(!isClosed(client));
    await server.pass(200);
    assert.ok(isClosed(client));
    assert.ok(signals[0]?.aborted);
    await server.over;
  });

  test('of what brings connections is the end of serving, once the last one is closed', async () => {
    const server = testServer(hello);
    const client = server.connect();
    client.stream.write(get('/'));
    await quiet();
    server.end();
    let isOver = false;
    const over = server.over.then(() => (isOver = true));
    await quiet();
    assert.equal(isOver, false);
    client.stream.end();
    await over;
  });

  test('of a listener that fails is its failure', async () => {
    const failure = new Error('no such listener');
    const failing = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }),
    };
    await assert.rejects(serveHttp(failing, { secure: undefined, handler: hello }), failure);
  });

  test('has not begun with limits that are none', async () => {
    for (const maxConnections of [0, -1, 1.5, Number.NaN, Infinity]) {
      await assert.rejects(testServer(hello, { limits: { maxConnections } }).over, { code: 'HTTP_MISUSED' });
    }
  });
});
