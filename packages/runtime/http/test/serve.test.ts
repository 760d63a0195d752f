import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpHandler } from '../src/index.ts';
import { bodies, get, held, isClosed, quiet, testServer } from './server.ts';

const hello: HttpHandler = ({ path }) => ({ status: 200, body: path });

describe('a connection', () => {
  test('serves one request after the other, and ends as the client says', async () => {
    const server = testServer(hello);
    const client = server.connect();
    for (const path of ['/a', '/b']) {
      client.stream.write(get(path));
      await quiet();
      assert.equal(bodies(client).at(-1), path);
    }
    client.stream.write(get('/c', 'Connection: close'));
    await quiet();
    assert.match(client.text(), /connection: close\r\n\r\n\/c$/);
    assert.ok(isClosed(client));
    client.stream.end();
    server.end();
    await server.over;
  });

  test('answers what comes at once in its order, however long the first takes', async () => {
    for (const sizeBytes of [1, 10_000]) {
      const { handler, release, seen } = held();
      const server = testServer(handler);
      const client = server.connect();
      const all = Array.from({ length: 20 }, (_, i) => get(`/${i}`)).join('');
      for (let at = 0; at < all.length; at += sizeBytes) client.stream.write(all.slice(at, at + sizeBytes));
      for (let i = 0; i < 20; i++) {
        await quiet();
        // One at a time.
        assert.equal(seen.length, i + 1);
        release[i]?.();
      }
      await quiet();
      assert.deepEqual(
        bodies(client),
        Array.from({ length: 20 }, (_, i) => `/${i}`),
      );
    }
  });

  test('that sends many requests at once has a few answered, and then other clients have their turn', async () => {
    const seen: string[] = [];
    const server = testServer(({ path }) => ({ status: 200, body: String(seen.push(path)) }));
    const [many, other] = [server.connect(), server.connect()];
    many.stream.write(get('/many').repeat(100));
    other.stream.write(get('/other'));
    while (many.answers() < 100) await quiet();
    assert.equal(seen.length, 101);
    assert.ok(seen.indexOf('/other') <= 16, `the other client was served as number ${seen.indexOf('/other')}`);
  });

  test('does not take more ahead than it may, and goes on with all of it', async () => {
    const { handler, release } = held();
    const server = testServer(handler);
    const client = server.connect();
    const one = get(`/${'x'.repeat(1000)}`);
    for (let i = 0; i < 100; i++) client.stream.write(one);
    await quiet();
    assert.ok(client.inside.isPaused());
    assert.ok(client.inside.readableLength > 50_000, `${client.inside.readableLength} bytes wait outside`);
    for (let i = 0; i < 100; i++) {
      release[i]?.();
      await quiet();
    }
    assert.equal(client.answers(), 100);
  });

  test('tells a client that waits for it to send its body, and no other', async () => {
    const server = testServer(({ body }) => ({ status: 200, body }));
    const head = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
    const waits = server.connect();
    waits.stream.write(head);
    await quiet();
    assert.equal(waits.text(), 'HTTP/1.1 100 Continue\r\n\r\n');
    waits.stream.write('ab');
    await quiet();
    assert.match(waits.text(), /\r\n\r\nab$/);
    const hurries = server.connect();
    hurries.stream.write(`${head}ab`);
    await quiet();
    assert.doesNotMatch(hurries.text(), /100 Continue/);
    const tooLarge = server.connect();
    tooLarge.stream.write(head.replace('Length: 2', 'Length: 99999999'));
    await quiet();
    assert.match(tooLarge.text(), /^HTTP\/1\.1 413 /);
  });

  test('closes for a client of HTTP/1.0, unless it asks for more', async () => {
    const server = testServer(hello);
    const old = server.connect();
    old.stream.write('GET /x HTTP/1.0\r\n\r\n');
    const stays = server.connect();
    stays.stream.write('GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await quiet();
    assert.ok(isClosed(old));
    assert.ok(!isClosed(stays));
    // Or the client would wait for the end of the connection.
    assert.match(stays.text(), /\r\nconnection: keep-alive\r\n/);
  });

  test('is refused with a small body, and closed, and what follows is not another request', async () => {
    let handled = 0;
    const server = testServer(() => ({ status: 200, body: String((handled += 1)) }));
    const client = server.connect();
    client.stream.write(`GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n${get('/')}`);
    await quiet();
    client.stream.write(get('/'));
    await quiet();
    assert.match(client.text(), /^HTTP\/1\.1 400 Bad Request\r\n.*connection: close\r\n\r\nBad Request\n$/s);
    assert.equal(handled, 0);
    assert.ok(client.stream.readableEnded);
  });

  test('ends behind as many requests as it may have', async () => {
    const server = testServer(hello, { limits: { maxRequestsPerConnection: 2 } });
    const client = server.connect();
    client.stream.write(get('/a') + get('/b') + get('/c'));
    await quiet();
    assert.deepEqual(bodies(client), ['/a', '/b']);
    assert.ok(isClosed(client));
  });

  test('answers a client that has ended its side, and lets the handler know', async () => {
    const { handler, signals, release } = held();
    const server = testServer(handler);
    const client = server.connect();
    client.stream.end(get('/a') + get('/b'));
    for (const path of ['/a', '/b']) {
      await quiet();
      assert.ok(signals.at(-1)?.aborted);
      release.shift()?.();
      await quiet();
      assert.equal(bodies(client).at(-1), path);
    }
    assert.ok(isClosed(client));
  });

  test('that breaks aborts the signal of its request', async () => {
    const { handler, signals, release } = held();
    const server = testServer(handler);
    const client = server.connect();
    client.stream.write(get('/a'));
    await quiet();
    assert.equal(signals[0]?.aborted, false);
    client.stream.destroy();
    await quiet();
    assert.ok(signals[0]?.aborted);
    release[0]?.();
    server.end();
    await server.over;
    assert.deepEqual(server.errors, []);
  });

  test('gets 500 and nothing else of what its handler throws, or answers that is none', async () => {
    const secret = new Error('the secret');
    const wrong: readonly HttpHandler[] = [
      () => {
        throw secret;
      },
      () => Promise.reject(secret),
      () => ({ status: 200, headers: { x: 'the secret\r\n' } }),
      () => Promise.resolve({ status: 1000 }),
      () => undefined as unknown as { status: number },
    ];
    for (const handler of wrong) {
      const server = testServer(handler);
      const client = server.connect();
      client.stream.write(get('/'));
      await quiet();
      assert.match(client.text(), /^HTTP\/1\.1 500 Internal Server Error\r\n/);
      assert.doesNotMatch(client.text(), /secret/);
      assert.equal(server.errors.length, 1);
    }
  });

  test('that is gone is not a failure of a handler that gives up then', async () => {
    const server = testServer(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    const client = server.connect();
    client.stream.write(get('/'));
    await quiet();
    client.stream.destroy();
    await quiet();
    assert.deepEqual(server.errors, []);
  });

  test('brings a query as URLs have it', async () => {
    const server = testServer(({ query }) => ({ status: 200, body: JSON.stringify([...query]) }));
    const client = server.connect();
    const targets = ['/p', '/p?', '/p??a=b', '/p?a=b&a=%2B+c&%3D'];
    client.stream.write(targets.map((target) => get(target)).join(''));
    await quiet();
    assert.deepEqual(
      bodies(client).map((body) => JSON.parse(body) as unknown),
      targets.map((target) => [...new URL(target, 'http://a').searchParams]),
    );
  });

  test('goes on when what is told of errors throws', async () => {
    const fails = (): never => {
      throw new Error('of the handler, or of the listener');
    };
    const server = testServer(fails, { onError: fails, date: fails });
    const client = server.connect();
    client.stream.write(get('/'));
    await quiet();
    assert.equal(client.answers(), 1);
  });

  test('has a date when the server is given one', async () => {
    const server = testServer(hello, { date: () => new Date(0) });
    const client = server.connect();
    client.stream.write(get('/'));
    await quiet();
    assert.match(client.text(), /\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n/);
  });
});

describe('time', () => {
  const limits = {
    headerTimeoutMs: 1000,
    bodyTimeoutMs: 2000,
    requestTimeoutMs: 5000,
    idleTimeoutMs: 3000,
    writeTimeoutMs: 4000,
  };

  test('for a header that comes a byte at a time is not longer than for others', async () => {
    const server = testServer(hello, { limits });
    const client = server.connect();
    for (let i = 0; i < 12; i++) {
      client.stream.write('GET / HTTP/1.1\r\n'[i] ?? '');
      await server.pass(100);
    }
    assert.match(client.text(), /^HTTP\/1\.1 408 /);
    assert.ok(client.stream.readableEnded);
    // And a client that does not go is not waited for.
    assert.ok(!client.inside.destroyed);
    await server.pass(2001);
    assert.ok(client.inside.destroyed);
  });

  test('for the first byte is that for the header', async () => {
    const server = testServer(hello, { limits });
    const client = server.connect();
    await server.pass(900);
    assert.ok(!isClosed(client));
    await server.pass(200);
    assert.ok(isClosed(client));
    assert.equal(client.text(), '');
  });

  test('for a body is counted from its header', async () => {
    const server = testServer(hello, { limits });
    const client = server.connect();
    client.stream.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n');
    for (let i = 0; i < 19; i++) {
      await server.pass(100);
      client.stream.write('x');
    }
    assert.equal(client.text(), '');
    await server.pass(200);
    assert.match(client.text(), /^HTTP\/1\.1 408 /);
  });

  test('for a handler ends with 503, and its signal', async () => {
    const { handler, signals, release } = held();
    const server = testServer(handler, { limits });
    const client = server.connect();
    client.stream.write(get('/'));
    await server.pass(4900);
    assert.equal(client.text(), '');
    await server.pass(200);
    assert.match(client.text(), /^HTTP\/1\.1 503 /);
    assert.ok(signals[0]?.aborted);
    // Its answer comes too late.
    release[0]?.();
    await quiet();
    assert.equal(client.answers(), 1);
  });

  test('between requests ends without a word', async () => {
    const server = testServer(hello, { limits });
    const client = server.connect();
    client.stream.write(get('/'));
    await server.pass(2900);
    assert.ok(!isClosed(client));
    await server.pass(200);
    assert.ok(isClosed(client));
    assert.equal(client.answers(), 1);
  });

  test('for a client to read its answer is counted too', async () => {
    const server = testServer(() => ({ status: 200, body: new Uint8Array(2 ** 20) }), { limits });
    const client = server.connect();
    // Takes nothing: whatever is written stays with the server.
    client.inside.write = () => false;
    client.stream.write(get('/') + get('/'));
    await server.pass(3900);
    assert.ok(!client.inside.destroyed);
    await server.pass(200);
    assert.ok(client.inside.destroyed);
  });

  test('for a handshake is counted, and a failure that is not one of a handshake is told', async () => {
    const server = testServer(hello, {
      limits: { handshakeTimeoutMs: 500 },
      secure: () => new Promise(() => undefined),
    });
    const client = server.connect();
    await server.pass(400);
    assert.ok(!isClosed(client));
    await server.pass(200);
    assert.ok(isClosed(client));
    const failure = new Error('no key');
    const broken = testServer(hello, { secure: () => Promise.reject(failure) });
    const other = broken.connect();
    await quiet();
    assert.deepEqual(broken.errors, [failure]);
    assert.ok(isClosed(other));
  });
});
