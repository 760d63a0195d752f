import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { get, held, isClosed, quiet, testServer, type Client, type TestServer } from './server.ts';

/** 1000 bytes are reserved for each body, and all of them share 10,000. */
const limits = {
  maxConnections: 10,
  maxBodyBytes: 6000,
  maxBodyBytesAtOnce: 20_000,
  minBodyBytesPerSecond: 1000,
};

const head = (line: string, ...fields: string[]): string => `${[line, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`;
const post = (bytes: number): string => head('POST /x HTTP/1.1', `Content-Length: ${bytes}`);
const x = (bytes: number): string => 'x'.repeat(bytes);
const whole = (bytes: number): string => post(bytes) + x(bytes);

function send(server: TestServer, text: string, address?: string): Client {
  const client = server.connect(address);
  client.stream.write(text);
  return client;
}

/** The status that the client was told first. */
const status = (client: Client): number | undefined => {
  const found = /^HTTP\/1\.1 (\d+) /.exec(client.text())?.[1];
  return found === undefined ? undefined : Number(found);
};

const ok = () => ({ status: 200 });

describe('bodies that stall', () => {
  test('give way to one that needs their room, the first to stall first, and no more of them than it needs', async () => {
    const server = testServer(ok, { limits });
    const first = send(server, post(6000) + x(5999));
    await server.pass(500);
    const second = send(server, post(6000) + x(5999));
    await server.pass(1600);
    const next = send(server, whole(4000));
    await quiet();
    assert.deepEqual([first, second, next].map(status), [408, undefined, 200]);
    assert.ok(isClosed(first));
    // The other one may still end in time.
    second.stream.write('x');
    await quiet();
    assert.equal(status(second), 200);
  });

  test('are left alone as long as there is room', async () => {
    const server = testServer(ok, { limits });
    const slow = send(server, post(6000) + x(5999));
    await server.pass(20_000);
    assert.equal(status(send(server, whole(5000))), undefined);
    await quiet();
    assert.ok(!isClosed(slow));
  });

  test('are not made faster by a burst before, nor by single bytes after it', async () => {
    const server = testServer(ok, { limits });
    const slow = send(server, post(6000) + x(5900));
    const other = send(server, post(6000) + x(5900));
    for (let second = 0; second < 3; second++) {
      await server.pass(1000);
      slow.stream.write('x');
      other.stream.write(x(20));
    }
    const next = send(server, whole(6000));
    await quiet();
    assert.deepEqual([slow, other, next].map(status), [408, undefined, 200]);
  });

  test('give way when they come in chunks, of no announced length, as well', async () => {
    const server = testServer(ok, { limits });
    const chunked = head('POST /x HTTP/1.1', 'Transfer-Encoding: chunked');
    const stalled = [1, 2].map(() => send(server, `${chunked}176f\r\n${x(5998)}`));
    await server.pass(2100);
    const next = send(server, `${chunked}1770\r\n${x(6000)}\r\n0\r\n\r\n`);
    await quiet();
    assert.deepEqual([...stalled, next].map(status), [408, undefined, 200]);
  });

  test('do not take a place from others, nor the room of small bodies, before they give way', async () => {
    const server = testServer(ok, { limits });
    for (let i = 0; i < 2; i++) send(server, post(6000) + x(5999));
    await server.pass(100);
    const large = send(server, whole(6000));
    const small = [1, 2, 3, 4, 5, 6].map(() => send(server, whole(1000)));
    const asking = send(server, get('/'));
    await quiet();
    assert.deepEqual([large, ...small, asking].map(status), [503, 200, 200, 200, 200, 200, 200, 200]);
  });
});

describe('bodies that come just fast enough', () => {
  test('are never evicted, keep their room for no longer than their rate needs, and leave small bodies theirs', async () => {
    const server = testServer(ok, { limits });
    const drips = [1, 2].map(() => send(server, post(6000) + x(4000)));
    await quiet();
    for (let second = 0; second < 2; second++) {
      for (const { stream } of drips) stream.write(x(999));
      const small = send(server, whole(1000));
      await quiet();
      assert.equal(status(small), 200);
      await server.pass(1000);
    }
    const early = send(server, whole(6000));
    await quiet();
    assert.deepEqual([...drips, early].map(status), [undefined, undefined, 503]);
    for (const { stream } of drips) stream.write(x(2));
    const next = send(server, whole(6000));
    await quiet();
    assert.deepEqual([...drips, next].map(status), [200, 200, 200]);
  });
});

