import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as requestOf, type ClientRequest, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { eventStream, serveHttp, type PeerStream, type ServerSentEvent } from '../src/index.ts';

// Node's own client is the peer: it shares no code with the server here.

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const left: string[] = [];
const leavers: (() => void)[] = [];
let port = 0;
const listener = createServer({ allowHalfOpen: true });
const stop = new AbortController();
let over: Promise<void>;

async function* sockets(): AsyncGenerator<PeerStream> {
  const waiting: Socket[] = [];
  let wake = (): void => undefined;
  listener.on('connection', (socket) => {
    waiting.push(socket);
    wake();
  });
  for (;;) {
    const next = waiting.shift();
    if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
    else yield next as PeerStream;
  }
}

async function* ticks(signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  try {
    for (let id = 1; !signal.aborted; id++) {
      yield { id: `${id}`, data: `tick ${id}` };
      if (id >= 3) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
  } finally {
    left.push('ticks');
    for (const leave of leavers.splice(0)) leave();
  }
}

async function* broken(): AsyncGenerator<string> {
  yield await Promise.resolve('half of ');
  throw new Error('broken');
}

before(async () => {
  over = serveHttp(sockets(), {
    secure: undefined,
    signal: stop.signal,
    handler: ({ path }, { signal }) => {
      if (path === '/ticks') return eventStream(ticks(signal), { heartbeatMs: 5 });
      if (path === '/broken') return { status: 200, body: broken() };
      return { status: 200, body: path };
    },
    streamed: ({ path }) => {
      if (path === '/echo') return ({ body }) => ({ status: 200, body });
      if (path === '/refuse') return () => ({ status: 403, body: 'no' });
      return undefined;
    },
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  port = (listener.address() as AddressInfo).port;
});
after(async () => {
  stop.abort();
  listener.close();
  await over;
});

function ask(path: string, method = 'GET', headers: Record<string, string> = {}): ClientRequest {
  return requestOf({ host: '127.0.0.1', port, path, method, headers, agent: false }).on('error', () => undefined);
}

async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

describe('with the client of node:http', () => {
  test('a body of many chunks comes back as it was sent, while it is sent', async () => {
    const bytes = randomBytes(3 * 2 ** 20);
    const request = ask('/echo', 'POST');
    for (let at = 0; at < bytes.length; at += 100_000) request.write(bytes.subarray(at, at + 100_000));
    request.end();
    const response = await answerOf(request);
    assert.equal(response.headers['transfer-encoding'], 'chunked');
    const back: Buffer[] = [];
    for await (const piece of response) back.push(piece as Buffer);
    assert.equal(sha256(Buffer.concat(back)), sha256(bytes));
  });

  test('each event is there when it is sent, and its source ends when the client leaves', async () => {
    const request = ask('/ticks');
    request.end();
    const response = await answerOf(request);
    assert.equal(response.headers['content-type'], 'text/event-stream');
    let text = '';
    for await (const piece of response) {
      text += String(piece);
      if (text.includes('tick 3') && text.includes(':\n\n')) break;
    }
    assert.ok(text.startsWith('id: 1\ndata: tick 1\n\nid: 2\ndata: tick 2\n\nid: 3\ndata: tick 3\n\n'));
    const gone = new Promise<void>((resolve) => leavers.push(resolve));
    if (left.length > 0) leavers.splice(0).forEach((leave) => leave());
    request.destroy();
    await gone;
    assert.deepEqual(left, ['ticks']);
  });

  test('an answer that fails in the middle is seen to be incomplete', async () => {
    const request = ask('/broken');
    request.end();
    const response = await answerOf(request);
    let text = '';
    await assert.rejects(
      async () => {
        for await (const piece of response) text += String(piece);
      },
      { code: 'ECONNRESET' },
    );
    assert.equal(text, 'half of ');
    assert.ok(!response.complete);
  });

  test('a body that is refused at its head is not sent', async () => {
    const request = ask('/refuse', 'PUT', { 'Content-Length': '1000000', Expect: '100-continue' });
    let isTold = false;
    request.on('continue', () => (isTold = true)).flushHeaders();
    const response = await answerOf(request);
    assert.deepEqual([response.statusCode, response.headers.connection, isTold], [403, 'close', false]);
    request.destroy();
    const accepted = ask('/echo', 'PUT', { 'Content-Length': '5', Expect: '100-continue' });
    accepted.on('continue', () => accepted.end('hello')).flushHeaders();
    const echoed = await answerOf(accepted);
    let text = '';
    for await (const piece of echoed) text += String(piece);
    assert.equal(text, 'hello');
  });
});
