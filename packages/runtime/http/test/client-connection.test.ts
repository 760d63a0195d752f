import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { duplexPair } from '@enclos/testkit';
import {
  HttpClientConnection,
  type HttpClientRequest,
  type HttpClientResponse,
  type HttpHandler,
} from '../src/index.ts';
import { serveSockets } from './socket-server.ts';

const ask: HttpClientRequest = { method: 'GET', path: '/', headTimeoutMs: 60_000, maxBytes: 1000 };
const host = 'server.test';

async function textOf({ body }: HttpClientResponse): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

/** A connection whose other end a test plays. */
function played(): readonly [HttpClientConnection, Duplex] {
  const [inside, outside] = duplexPair();
  return [new HttpClientConnection(inside, host), outside];
}

/** Waits until the client has noticed: the condition is about what another turn brings. */
async function until(condition: () => boolean): Promise<void> {
  // eslint-disable-next-line no-await-in-loop
  while (!condition()) await turn();
}

const echo: HttpHandler = ({ method, path, body, headers }) => {
  const said = `${method} ${path} ${headers.get('x-mine') ?? ''} ${Buffer.from(body).toString('latin1')}`;
  if (path === '/whole') return { status: 201, body: said };
  return {
    status: 200,
    body: (async function* () {
      for (const part of said.split(' ')) yield await Promise.resolve(`${part};`);
    })(),
  };
};

describe('a connection for many requests', () => {
  test('asks one after the other, whole bodies and streamed ones', async (t) => {
    const client = await (await serveSockets(t, 'TLS', { handler: echo }))();
    const connection = new HttpClientConnection(client, host);
    for (let count = 0; count < 3; count++) {
      const body = Buffer.from(`body ${count}`);
      // One after the other is what is tested.
      // eslint-disable-next-line no-await-in-loop
      const whole = await connection.send({ ...ask, method: 'POST', path: '/whole', headers: { 'x-mine': 'a' }, body });
      assert.equal(whole.status, 201);
      assert.equal(connection.isFree, false);
      // eslint-disable-next-line no-await-in-loop
      assert.equal(await textOf(whole), `POST /whole a body ${count}`);
      assert.equal(connection.isFree, true);
      // eslint-disable-next-line no-await-in-loop
      assert.equal(await textOf(await connection.send({ ...ask, path: '/streamed' })), 'GET;/streamed;;;');
    }
  });

  test('is closed by a server that says so, and by one that ends it between two requests', async () => {
    const [told, outside] = played();
    outside.once('data', () => outside.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na'));
    assert.equal(await textOf(await told.send(ask)), 'a');
    assert.equal(told.isOpen, false);
    const [idle, other] = played();
    other.once('data', () => other.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na'));
    assert.equal(await textOf(await idle.send(ask)), 'a');
    other.end();
    await until(() => !idle.isOpen);
  });

  test('has one request at a time', async () => {
    const [connection] = played();
    const first = connection.send(ask);
    await assert.rejects(connection.send(ask), { code: 'HTTP_MISUSED' });
    connection.close();
    await assert.rejects(first, { code: 'HTTP_CONNECTION_BROKEN' });
    assert.equal(connection.isFree, false);
  });

  test('takes no answer that it has not asked for, and none that is longer than it says', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na';
    const [inside, early] = duplexPair();
    const connection = new HttpClientConnection(inside, host);
    early.write(answer);
    await until(() => inside.readableLength > 0);
    await assert.rejects(connection.send(ask), { code: 'HTTP_CONNECTION_BROKEN' });
    const [longer, outside] = played();
    outside.once('data', () => outside.write(`${answer}b`));
    await assert.rejects(longer.send(ask).then(textOf), { code: 'HTTP_MESSAGE_REFUSED' });
    assert.equal(longer.isOpen, false);
  });

  test('does not take a part of a body for the whole, nor one above its limit', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    for (const [bytes, code] of [
      [`${head}1\r\na\r\n`, 'HTTP_CONNECTION_BROKEN'],
      [`${head}1\r\na\r\n800\r\n`, 'HTTP_MESSAGE_REFUSED'],
    ] as const) {
      const [connection, outside] = played();
      outside.once('data', () => outside.end(bytes));
      // eslint-disable-next-line no-await-in-loop
      await assert.rejects(connection.send(ask).then(textOf), { code }, bytes);
      assert.equal(connection.isOpen, false);
    }
  });

  test('waits for a head as long as it is told, and ends with its signal before and within an answer', async () => {
    const [slow] = played();
    await assert.rejects(slow.send({ ...ask, headTimeoutMs: 20 }), { code: 'HTTP_TIMEOUT' });
    assert.equal(slow.isOpen, false);
    const reason = new Error('enough');
    const [unsent] = played();
    await assert.rejects(unsent.send({ ...ask, signal: AbortSignal.abort(reason) }), reason);
    assert.equal(unsent.isFree, true, 'nothing was sent');
    const leaving = new AbortController();
    const [connection, outside] = played();
    outside.once('data', () => outside.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na'));
    const answer = await connection.send({ ...ask, signal: leaving.signal });
    const body = answer.body[Symbol.asyncIterator]();
    assert.equal(Buffer.from((await body.next()).value as Uint8Array).toString(), 'a');
    const rest = body.next();
    leaving.abort(reason);
    await assert.rejects(async () => rest, reason);
    assert.equal(connection.isOpen, false);
  });

  test('is closed when its answer is left before its end', async () => {
    const [connection, outside] = played();
    outside.once('data', () => outside.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na'));
    for await (const piece of (await connection.send(ask)).body) {
      assert.equal(piece.length, 1);
      break;
    }
    assert.equal(connection.isOpen, false);
    if (!outside.destroyed) await once(outside, 'close');
  });

  test('sends nothing that is more than one request', async () => {
    const wrong: readonly Partial<HttpClientRequest>[] = [
      { method: 'HEAD' },
      { method: 'GET / HTTP/1.1\r\n' },
      { path: '/a b' },
      { headers: { 'x\r\n': 'y' } },
      { headers: { x: 'y\nz' } },
      { headers: { 'content-length': '5' } },
      { headers: { 'transfer-encoding': 'chunked' } },
    ];
    for (const changes of wrong) {
      const [connection, outside] = played();
      let sent = 0;
      outside.on('data', ({ length }: Buffer) => void (sent += length));
      // eslint-disable-next-line no-await-in-loop
      await assert.rejects(connection.send({ ...ask, ...changes }), { code: 'HTTP_MISUSED' }, JSON.stringify(changes));
      assert.equal(sent, 0);
      assert.equal(connection.isFree, true);
    }
  });
});
