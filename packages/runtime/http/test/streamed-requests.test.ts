import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { HttpHandler, HttpResponse, StreamedHttpHandler } from '../src/index.ts';
import { boundedPair } from './bounded-pair.ts';
import { bodies, get, isClosed, quiet, testServer, type TestOptions, type TestServer } from './server.ts';

const hello: HttpHandler = ({ path }) => ({ status: 200, body: path });
const put = (size: number, ...lines: string[]): string =>
  `PUT /up HTTP/1.1\r\n${['Host: a', `Content-Length: ${size}`, ...lines].join('\r\n')}\r\n\r\n`;
const chunked = 'PUT /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A server whose path `/up` streams. */
function streaming(streamed: StreamedHttpHandler, options: TestOptions = {}): TestServer {
  return testServer(hello, { ...options, streamed: ({ path }) => (path === '/up' ? streamed : undefined) });
}

/** A handler that takes a body piece by piece, when it is told to. */
function taker(): {
  handler: StreamedHttpHandler;
  take: () => Promise<string | undefined>;
  answer: (response: HttpResponse) => void;
  signal: () => AbortSignal;
} {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let answer: (response: HttpResponse) => void = () => undefined;
  let given: AbortSignal | undefined;
  return {
    handler: ({ body }, { signal }) => {
      iterator = body[Symbol.asyncIterator]();
      given = signal;
      return new Promise((resolve) => (answer = resolve));
    },
    async take() {
      assert.ok(iterator !== undefined, 'The handler was called.');
      const next = await iterator.next();
      return next.done === true ? undefined : Buffer.from(next.value).toString('latin1');
    },
    answer: (response) => answer(response),
    signal: () => given ?? assert.fail('The handler was called.'),
  };
}