describe('bodies of one peer', () => {
  const address = (last: number): string => `192.0.2.${last}`;

  test('give way to those of others when they are many, the newest first', async () => {
    const server = testServer(ok, { limits });
    const [first, second] = [1, 2].map(() => send(server, post(6000) + x(5900), address(1)));
    const other = send(server, whole(4000), address(2));
    await quiet();
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual([first, second, other].map(status), [undefined, 503, 200]);
  });

  test('keep the only one, whatever the others need', async () => {
    const server = testServer(ok, { limits });
    const singles = [1, 2].map((last) => send(server, post(6000) + x(5900), address(last)));
    const other = send(server, whole(4000), address(3));
    await quiet();
    assert.deepEqual([...singles, other].map(status), [undefined, undefined, 503]);
  });

  test('are those of a whole IPv6 network, and of no address that is not known', async () => {
    const peers: readonly (readonly [readonly string[], string, readonly (number | undefined)[]])[] = [
      [['2001:db8::1', '2001:db8:0:0:9::2'], '2001:db8:0:1::1', [undefined, 503, 200]],
      [['2001:db8::1', '2001:db8:0:1::1'], '2001:db8:0:2::1', [undefined, undefined, 503]],
      [['', ''], '192.0.2.1', [undefined, undefined, 503]],
      [['192.0.2.1', '192.0.2.1'], '', [undefined, undefined, 503]],
    ];
    for (const [crowd, other, expected] of peers) {
      const server = testServer(ok, { limits });
      const clients = crowd.map((peer) => send(server, post(6000) + x(5900), peer));
      clients.push(send(server, whole(4000), other));
      await quiet();
      assert.deepEqual(clients.map(status), expected, crowd.join(' '));
    }
  });
});

describe('bodies in use', () => {
  test('are not evicted, and leave small bodies their room', async () => {
    const { handler, release, seen } = held();
    const server = testServer(handler, { limits });
    const used = [1, 2].map(() => send(server, whole(6000)));
    await server.pass(10_000);
    const large = send(server, whole(2000));
    const small = [1, 2, 3].map(() => send(server, whole(1000)));
    await quiet();
    assert.equal(status(large), 503);
    assert.equal(seen.length, 5);
    for (const go of release.splice(0)) go();
    await quiet();
    assert.deepEqual([...used, ...small].map(status), [200, 200, 200, 200, 200]);
    // What they had is there for others now.
    send(server, whole(6000));
    send(server, whole(6000));
    await quiet();
    assert.equal(seen.length, 7);
  });

  test('count for as long as they are used, also when their clients go and come again', async () => {
    const { handler, release, seen } = held();
    const server = testServer(handler, { limits });
    for (let i = 0; i < 40; i++) {
      const client = send(server, whole(1000));
      await quiet();
      client.stream.destroy();
      await quiet();
    }
    // All of the 20,000 bytes, and none beyond.
    assert.equal(seen.length, 20);
    for (const go of release.splice(0)) go();
    await quiet();
    send(server, whole(6000));
    await quiet();
    assert.equal(seen.length, 21);
  });
});

