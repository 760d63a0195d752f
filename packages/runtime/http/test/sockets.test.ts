import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { HttpHandler, HttpResponse, StreamedHttpHandler } from '../src/index.ts';
import { get } from './server.ts';
import { serveSockets, ways } from './socket-server.ts';

const pieceBytes = 65_536;
const pieces = 1024;
/** More than all buffers between a server and a client of one machine. */
const manyBytes = pieces * pieceBytes;

const echoPath: HttpHandler = ({ path }) => ({ status: 200, body: path });
/** Each whole answer of this length. */
const answerTo = (path: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}`;

/** Reads until so much has come, or the end. @returns it, and in how many pieces it came. */
async function read(client: Socket, bytes: number): Promise<{ readonly text: string; readonly count: number }> {
  let [text, count] = ['', 0];
  const ended = once(client, 'end');
  const got = new Promise<void>((resolve) => {
    client.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      count += 1;
      if (text.length >= bytes) resolve();
    });
  });
  client.resume();
  await Promise.race([got, ended]);
  client.removeAllListeners('data').pause();
  return { text, count };
}

/** Waits until nothing has moved for many turns of the event loop, in which anything that can move does. */
async function untilStill(position: () => number): Promise<void> {
  for (let [turns, before] = [0, -1]; turns < 300; turns += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const now = position();
    if (now !== before) turns = 0;
    before = now;
  }
}

for (const way of ways) {
  describe(`over ${way}`, () => {
    test('a connection is kept from request to request', async (t) => {
      const connect = await serveSockets(t, way, { handler: echoPath });
      const client = await connect();
      for (const path of ['/one', '/two', '/three']) {
        client.write(get(path));
        assert.equal((await read(client, answerTo(path).length)).text, answerTo(path));
      }
    });

    test('requests that come at once are answered in their order, several in one piece', async (t) => {
      const connect = await serveSockets(t, way, { handler: async (request, call) => echoPath(request, call) });
      const client = await connect();
      const paths = Array.from({ length: 64 }, (_, i) => `/${100 + i}`);
      client.write(paths.map((path) => get(path)).join(''));
      const all = paths.map(answerTo).join('');
      const { text, count } = await read(client, all.length);
      assert.equal(text, all);
      // Sixteen together; the bytes of either side may have been divided anywhere.
      assert.ok(count <= 16, `64 answers came in ${count} pieces`);
    });

    test('a client that has ended its side gets its answers, and then the end', async (t) => {
      const large = 'x'.repeat(2 ** 20);
      const connect = await serveSockets(t, way, {
        handler: ({ body }) => ({ status: 200, body: large + body.length }),
      });
      const client = await connect();
      client.end(`PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello${get('/')}`);
      const { text } = await read(client, Infinity);
      const bodies = text.split(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/).slice(1);
      assert.deepEqual(
        bodies.map((body) => [body.length, body.at(-1)]),
        [
          [large.length + 1, '5'],
          [large.length + 1, '0'],
        ],
      );
    });

    test('bodies go both ways in pieces, whole', async (t) => {
      const echo: StreamedHttpHandler = ({ body }) => ({ status: 200, body });
      const connect = await serveSockets(t, way, { handler: echoPath, streamed: () => echo });
      const client = await connect();
      const sent = createHash('sha256');
      const received = createHash('sha256');
      let left = manyBytes / 8;
      client.write(`PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: ${left}\r\n\r\n`);
      const ended = once(client, 'end');
      const answered = answeredBodyOf(client, (piece) => received.update(piece));
      for (let i = 0; left > 0; i++) {
        const piece = Buffer.alloc(Math.min(left, 50_000), i);
        left -= piece.length;
        sent.update(piece);
        if (!client.write(piece)) await once(client, 'drain');
      }
      client.end();
      await ended;
      assert.ok(answered.isComplete());
      assert.equal(received.digest('hex'), sent.digest('hex'));
    });

    test('an answer waits for a client that does not read it, and then comes whole', async (t) => {
      let asked = 0;
      async function* body(): AsyncGenerator<Uint8Array> {
        for (; asked < pieces; asked += 1) yield await Promise.resolve(new Uint8Array(pieceBytes));
      }
      const handler: HttpHandler = (): HttpResponse => ({ status: 200, body: body() });
      const connect = await serveSockets(t, way, { handler });
      const client = await connect();
      client.write(get('/', 'connection: close'));
      await untilStill(() => asked);
      assert.ok(asked > 0 && asked < pieces / 2, `${asked} of ${pieces} pieces were asked for`);
      let bytes = 0;
      const answered = answeredBodyOf(client, (piece) => (bytes += piece.length));
      await once(client, 'end');
      assert.deepEqual([bytes, answered.isComplete()], [manyBytes, true]);
    });

    test('a client waits for a handler that does not take its body', async (t) => {
      let [taken, take] = [0, (): void => undefined];
      const ready = new Promise<void>((resolve) => (take = resolve));
      const upload: StreamedHttpHandler = async ({ body }) => {
        await ready;
        for await (const piece of body) taken += piece.length;
        return { status: 200, body: String(taken) };
      };
      const connect = await serveSockets(t, way, { handler: echoPath, streamed: () => upload });
      const client = await connect();
      client.write(`PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: ${manyBytes}\r\n\r\n`);
      for (let i = 0; i < pieces; i++) client.write(new Uint8Array(pieceBytes));
      const left = (): number => client.writableLength;
      await untilStill(left);
      assert.ok(left() > manyBytes / 2, `${left()} bytes wait at the client`);
      assert.equal(taken, 0);
      take();
      const { text } = await read(client, answerTo(String(manyBytes)).length);
      assert.match(text, new RegExp(`\\r\\n\\r\\n${manyBytes}$`));
    });

    test('a client that goes away in the middle of an answer ends its pieces', async (t) => {
      let returned = (): void => undefined;
      const isReturned = new Promise<void>((resolve) => (returned = resolve));
      async function* body(): AsyncGenerator<string> {
        try {
          for (;;) yield await Promise.resolve('x'.repeat(pieceBytes));
        } finally {
          returned();
        }
      }
      const connect = await serveSockets(t, way, { handler: () => ({ status: 200, body: body() }) });
      const client = await connect();
      client.write(get('/'));
      await read(client, pieceBytes);
      client.destroy();
      await isReturned;
    });
  });
}

/** Takes the chunks of the answer that comes to a client (RFC 9112 section 7.1). */
function answeredBodyOf(client: Socket, take: (piece: Buffer) => unknown): { readonly isComplete: () => boolean } {
  let held: Buffer = Buffer.alloc(0);
  let isInHead = true;
  let [left, isComplete] = [0, false];
  const line = (): string | undefined => {
    const end = held.indexOf('\r\n');
    if (end === -1) return undefined;
    const text = held.toString('latin1', 0, end);
    held = held.subarray(end + 2);
    return text;
  };
  client.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      if (left > 0) {
        const piece = held.subarray(0, left);
        if (piece.length === 0) return;
        take(piece);
        left -= piece.length;
        held = held.subarray(piece.length);
        continue;
      }
      const text = line();
      if (text === undefined) return;
      if (isInHead) isInHead = text !== '';
      else if (text === '0') isComplete = true;
      else if (text !== '') left = Number.parseInt(text, 16);
    }
  });
  client.resume();
  return { isComplete: () => isComplete };
}