describe('a streamed request', () => {
  test('comes to its handler in the pieces in which it came, and its answer goes on with the connection', async () => {
    for (const isChunked of [false, true]) {
      const { handler, take, answer } = taker();
      const server = streaming(handler);
      const client = server.connect();
      client.stream.write(isChunked ? chunked : put(6));
      await quiet();
      const piece = (text: string): string => (isChunked ? `${text.length.toString(16)}\r\n${text}\r\n` : text);
      const first = take();
      client.stream.write(piece('ab'));
      assert.equal(await first, 'ab');
      client.stream.write(piece('cdef') + (isChunked ? '0\r\n\r\n' : ''));
      await quiet();
      assert.equal(await take(), 'cdef');
      assert.equal(await take(), undefined);
      assert.equal(await take(), undefined);
      answer({ status: 200, body: 'taken' });
      client.stream.write(get('/next'));
      await quiet();
      assert.deepEqual(bodies(client), ['taken', '/next']);
    }
  });

  test('without a body ends at once', async () => {
    const { handler, take, answer } = taker();
    const server = streaming(handler);
    const client = server.connect();
    client.stream.write(get('/up') + get('/next'));
    await quiet();
    assert.equal(await take(), undefined);
    answer({ status: 200, body: 'empty' });
    await quiet();
    assert.deepEqual(bodies(client), ['empty', '/next']);
  });

  test('is not read while its handler takes nothing: what the server holds is bounded', async () => {
    const { handler, take } = taker();
    const server = streaming(handler);
    const client = server.connect('192.0.2.1', boundedPair());
    const total = 4 * 2 ** 20;
    client.stream.write(put(total));
    for (let sent = 0; sent < total; sent += 16_384) client.stream.write(Buffer.alloc(16_384, 'x'));
    await quiet();
    // One chunk that came with the head, the buffer of the server's end, and one that is on its way.
    const left = (): number => total - client.stream.writableLength;
    assert.ok(left() <= 4 * 16_384, `${left()} bytes have left the client`);
    let taken = 0;
    for (let i = 0; i < 20; i++) taken += (await take())?.length ?? 0;
    await quiet();
    assert.ok(left() >= taken && left() <= taken + 4 * 16_384, `${left()} bytes have left, ${taken} are taken`);
    while (taken < total) taken += (await take())?.length ?? assert.fail('The body ended early.');
    assert.equal(await take(), undefined);
  });

  test('may be larger than what a whole one may be, up to a limit of its own', async () => {
    const limits = { maxBodyBytes: 10, maxStreamedBodyBytes: 100 };
    const read: StreamedHttpHandler = async ({ body }) => {
      let bytes = 0;
      for await (const piece of body) bytes += piece.length;
      return { status: 200, body: `${bytes}` };
    };
    const server = streaming(read, { limits });
    const client = server.connect();
    client.stream.write(put(100) + 'x'.repeat(100));
    await quiet();
    assert.deepEqual(bodies(client), ['100']);
    client.stream.write(put(101));
    await quiet();
    assert.match(client.text(), /HTTP\/1\.1 413 [^]*$/);
    const narrow = streaming(read, { limits, bodyLimit: () => 50 }).connect();
    narrow.stream.write(put(51));
    await quiet();
    assert.match(narrow.text(), /^HTTP\/1\.1 413 /);
  });

  test('that breaks a rule in the middle is refused, and its handler learns why', async () => {
    const wrong: readonly (readonly [string, number])[] = [
      ['3\r\nabc\r\n8\r\n12345678\r\n', 413],
      ['3\r\nabc\r\nxyz\r\n', 400],
      ['3\r\nabcd\r\n', 400],
      ['3\r\nabc\n0\r\n\r\n', 400],
      [`3\r\nabc\r\n1;${'x'.repeat(300)}\r\n`, 400],
      ['3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n', 400],
      ['3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n', 400],
    ];
    for (const [bytes, status] of wrong) {
      const { handler, take, answer, signal } = taker();
      const server = streaming(handler, { limits: { maxStreamedBodyBytes: 10 } });
      const client = server.connect();
      client.stream.write(chunked + bytes + get('/never'));
      await quiet();
      assert.equal(await take(), 'abc');
      await assert.rejects(take(), (error) => isEnclosError(error, 'HTTP_MESSAGE_REFUSED'));
      assert.equal(await take(), undefined);
      assert.ok(signal().aborted);
      answer({ status: 200, body: 'too late' });
      await quiet();
      assert.match(client.text(), new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close`), bytes);
      assert.equal(client.answers(), 1);
      assert.deepEqual(server.errors, []);
    }
  });

  test('with two lengths does not reach its handler', async () => {
    const server = streaming(() => assert.fail('The handler was called.'));
    const client = server.connect();
    client.stream.write(put(5, 'Transfer-Encoding: chunked') + '0\r\n\r\n');
    await quiet();
    assert.match(client.text(), /^HTTP\/1\.1 400 /);
  });

  test('of a client that stops sending ends with 408, and one that goes on does not', async () => {
    const { handler, take } = taker();
    const server = streaming(handler, {
      limits: { bodyIdleTimeoutMs: 1000, bodyTimeoutMs: 2000, requestTimeoutMs: 3000 },
    });
    const client = server.connect();
    client.stream.write(put(100));
    await quiet();
    for (let i = 0; i < 20; i++) {
      const next = take();
      await server.pass(900);
      client.stream.write('x');
      assert.equal(await next, 'x');
    }
    const late = take();
    late.catch(() => undefined);
    await server.pass(900);
    assert.equal(client.text(), '');
    await server.pass(200);
    await assert.rejects(late, (error) => isEnclosError(error, 'HTTP_TIMEOUT'));
    assert.match(client.text(), /^HTTP\/1\.1 408 /);
    assert.ok(isClosed(client));
  });

  test('has the time of a request for its handler, from the last piece on', async () => {
    const { handler, take } = taker();
    const server = streaming(handler, { limits: { requestTimeoutMs: 1000 } });
    const client = server.connect();
    client.stream.write(put(2) + 'x');
    await server.pass(900);
    assert.equal(await take(), 'x');
    await server.pass(900);
    assert.equal(client.text(), '');
    await server.pass(200);
    assert.match(client.text(), /^HTTP\/1\.1 503 /);
  });

  test('of a client that leaves in the middle ends its handler, which has not failed', async () => {
    for (const leave of ['destroy', 'end'] as const) {
      const errors: unknown[] = [];
      const server = streaming(async ({ body }) => {
        try {
          for await (const piece of body) assert.equal(piece.length, 2);
        } catch (error) {
          errors.push(error);
          throw error;
        }
        return { status: 200 };
      });
      const client = server.connect();
      client.stream.write(`${put(10)}ab`);
      await quiet();
      client.stream[leave]();
      await quiet();
      assert.ok(isEnclosError(errors[0], 'HTTP_CONNECTION_BROKEN'), leave);
      assert.ok(isClosed(client));
      assert.deepEqual(server.errors, []);
    }
  });

  test('gives way to others when all places are taken, as any slow client does', async () => {
    const { handler, take } = taker();
    const server = streaming(handler, { limits: { maxConnections: 1 } });
    const slow = server.connect();
    slow.stream.write(put(10));
    await quiet();
    const piece = take();
    piece.catch(() => undefined);
    await server.pass(6000);
    const next = server.connect();
    next.stream.write(get('/next'));
    await quiet();
    assert.ok(isClosed(slow));
    assert.deepEqual(bodies(next), ['/next']);
    await assert.rejects(piece, (error) => isEnclosError(error, 'HTTP_CONNECTION_BROKEN'));
  });

  test('can be iterated over once, and by one call of next at a time', async () => {
    const seen: unknown[] = [];
    const server = streaming(async ({ body }) => {
      const iterator = body[Symbol.asyncIterator]();
      const first = iterator.next();
      await assert.rejects(iterator.next(), (error) => isEnclosError(error, 'HTTP_MISUSED'));
      seen.push(await first);
      assert.throws(() => body[Symbol.asyncIterator](), { code: 'HTTP_MISUSED' });
      return { status: 200 };
    });
    const client = server.connect();
    client.stream.write(put(2));
    await quiet();
    client.stream.write('ab');
    await quiet();
    assert.equal(seen.length, 1);
    assert.equal(client.answers(), 1);
    assert.deepEqual(server.errors, []);
  });

  test('that its choice throws for is a failure of the server', async () => {
    const failure = new Error('a secret of the choice');
    const server = testServer(hello, {
      streamed: () => {
        throw failure;
      },
    });
    const client = server.connect();
    client.stream.write(get('/up'));
    await quiet();
    assert.match(client.text(), /^HTTP\/1\.1 500 Internal Server Error\r\n[^]*\n$/);
    assert.doesNotMatch(client.text(), /secret/);
    assert.deepEqual(server.errors, [failure]);
  });
});

describe('a client that waits to be told to send', () => {
  const waiting = put(5, 'Expect: 100-continue');

  test('is told when its handler takes the body, and not before', async () => {
    const { handler, take, answer } = taker();
    const server = streaming(handler);
    const client = server.connect();
    client.stream.write(waiting);
    await quiet();
    assert.equal(client.text(), '');
    const piece = take();
    assert.equal(client.text(), 'HTTP/1.1 100 Continue\r\n\r\n');
    client.stream.write('hello');
    assert.equal(await piece, 'hello');
    answer({ status: 200, body: 'a' });
    client.stream.write(get('/next'));
    await quiet();
    assert.deepEqual(bodies(client).slice(1), ['a', '/next']);
  });

  test('is not told when the answer is there without the body, and the connection ends', async () => {
    const server = streaming(() => ({ status: 403 }));
    const client = server.connect();
    client.stream.write(waiting);
    await quiet();
    assert.match(client.text(), /^HTTP\/1\.1 403 [^]*connection: close\r\n\r\n$/);
    assert.ok(isClosed(client));
  });

  test('is not told when it has not waited', async () => {
    const { handler, take, answer } = taker();
    const server = streaming(handler);
    const client = server.connect();
    client.stream.write(`${waiting}hello${get('/next')}`);
    await quiet();
    assert.equal(await take(), 'hello');
    answer({ status: 200, body: 'a' });
    await quiet();
    assert.deepEqual(bodies(client), ['a', '/next']);
  });
});

describe('a body that its handler leaves', () => {
  const leaves: readonly (readonly [string, StreamedHttpHandler])[] = [
    ['without a look', () => ({ status: 200, body: 'left' })],
    ['later', () => Promise.resolve({ status: 200, body: 'left' })],
    [
      'after a piece',
      async ({ body }) => {
        for await (const piece of body) return { status: 200, body: piece.length > 0 ? 'left' : '' };
        return { status: 204 };
      },
    ],
  ];

  test('is read up to a bound for the sake of the next request', async () => {
    for (const [how, handler] of leaves) {
      const server = streaming(handler);
      const client = server.connect();
      client.stream.write(put(50_000) + 'x'.repeat(20_000));
      await quiet();
      assert.deepEqual(bodies(client), ['left'], how);
      client.stream.write('x'.repeat(30_000) + get('/next'));
      await quiet();
      assert.deepEqual(bodies(client), ['left', '/next'], how);
      const large = server.connect();
      for (const text of [put(200_000), 'x'.repeat(50_000), 'x'.repeat(70_000)]) {
        large.stream.write(text);
        await quiet();
      }
      assert.ok(isClosed(large), how);
      assert.equal(large.answers(), 1);
    }
  });

  test('has the time of a body, and then ends without another answer', async () => {
    const server = streaming(() => ({ status: 200, body: 'left' }), { limits: { bodyTimeoutMs: 1000 } });
    const client = server.connect();
    client.stream.write(put(100));
    await server.pass(900);
    assert.ok(!isClosed(client));
    await server.pass(200);
    assert.ok(isClosed(client));
    assert.equal(client.answers(), 1);
    const broken = server.connect();
    broken.stream.write(`${chunked}wrong\r\n`);
    await quiet();
    assert.ok(isClosed(broken));
    assert.equal(broken.answers(), 1);
  });

  test('does not cost the answer when the client ends its side', async () => {
    const server = streaming(() => ({ status: 200, body: 'left' }));
    const client = server.connect();
    client.stream.write(put(100));
    client.stream.end();
    await quiet();
    assert.deepEqual(bodies(client), ['left']);
    assert.ok(isClosed(client));
  });
});
