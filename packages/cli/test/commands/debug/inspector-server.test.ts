import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { WebSocket } from 'ws';
import type { Debugger, InspectedEnclave } from '../../../src/commands/debug/inspected-enclave.ts';
import { serveInspector } from '../../../src/commands/debug/inspector-server.ts';

/** An enclave that answers every message with itself. */
function echoEnclave(number: number): InspectedEnclave {
  let current: Debugger | undefined;
  return {
    number,
    name: 'vault',
    mrEnclave: 'ab'.repeat(32),
    attach(debug) {
      if (current !== undefined) return undefined;
      current = debug;
      return { receive: (message) => debug.send(message), detach: () => (current = undefined) };
    },
  };
}

const server = await serveInspector({ port: 0, discoverable: false });
const open = await serveInspector({ port: 0, discoverable: true });
after(async () => {
  await server.close();
  await open.close();
});
const address = server.add(echoEnclave(1));
open.add(echoEnclave(1));

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** The status of a refused upgrade, or 101. */
async function upgrade(url: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const socket = new WebSocket(url, { headers });
  const status = await new Promise<number | undefined>((resolve) => {
    socket.on('open', () => resolve(101)).on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('error', () => undefined);
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.terminate();
  await closed;
  return status;
}

test('a debugger talks to its enclave', async () => {
  const socket = new WebSocket(address.webSocketUrl);
  await once(socket, 'open');
  socket.send('{"id":1}');
  const [data] = (await once(socket, 'message')) as [Buffer];
  assert.equal(data.toString(), '{"id":1}');
  const second = new WebSocket(address.webSocketUrl);
  const [code] = (await once(second, 'close')) as [number];
  assert.equal(code, 1008);
  socket.close();
  await once(socket, 'close');
});

test('the list is at an address with the token, and nowhere else', async () => {
  const { status, body } = await get(server.listUrl);
  assert.equal(status, 200);
  const [listed] = JSON.parse(body) as [{ webSocketDebuggerUrl: string; devtoolsFrontendUrl: string; title: string }];
  assert.deepEqual([listed.title, listed.webSocketDebuggerUrl], ['enclave vault', address.webSocketUrl]);
  assert.ok(listed.devtoolsFrontendUrl.endsWith(address.webSocketUrl.replace('ws://', 'ws=')));
  const base = `http://127.0.0.1:${server.port}`;
  for (const path of ['/', '/json', '/json/list', '/json/version', `/${'0'.repeat(32)}/json/list`]) {
    assert.equal((await get(base + path)).status, 404, path);
  }
});

test('a discoverable server lists without the token, and still debugs only with it', async () => {
  const base = `127.0.0.1:${open.port}`;
  assert.equal(open.listUrl, `http://${base}/json/list`);
  for (const path of ['/json', '/json/list', '/json/version']) {
    assert.equal((await get(`http://${base}${path}`)).status, 200);
  }
  assert.equal(await upgrade(`ws://${base}/${'0'.repeat(32)}/1`), 404);
});

test('a debugger without the token, or of an enclave that is not there, is refused', async () => {
  const { webSocketUrl } = address;
  const wrong = [
    webSocketUrl.replace(/[0-9a-f]{32}/, '0'.repeat(32)),
    webSocketUrl.replace(/1$/, '2'),
    webSocketUrl.slice(0, -2),
    `ws://127.0.0.1:${server.port}/1`,
  ];
  for (const url of wrong) assert.equal(await upgrade(url), 404, url);
});

test('web pages are refused: by their origin, and by a name of their own for this machine', async () => {
  const { webSocketUrl } = address;
  for (const origin of ['https://example.com', 'http://localhost:3000', 'null', 'devtools.example']) {
    assert.equal(await upgrade(webSocketUrl, { origin }), 403, origin);
    assert.equal((await get(server.listUrl, { origin })).status, 404, origin);
  }
  for (const host of ['example.com', 'localhost.example.com:9229']) {
    assert.equal(await upgrade(webSocketUrl, { host }), 400, host);
    assert.equal((await get(open.listUrl, { host })).status, 404, host);
  }
  assert.equal(await upgrade(webSocketUrl, { origin: 'devtools://devtools', host: 'localhost:1' }), 101);
});

test('a port that is taken is refused with a code', async () => {
  await assert.rejects(serveInspector({ port: server.port, discoverable: false }), (error) =>
    isEnclosError(error, 'CLI_ADDRESS_IN_USE'),
  );
});

test('an enclave that is gone is listed no more', async () => {
  const enclave = echoEnclave(7);
  server.add(enclave);
  server.remove(enclave);
  assert.doesNotMatch((await get(server.listUrl)).body, /\/7"/);
});
