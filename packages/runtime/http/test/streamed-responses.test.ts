import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { HttpHandler } from '../src/index.ts';
import { boundedPair } from './bounded-pair.ts';
import { bodies, get, isClosed, quiet, testServer, type TestOptions } from './server.ts';

type Piece = Uint8Array | string;

/** An async iterable whose pieces a test gives, and which says what was done to it. */
class Source implements AsyncIterableIterator<Piece> {
  asked = 0;
  returned = 0;
  readonly #given: IteratorResult<Piece, undefined>[] = [];
  #waiting: { resolve: (next: IteratorResult<Piece, undefined>) => void; reject: (error: Error) => void } | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Piece, undefined>> {
    this.asked += 1;
    const given = this.#given.shift();
    if (given !== undefined) return Promise.resolve(given);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  return(): Promise<IteratorResult<Piece, undefined>> {
    this.returned += 1;
    return Promise.resolve({ done: true, value: undefined });
  }

  give(value: Piece): void {
    this.#bring({ done: false, value });
  }

  end(): void {
    this.#bring({ done: true, value: undefined });
  }

  fail(error: Error): void {
    this.#waiting?.reject(error);
  }

  #bring(next: IteratorResult<Piece, undefined>): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#given.push(next);
    else waiting.resolve(next);
  }
}

interface Scene {
  readonly source: Source;
  readonly signals: AbortSignal[];
  readonly server: ReturnType<typeof testServer>;
}

/** A server whose path `/s` answers with what the source gives. */
function streaming(options: TestOptions = {}, status = 200): Scene {
  const source = new Source();
  const signals: AbortSignal[] = [];
  const handler: HttpHandler = ({ path }, { signal }) => {
    signals.push(signal);
    return path === '/s' ? { status, body: source } : { status: 200, body: path };
  };
  return { source, signals, server: testServer(handler, options) };
}

