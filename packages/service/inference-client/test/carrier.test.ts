import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createSealedCarrier } from '../src/node/index.ts';

async function serve(t: TestContext, answer: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a` };
}

const post = (body = 'a'): RequestInit => ({ method: 'POST', headers: { 'x-a': 'b' }, body: Buffer.from(body) });

test('bytes go out and come back over a connection that is kept', async (t) => {
  const { server, url } = await serve(t, (request, response) => {
    response.setHeader('x-a', String(request.headers['x-a']));
    request.pipe(response);
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  const carrier = createSealedCarrier();
  t.after(() => carrier.close());
  for (const text of ['one', 'two', '']) {
    const response = await carrier.fetch(url, post(text));
    assert.deepEqual([response.status, response.headers.get('x-a'), await response.text()], [200, 'b', text]);
  }
  assert.equal(connections, 1);
});

test('a redirect is given back, and no other address is asked', async (t) => {
  const { url } = await serve(t, (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end());
  const carrier = createSealedCarrier();
  t.after(() => carrier.close());
  assert.equal((await carrier.fetch(url, post())).status, 307);
});

test('a kept connection that the server closes in the middle of a request is made anew', async (t) => {
  let asked = 0;
  const { url } = await serve(t, (request, response) => {
    asked += 1;
    if (asked === 2) request.socket.resetAndDestroy();
    else response.end('there');
  });
  const carrier = createSealedCarrier();
  t.after(() => carrier.close());
  for (const _ of [1, 2]) assert.equal(await (await carrier.fetch(url, post())).text(), 'there');
  assert.equal(asked, 3);
});

test('a signal ends a request before its answer and in the middle of it, with its reason', async (t) => {
  const { url } = await serve(t, (request, response) => {
    if (request.method === 'POST') response.write('a');
  });
  const carrier = createSealedCarrier();
  t.after(() => carrier.close());
  const reason = new Error('enough');
  const before = new AbortController();
  const waiting = carrier.fetch(url, { method: 'GET', signal: before.signal });
  before.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(carrier.fetch(url, { signal: before.signal }), reason);
  const during = new AbortController();
  const { body } = await carrier.fetch(url, { ...post(), signal: during.signal });
  const reader = body?.getReader() ?? assert.fail();
  await reader.read();
  during.abort(reason);
  await assert.rejects(reader.read(), reason);
});

test('what is not bytes is not carried', async () => {
  await assert.rejects(createSealedCarrier().fetch('http://127.0.0.1:1/', { method: 'POST', body: 'text' }), {
    code: 'INFERENCE_CLIENT_MISUSED',
  });
});

test('an answer that no fetch could give ends its request, and not the program', async (t) => {
  let answer = '';
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
  const carrier = createSealedCarrier();
  t.after(() => carrier.close());
  for (const status of ['000', '099', '101', '600', '999']) {
    answer = `HTTP/1.1 ${status} A\r\nconnection: upgrade\r\nupgrade: a\r\ncontent-length: 0\r\n\r\n`;
    await assert.rejects(carrier.fetch(url, post()), status);
  }
});
