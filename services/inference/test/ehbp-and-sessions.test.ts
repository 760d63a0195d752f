import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import { beginEhbpRequest, openSession, parseKeyConfig, sessionTypes, type ClientSession } from '@enclos/hpke';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import {
  answerOf,
  engine,
  inferInside,
  maxBytes,
  openScene,
  outputDataOf,
  wholeBodyOf,
  type InnerAnswer,
  type SceneOptions,
  type SealedScene,
} from './sealed-scene.ts';

const binding = { method: 'POST', path: '/v1/session', model: '', modelDigest: new Uint8Array() };
const numbers = utf8(JSON.stringify({ inputs: [{ name: 'in', shape: [1], datatype: 'FP32', data: [1] }] }));

async function ehbpRequest(
  scene: SealedScene,
): Promise<{ readonly request: Partial<HttpRequest>; readonly open: (answer: HttpResponse) => Promise<string> }> {
  const { body: keys } = await scene.send({ method: 'GET', path: '/.well-known/hpke-keys' });
  const { publicKey } = parseKeyConfig(await wholeBodyOf({ status: 200, body: keys }));
  const sealer = await beginEhbpRequest(engine, publicKey);
  const headers = new Map([['ehbp-encapsulated-key', sealer.encapsulatedKey]]);
  return {
    request: { path: '/v2/models/adder/infer', headers, body: await sealer.seal(numbers) },
    open: async (answer) => {
      const opener = await sealer.openResponse(answer.headers?.['ehbp-response-nonce'] ?? '', { maxBytes });
      return Buffer.concat([...(await opener.push(await wholeBodyOf(answer))), ...(await opener.end())]).toString(
        'utf8',
      );
    },
  };
}

test('a request of EHBP is answered on any route, once', async () => {
  const scene = await openScene();
  const { request, open } = await ehbpRequest(scene);
  assert.deepEqual(outputDataOf(await open(await scene.send(request))), [2]);
  // EHBP does not bind the path, so a replay on another path is what a host would try.
  for (const path of ['/v2/models/adder/infer', '/v1/embeddings']) {
    assert.equal((await scene.send({ ...request, path })).status, 400, path);
  }
});

test('the receipt of a whole answer of EHBP is not sent, because its digests would be outside the seal', async () => {
  const attestAnswer: SceneOptions['attestAnswer'] = async (_, answer) => ({
    ...answer,
    headers: { ...answer.headers, 'enclos-receipt': 'digests' },
  });
  const scene = await openScene({ attestAnswer });
  const { request, open } = await ehbpRequest(scene);
  const answer = await scene.send(request);
  assert.equal(answer.headers?.['enclos-receipt'], undefined);
  assert.deepEqual(outputDataOf(await open(answer)), [2]);
  const { status, fields } = await (await ask(scene, await session(scene), [1])).opened();
  assert.deepEqual([status, fields.get('enclos-receipt')], [200, 'digests']);
});

test('a stale key of EHBP is a problem that its clients know', async () => {
  const scene = await openScene();
  const { request } = await ehbpRequest(scene);
  const headers = new Map([['ehbp-encapsulated-key', '11'.repeat(32)]]);
  const answer = await scene.send({ ...request, headers });
  assert.equal(answer.status, 422);
  assert.match(Buffer.from(await wholeBodyOf(answer)).toString('utf8'), /urn:ietf:params:ehbp:error:key-config/);
});

async function session(scene: SealedScene, remoteAddress = ''): Promise<ClientSession> {
  const opening = await openSession(engine, { config: await scene.config(), dateMs: scene.nowMs });
  const headers = new Map([['content-type', sessionTypes.open]]);
  const answer = await scene.send({ path: '/v1/session', headers, body: opening.message, remoteAddress });
  return opening.finish(await wholeBodyOf(answer), scene.nowMs);
}

const useHeaders = new Map([['content-type', sessionTypes.request]]);

async function ask(
  scene: SealedScene,
  client: ClientSession,
  values: readonly number[],
): Promise<{
  readonly body: Uint8Array;
  readonly answer: HttpResponse;
  open(answer: HttpResponse): Promise<InnerAnswer>;
  opened(): Promise<InnerAnswer>;
}> {
  const exchange = client.begin(binding, scene.nowMs);
  const body = concatBytes(exchange.head, await exchange.seal(inferInside(values), true));
  const answer = await scene.send({ path: '/v1/session', headers: useHeaders, body });
  const open = async (given: HttpResponse): Promise<InnerAnswer> => {
    const opener = exchange.openResponse({ maxBytes });
    return answerOf(concatBytes(...(await opener.push(await wholeBodyOf(given))), ...(await opener.end())));
  };
  return { body, answer, open, opened: () => open(answer) };
}

test('a session carries many requests, each answered for itself', async () => {
  const scene = await openScene();
  const client = await session(scene);
  const [one, two] = [await ask(scene, client, [1]), await ask(scene, client, [2])];
  assert.deepEqual(outputDataOf((await one.open(one.answer)).text), [2]);
  await assert.rejects(async () => two.open(one.answer), { code: 'HPKE_OPEN_FAILED' });
  assert.deepEqual(outputDataOf((await two.open(two.answer)).text), [3]);
});

test('an exchange is accepted once, and the opening of a session too', async () => {
  const scene = await openScene();
  const client = await session(scene);
  const { body } = await ask(scene, client, [1]);
  assert.equal((await scene.send({ path: '/v1/session', headers: useHeaders, body })).status, 400);
  const opening = await openSession(engine, { config: await scene.config(), dateMs: scene.nowMs });
  const open = { path: '/v1/session', headers: new Map([['content-type', sessionTypes.open]]), body: opening.message };
  assert.equal((await scene.send(open)).status, 200);
  assert.equal((await scene.send(open)).status, 400);
});

test('a session that is over, or of another service, is gone', async () => {
  const scene = await openScene();
  const client = await session(scene);
  const other = await openScene();
  const exchange = client.begin(binding, scene.nowMs);
  const body = concatBytes(exchange.head, await exchange.seal(inferInside([1]), true));
  assert.equal((await other.send({ path: '/v1/session', headers: useHeaders, body })).status, 410);
  scene.nowMs += 3_600_001;
  assert.equal((await scene.send({ path: '/v1/session', headers: useHeaders, body })).status, 410);
});

test('one peer that opens many sessions pushes out its own, and not those of others', async () => {
  const scene = await openScene({ sessions: { maxSessions: 4 } });
  const mine = await session(scene, '192.0.2.1 5000');
  const stranger = await session(scene, '198.51.100.7 1');
  for (let port = 2; port < 10; port++) await session(scene, `198.51.100.7 ${port}`);
  assert.equal((await ask(scene, mine, [1])).answer.status, 200);
  assert.equal((await ask(scene, stranger, [1])).answer.status, 410);
});