describe('a streamed answer', () => {
  test('goes piece by piece in chunks, and the next request comes after it', async () => {
    const { source, server } = streaming();
    const client = server.connect();
    client.stream.write(get('/s') + get('/next'));
    await quiet();
    assert.equal(client.text(), 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    source.give('ab');
    await quiet();
    assert.deepEqual(bodies(client), ['2\r\nab\r\n']);
    source.give(Buffer.from('cdü'));
    source.give('x'.repeat(20_000));
    source.end();
    await quiet();
    const large = `4e20\r\n${'x'.repeat(20_000)}\r\n`;
    assert.deepEqual(bodies(client), [`2\r\nab\r\n4\r\ncd\xc3\xbc\r\n${large}0\r\n\r\n`, '/next']);
    assert.equal(source.returned, 0);
  });

  test('is not ended by an empty piece, which as a chunk would be the last one', async () => {
    const { source, server } = streaming();
    const client = server.connect();
    client.stream.write(get('/s'));
    for (const piece of ['', new Uint8Array(0), 'a', '']) source.give(piece);
    await quiet();
    assert.deepEqual(bodies(client), ['1\r\na\r\n']);
    source.end();
    await quiet();
    assert.deepEqual(bodies(client), ['1\r\na\r\n0\r\n\r\n']);
  });

  test('to HEAD, and with a status that has no body, is ended unread', async () => {
    for (const [status, method, fields] of [
      [200, 'HEAD', 'transfer-encoding: chunked\r\n'],
      [204, 'GET', ''],
      [304, 'GET', ''],
    ] as const) {
      const { source, server } = streaming({}, status);
      const client = server.connect();
      client.stream.write(get('/s').replace('GET', method) + get('/next'));
      await quiet();
      assert.match(client.text(), new RegExp(`^HTTP/1\\.1 ${status} [\\w ]+\r\n${fields}\r\nHTTP/1\\.1 200 OK\r\n`));
      assert.deepEqual([source.asked, source.returned], [0, 1]);
      assert.deepEqual(bodies(client), ['', '/next']);
    }
  });

  test('to HTTP/1.0 goes as it is, and ends with the connection', async () => {
    const { source, server } = streaming();
    const client = server.connect();
    client.stream.write('GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    for (const piece of ['ab', '', 'cd']) source.give(piece);
    source.end();
    await quiet();
    assert.equal(client.text(), 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabcd');
    assert.ok(isClosed(client));
  });

  test('waits for a client that reads slowly: no piece is asked for before there is room', async () => {
    const { source, server } = streaming();
    const pair = boundedPair();
    const client = server.connect('192.0.2.1', pair);
    client.stream.pause();
    client.stream.write(get('/s'));
    for (let i = 0; i < 1000; i++) source.give(Buffer.alloc(1024, 'x'));
    await quiet();
    // What both ends of the stream hold, and one piece.
    assert.ok(source.asked <= 2 * 16 + 2, `${source.asked} pieces were asked for`);
    const [before] = [source.asked];
    client.stream.resume();
    source.end();
    while (!client.text().endsWith('0\r\n\r\n')) await quiet();
    assert.ok(before < 1000);
    assert.equal(source.asked, 1001);
  });

  test('to a client that takes nothing ends in time, and the source learns of it', async () => {
    const { source, signals, server } = streaming({ limits: { writeTimeoutMs: 1000 } });
    const client = server.connect('192.0.2.1', boundedPair());
    client.stream.pause();
    client.stream.write(get('/s'));
    for (let i = 0; i < 100; i++) source.give(Buffer.alloc(1024, 'x'));
    await server.pass(900);
    assert.ok(!client.inside.destroyed);
    await server.pass(200);
    assert.ok(client.inside.destroyed);
    assert.equal(source.returned, 1);
    assert.ok(signals[0]?.aborted);
    assert.deepEqual(server.errors, []);
  });

  test('may take as long as its source likes, with the client there', async () => {
    const { source, server } = streaming({
      limits: { requestTimeoutMs: 1000, writeTimeoutMs: 1000, idleTimeoutMs: 1000 },
    });
    const client = server.connect();
    client.stream.write(get('/s'));
    for (let i = 0; i < 5; i++) await server.pass(5000);
    assert.ok(!isClosed(client));
    // The client has ended its side, and may be gone: each piece shows that it is not.
    client.stream.end();
    for (let i = 0; i < 3; i++) {
      await server.pass(900);
      source.give('a');
    }
    await server.pass(900);
    assert.ok(!client.inside.destroyed);
    await server.pass(200);
    assert.ok(client.inside.destroyed);
    assert.equal(source.returned, 1);
  });

  test('is over for its source when the client leaves, which is not a failure', async () => {
    const { source, signals, server } = streaming();
    const client = server.connect();
    client.stream.write(get('/s'));
    source.give('a');
    await quiet();
    client.stream.destroy();
    await quiet();
    assert.ok(signals[0]?.aborted);
    assert.deepEqual([source.asked, source.returned], [2, 1]);
    source.fail(new Error('gives up'));
    await quiet();
    assert.deepEqual(server.errors, []);
  });

  test('that fails in the middle ends without its last chunk', async () => {
    const { source, server } = streaming();
    const client = server.connect();
    client.stream.write(get('/s') + get('/next'));
    source.give('a');
    await quiet();
    const failure = new Error('a secret of the source');
    source.fail(failure);
    await quiet();
    assert.deepEqual(bodies(client), ['1\r\na\r\n']);
    assert.ok(isClosed(client));
    assert.deepEqual(server.errors, [failure]);
    assert.equal(source.returned, 0);
  });

  test('ends in the same way at a piece that is neither bytes nor a string', async () => {
    for (const wrong of [1, null, undefined, {}, [97]]) {
      const { source, server } = streaming();
      const client = server.connect();
      client.stream.write(get('/s'));
      source.give(wrong as Piece);
      await quiet();
      assert.deepEqual(bodies(client), ['']);
      assert.ok(isClosed(client));
      assert.ok(isEnclosError(server.errors[0], 'HTTP_MISUSED'));
      assert.equal(source.returned, 1);
    }
  });

  test('that cannot begin is 500, and its source is ended', async () => {
    const source = new Source();
    for (const handler of [
      () => ({ status: 200, headers: { x: 'a\r\nb' }, body: source }),
      () => Promise.resolve({ status: 1000, body: source }),
      () => ({ status: 200, headers: { 'Transfer-Encoding': 'chunked' }, body: source }),
    ]) {
      source.returned = 0;
      const server = testServer(handler);
      const client = server.connect();
      client.stream.write(get('/'));
      await quiet();
      assert.match(client.text(), /^HTTP\/1\.1 500 /);
      assert.deepEqual([source.asked, source.returned], [0, 1]);
      assert.equal(server.errors.length, 1);
    }
  });

  test('that comes after its client has left is ended unread', async () => {
    const source = new Source();
    let answer = (): void => undefined;
    const server = testServer(() => new Promise((resolve) => (answer = () => resolve({ status: 200, body: source }))));
    const client = server.connect();
    client.stream.write(get('/'));
    await quiet();
    client.stream.destroy();
    await quiet();
    answer();
    await quiet();
    assert.deepEqual([source.asked, source.returned], [0, 1]);
  });

  test('of pieces without end leaves others their turn', async () => {
    const endless = async function* endless(): AsyncGenerator<string> {
      for (;;) yield await Promise.resolve('x');
    };
    const server = testServer(({ path }) => ({ status: 200, body: path === '/s' ? endless() : 'b' }));
    const [busy, other] = [server.connect(), server.connect()];
    busy.stream.write(get('/s'));
    await quiet();
    other.stream.write(get('/other'));
    await quiet();
    assert.deepEqual(bodies(other), ['b']);
    busy.stream.destroy();
    await quiet();
  });

  test('keeps the room of the request that it is made from until it is over', async () => {
    const source = new Source();
    const server = testServer(({ path }) => (path === '/s' ? { status: 200, body: source } : { status: 200 }), {
      limits: { maxBodyBytesAtOnce: 100 },
    });
    const put = (path: string): string =>
      `PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n${'x'.repeat(60)}`;
    const status = async (): Promise<string> => {
      const client = server.connect();
      client.stream.write(put('/other'));
      await quiet();
      return client.text().slice(9, 12);
    };
    const first = server.connect();
    first.stream.write(put('/s'));
    await quiet();
    assert.equal(await status(), '503');
    source.end();
    await quiet();
    assert.equal(await status(), '200');
    first.stream.write(put('/s'));
    await quiet();
    assert.equal(await status(), '503');
    first.stream.destroy();
    await quiet();
    assert.equal(await status(), '200');
  });

  test('that has begun is finished when the server ends, and not waited for without end', async () => {
    for (const ends of [true, false]) {
      const stop = new AbortController();
      const { source, server } = streaming({ signal: stop.signal, limits: { drainTimeoutMs: 1000 } });
      const client = server.connect();
      client.stream.write(get('/s'));
      await quiet();
      stop.abort();
      await server.pass(900);
      assert.ok(!isClosed(client));
      if (ends) source.end();
      await server.pass(200);
      assert.ok(isClosed(client));
      assert.equal(client.text().endsWith('0\r\n\r\n'), ends);
      client.stream.end();
      await server.over;
    }
  });

  test('may be made from a streamed request as it comes', async () => {
    const server = testServer(() => ({ status: 404 }), {
      streamed:
        () =>
        ({ body }) => ({
          status: 200,
          body: (async function* upper() {
            for await (const piece of body) yield Buffer.from(piece).toString().toUpperCase();
          })(),
        }),
      limits: { bodyIdleTimeoutMs: 1000 },
    });
    const client = server.connect();
    client.stream.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n');
    await quiet();
    for (const [text, chunk] of [
      ['ab', '2\r\nAB\r\n'],
      ['cd', '2\r\nCD\r\n'],
    ] as const) {
      client.stream.write(text);
      await server.pass(900);
      assert.ok(client.text().endsWith(chunk));
    }
    client.stream.write(`ef${get('/next')}`);
    await quiet();
    assert.equal(bodies(client)[0], '2\r\nAB\r\n2\r\nCD\r\n2\r\nEF\r\n0\r\n\r\n');
    assert.equal(client.answers(), 2);
    // A client that stops sending has its time, also when some of the answer is there.
    const slow = server.connect();
    slow.stream.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab');
    await server.pass(500);
    assert.ok(!isClosed(slow));
    await server.pass(1100);
    assert.ok(isClosed(slow));
    assert.deepEqual(bodies(slow), ['2\r\nAB\r\n']);
  });
});