describe('a connection', () => {
  test('has the room of one body, however many requests it sends ahead', async () => {
    const { handler, release, seen } = held();
    const server = testServer(handler, { limits });
    const ahead = send(server, whole(6000));
    for (let i = 1; i < 20; i++) ahead.stream.write(whole(6000));
    await quiet();
    assert.equal(seen.length, 1);
    assert.ok(ahead.inside.isPaused());
    const others = [1, 2].map(() => send(server, whole(3000)));
    await quiet();
    assert.equal(seen.length, 3);
    for (let turn = 0; turn < 22; turn++) {
      release.shift()?.();
      await quiet();
    }
    assert.deepEqual(others.map(status), [200, 200]);
    assert.equal(ahead.answers(), 20);
  });

  test('whose body was evicted is not asked for another one', async () => {
    const { handler, seen } = held();
    const server = testServer(handler, { limits });
    const stalled = [1, 2].map(() => send(server, post(6000) + x(5999)));
    await server.pass(2100);
    send(server, whole(6000));
    await quiet();
    const [first] = stalled;
    first?.stream.write(`x${whole(10)}`);
    await quiet();
    assert.equal(seen.length, 1);
    assert.equal(first?.answers(), 1);
  });

  test('that was refused keeps nothing of its body, however long it takes to end', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const megabyte = 2 ** 20;
    const server = testServer(ok);
    const clients = Array.from({ length: 12 }, () => server.connect());
    const content = Buffer.alloc(megabyte - 1);
    const before = process.memoryUsage().arrayBuffers;
    for (const { stream, inside } of clients) {
      // A client that reads nothing: the server waits for it with its last words.
      inside.end = () => inside;
      stream.write(post(megabyte));
      for (let at = 0; at < content.length; at += 65_536) {
        stream.write(content.subarray(at, at + 65_536));
        await quiet();
      }
    }
    await server.pass(31_000);
    await quiet();
    const keptBytes = (): number => process.memoryUsage().arrayBuffers - before;
    // Another thread frees what was collected, and on a busy machine it takes its time.
    for (let tries = 0; tries < 50 && (tries === 0 || keptBytes() >= 3 * megabyte); tries++) {
      collect();
      await quiet();
    }
    assert.ok(!clients.some(isClosed));
    assert.ok(keptBytes() < 3 * megabyte, `${keptBytes()} bytes are kept`);
  });
});

describe('chunks', () => {
  const chunked = head('POST /x HTTP/1.1', 'Transfer-Encoding: chunked');

  /** How many chunks of this size are taken of a body of a megabyte. */
  async function taken(chunkBytes: number): Promise<number> {
    const server = testServer(ok);
    const client = server.connect();
    client.stream.write(chunked);
    const piece = `${chunkBytes.toString(16)}\r\n${x(chunkBytes)}\r\n`;
    const batch = 100;
    let sent = 0;
    for (; sent * chunkBytes < 2 ** 20 - batch * chunkBytes && status(client) === undefined; sent += batch) {
      client.stream.write(piece.repeat(batch));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (status(client) === undefined) client.stream.write('0\r\n\r\n');
    await quiet();
    assert.equal(status(client), chunkBytes < 10 ? 400 : 200);
    return sent;
  }

  test('of single bytes are taken some thousand times, and not for a whole body', async () => {
    const most = 16_384 / 5;
    assert.ok((await taken(1)) < most + 200);
    assert.ok((await taken(4)) < 2 * most + 200);
  });

  test('of ten bytes are taken for a whole body', async () => {
    assert.ok((await taken(10)) > 100_000);
  });
});

describe('the limit of a body', () => {
  const bodyLimit = ({
    method,
    path,
    headers,
  }: {
    method: string;
    path: string;
    headers: ReadonlyMap<string, string>;
  }) => (method === 'PUT' && path === '/large' && headers.has('x-large') ? 9000 : 100);

  test('is what the server says of its head, and maxBodyBytes at most', async () => {
    const server = testServer(ok, { limits, bodyLimit });
    const large = (bytes: number, ...fields: string[]): string =>
      head('PUT /large HTTP/1.1', `Content-Length: ${bytes}`, ...fields) + x(bytes);
    const cases: readonly (readonly [string, number])[] = [
      [whole(100), 200],
      [post(101), 413],
      [`${head('POST /x HTTP/1.1', 'Transfer-Encoding: chunked')}65\r\n`, 413],
      [large(6000, 'X-Large: 1'), 200],
      [large(6001, 'X-Large: 1'), 413],
      [large(101), 413],
    ];
    for (const [text, expected] of cases) {
      const client = send(server, text);
      await quiet();
      assert.equal(status(client), expected, text.slice(0, 60));
    }
  });

  test('that is not a number of bytes is a mistake of the server, and no body is read', async () => {
    for (const wrong of [Number.NaN, -1, 1.5]) {
      const server = testServer(ok, { limits, bodyLimit: () => wrong });
      const client = send(server, whole(100));
      await quiet();
      assert.equal(status(client), 500);
      assert.match(String(server.errors[0]), /HTTP_MISUSED|not a number of bytes/);
    }
  });
});
