import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test, type TestContext } from 'node:test';
import { createInferenceClient, type OuterFetch } from '../src/index.ts';
import { createInferenceProxy, type InferenceProxy } from '../src/node/index.ts';
import { appraiseTestReport, openService, serviceUrl, type TestService } from './service.ts';

interface Scene {
  readonly service: TestService;
  readonly proxy: InferenceProxy;
  readonly port: number;
  readonly refusals: unknown[];
  carry: OuterFetch;
}

async function openProxy(t: TestContext, exposed?: { readonly hosts?: readonly string[] }): Promise<Scene> {
  const service = await openService();
  const refusals: unknown[] = [];
  const client = createInferenceClient({
    url: serviceUrl,
    appraise: appraiseTestReport,
    fetch: async (url, init) => scene.carry(url, init),
    nowMs: () => service.nowMs,
  });
  const proxy = createInferenceProxy({
    ...exposed,
    client,
    url: serviceUrl,
    onRefusal: (error) => refusals.push(error),
  });
  const { port = 0 } = await proxy.listen(
    { host: '127.0.0.1', port: 0 },
    { allowOtherMachines: exposed !== undefined },
  );
  t.after(async () => proxy.close());
  const scene: Scene = { service, proxy, port, refusals, carry: service.fetch };
  return scene;
}

interface PlainAnswer {
  readonly status: number | undefined;
  readonly text: string;
}

/** What a program gets that knows HTTP alone. */
async function ask(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', reject);
    request.end('{}');
  });
}

test('a program that knows HTTP alone gets what the enclave answers, also as a stream', async (t) => {
  const { port, service } = await openProxy(t);
  const { status, text } = await ask(port, '/v1/chat/completions?a=b', { authorization: 'Bearer key' });
  assert.deepEqual([status, text.match(/data: /g)?.length, text.includes('receipt')], [200, 4, false]);
  const { path, fields } = service.opened[0] ?? assert.fail();
  assert.deepEqual([path, fields.get('authorization')], ['/v1/chat/completions?a=b', 'Bearer key']);
  assert.ok(service.outside.every((bytes) => !Buffer.from(bytes).includes('Bearer')));
});

test('what the enclave did not answer is 502, and a stream that is cut ends the connection', async (t) => {
  const scene = await openProxy(t);
  const { port, service, refusals } = scene;
  scene.carry = async (url, init) =>
    init.method === 'GET' ? service.fetch(url, init) : Response.json({ outputs: [] });
  const { status, text } = await ask(port, '/v1/chat/completions');
  assert.equal(status, 502);
  assert.match(text, /INFERENCE_ANSWER_REFUSED/);
  scene.carry = async (url, init) => {
    const answer = await service.fetch(url, init);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return new Response(bytes.subarray(0, -3), { headers: answer.headers });
  };
  await assert.rejects(ask(port, '/v1/chat/completions'));
  assert.equal(refusals.length, 2);
});

test('pages in browsers, other hosts and other machines are refused', async (t) => {
  const { port, service, proxy } = await openProxy(t);
  const wrong = [
    { origin: 'https://page.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { host: `page.test:${port}` },
    { host: '127.0.0.1.page.test' },
  ];
  for (const headers of wrong) {
    const { status } = await ask(port, '/v1/models', headers);
    assert.equal(status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(service.seen, []);
  await assert.rejects(proxy.listen({ host: '0.0.0.0', port: 0 }), { code: 'ATLS_PROXY_ADDRESS' });
});

test('a proxy that other machines reach takes its addresses and the names that it was given, and no other name', async (t) => {
  const { port, service } = await openProxy(t, { hosts: ['Proxy.internal'] });
  for (const host of ['page.test', `page.test:${port}`, 'proxy.internal.page.test', '10.0.0.7.page.test']) {
    assert.equal((await ask(port, '/v1/models', { host })).status, 403, host);
  }
  for (const origin of ['https://page.test', `http://proxy.internal:${port}`]) {
    assert.equal((await ask(port, '/v1/models', { host: 'proxy.internal', origin })).status, 403, origin);
  }
  assert.deepEqual(service.seen, []);
  for (const host of ['10.0.0.7', `[fd00::7]:${port}`, 'localhost', 'proxy.internal', `PROXY.INTERNAL:${port}`]) {
    assert.equal((await ask(port, '/v1/models', { host })).status, 200, host);
  }
  const nameless = await openProxy(t, {});
  assert.equal((await ask(nameless.port, '/v1/models', { host: 'proxy.internal' })).status, 403);
});

test('a target that names another server stays a path, or is refused', async (t) => {
  const { port, service } = await openProxy(t);
  assert.equal((await ask(port, '//other.test/v1/models')).status, 200);
  assert.equal(service.opened[0]?.path, '//other.test/v1/models');
  assert.equal((await ask(port, 'http://other.test/v1/models')).status, 502);
  assert.equal(service.opened.length, 1);
});
