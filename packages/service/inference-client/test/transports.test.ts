import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { EhbpRequestOpener, ehbp, ehbpSuite } from '@enclos/hpke';
import { nodeEngine } from '@enclos/hpke/node';
import {
  headerLengthName,
  inferResponseBody,
  parseInferRequest,
  readHeaderLength,
  tensorOf,
  valuesOf,
  wholeBody,
} from '@enclos/open-inference';
import {
  createInferenceClient,
  type InferenceClient,
  type InferenceClientOptions,
  type OuterFetch,
} from '../src/index.ts';
import { appraiseTestReport, openService, serviceUrl, type TestService } from './service.ts';

async function openClient(
  answer: (url: string, init: RequestInit, service: TestService) => Promise<Response> | Response,
  changes: Partial<InferenceClientOptions>,
): Promise<{ readonly client: InferenceClient; readonly service: TestService; readonly posts: string[] }> {
  const service = await openService();
  const posts: string[] = [];
  const fetch: OuterFetch = async (url, init) => {
    if (url.includes('/report')) return service.fetch(url, init);
    posts.push(url);
    return answer(url, init, service);
  };
  const client = createInferenceClient({
    url: serviceUrl,
    appraise: appraiseTestReport,
    fetch,
    nowMs: () => service.nowMs,
    ...changes,
  });
  return { client, service, posts };
}

const post = { method: 'POST', body: '{}' } as const;
const chat = `${serviceUrl}/v1/chat/completions`;

test('attested-tls: without a fetch that attests there is no client', () => {
  const options = { url: serviceUrl, appraise: appraiseTestReport, transport: 'attested-tls' } as const;
  assert.throws(() => createInferenceClient(options), { code: 'INFERENCE_CLIENT_MISUSED' });
});

const inputs = [tensorOf('in', 'FP32', Float32Array.of(1, 2), [2])];

/** What a model answers that adds one: to the body of a request in the clear. */
function added(body: Uint8Array, headers: Headers): { readonly body: Uint8Array; readonly headers: Headers } {
  const headerLength = readHeaderLength(headers.get(headerLengthName));
  const asked = parseInferRequest(body, { headerLength });
  const outputs = asked.inputs.map((input) =>
    tensorOf(
      'out',
      'FP32',
      Float32Array.from(valuesOf(input, 'FP32'), (value) => value + 1),
      input.shape,
    ),
  );
  const answer = inferResponseBody({ modelName: 'adder', outputs }, asked);
  const fields = new Headers({ 'content-type': answer.contentType });
  if (answer.headerLength !== undefined) fields.set(headerLengthName, String(answer.headerLength));
  return { body: wholeBody(answer), headers: fields };
}

const sentBody = async (url: string, init: RequestInit): Promise<Uint8Array> =>
  new Uint8Array(await new Request(url, init).arrayBuffer());

test('attested-tls: a request goes as it is over the connection that was attested, and the answer comes back', async () => {
  const { client, posts } = await openClient(
    async (url, init) => {
      const answer = added(await sentBody(url, init), new Headers(init.headers));
      return new Response(new Uint8Array(answer.body), { headers: answer.headers });
    },
    { transport: 'attested-tls' },
  );
  const { modelName, outputs } = await client.infer({ model: 'adder', inputs });
  assert.equal(modelName, 'adder');
  assert.deepEqual(outputs[0] && [...valuesOf(outputs[0], 'FP32')], [2, 3]);
  assert.deepEqual(posts, [`${serviceUrl}/v2/models/adder/infer`]);
});

test('ehbp: bodies are sealed both ways, and path and headers are not', async () => {
  const seen: Uint8Array[] = [];
  const { client, posts } = await openClient(
    async (url, init, service) => {
      const headers = new Headers(init.headers);
      const sealed = await sentBody(url, init);
      seen.push(sealed);
      const opener = new EhbpRequestOpener(nodeEngine(), {
        pairs: service.keys.pairsOf(ehbpSuite.kem, service.nowMs),
        encapsulatedKey: headers.get(ehbp.encapsulatedKeyHeader) ?? '',
        maxBytes: 100_000,
      });
      const body = concatBytes(...(await opener.push(sealed)), ...(await opener.end()));
      const answer = added(body, headers);
      const { responseNonce, seal } = await opener.sealResponse();
      answer.headers.set(ehbp.responseNonceHeader, responseNonce);
      const half = answer.body.length / 2;
      const chunks = [await seal(answer.body.subarray(0, half)), await seal(answer.body.subarray(half))];
      seen.push(...chunks);
      return new Response(new Uint8Array(concatBytes(...chunks)), { headers: answer.headers });
    },
    { transport: 'ehbp' },
  );
  const { outputs } = await client.infer({ model: 'adder', inputs });
  assert.deepEqual(outputs[0] && [...valuesOf(outputs[0], 'FP32')], [2, 3]);
  assert.deepEqual(posts, [`${serviceUrl}/v2/models/adder/infer`]);
  assert.ok(seen.every((bytes) => !Buffer.from(bytes).includes('adder') && !Buffer.from(bytes).includes('FP32')));
});

test('attested-tls: a connection that is refused is told as it is, and nothing is sent again', async () => {
  const { client, posts } = await openClient(
    () => {
      throw new EnclosError('INFERENCE_NOT_ATTESTED');
    },
    { transport: 'attested-tls' },
  );
  await assert.rejects(client.fetch(chat, post), { code: 'INFERENCE_NOT_ATTESTED' });
  assert.equal(posts.length, 1);
});

test('attested-tls: required receipts, lengths of answers and other servers are looked at as with seals', async () => {
  const given = { transport: 'attested-tls', receipts: 'require' } as const;
  const { client } = await openClient(() => Response.json({ outputs: [] }), given);
  await assert.rejects(client.fetch(chat, post), { code: 'INFERENCE_RECEIPT_MISSING' });
  await assert.rejects(client.fetch('https://other.test/v1', post), { code: 'INFERENCE_CLIENT_MISUSED' });
  const small = await openClient(() => new Response('12345'), { transport: 'attested-tls', maxAnswerBytes: 4 });
  await assert.rejects(small.client.fetch(chat, post), { code: 'INFERENCE_ANSWER_REFUSED' });
  const models = { digits: '22'.repeat(32) };
  const pinned = await openClient(() => Response.json({}), { transport: 'attested-tls', models });
  const asked = pinned.client.fetch(chat, { method: 'POST', body: '{"model":"digits"}' });
  await assert.rejects(asked, { code: 'INFERENCE_ANSWER_REFUSED' });
});

test('attested-tls: fields of one hop stay at that hop', async () => {
  const headers = { connection: 'keep-alive', 'keep-alive': 'timeout=5', 'x-a': 'b' };
  let sent = new Headers();
  const { client } = await openClient(
    (_, init) => {
      sent = new Headers(init.headers);
      return new Response('{}', { status: 404, headers });
    },
    { transport: 'attested-tls' },
  );
  const answer = await client.fetch(chat, { ...post, headers: { te: 'trailers', 'x-c': 'd' } });
  assert.deepEqual(
    [...answer.headers].map(([name]) => name),
    ['content-type', 'x-a'].filter((name) => answer.headers.has(name)),
  );
  assert.deepEqual([answer.status, sent.get('te'), sent.get('x-c')], [404, null, 'd']);
  assert.match(sent.get('enclos-request-id') ?? '', /^[0-9a-f]{32}$/);
});

test('ehbp: what it cannot hold is refused when the client is made', () => {
  const options = { url: serviceUrl, appraise: appraiseTestReport, transport: 'ehbp' } as const;
  for (const change of [{ receipts: 'require' }, { models: {} }] as const) {
    assert.throws(() => createInferenceClient({ ...options, ...change }), { code: 'INFERENCE_CLIENT_MISUSED' });
  }
});

test('ehbp: a request without a body is not sent, since its answer would be in the clear', async () => {
  const { client, posts } = await openClient(() => Response.json({}), { transport: 'ehbp' });
  await assert.rejects(client.fetch(`${serviceUrl}/v1/models`), { code: 'INFERENCE_CLIENT_MISUSED' });
  assert.deepEqual(posts, []);
});

test('ehbp: an answer without a seal is refused, and a stale key is attested again once', async () => {
  const { client } = await openClient(() => Response.json({ outputs: [] }), { transport: 'ehbp' });
  await assert.rejects(client.fetch(chat, post), { code: 'INFERENCE_ANSWER_REFUSED' });
  const stale = await openClient(() => new Response('', { status: 422 }), { transport: 'ehbp' });
  await assert.rejects(stale.client.fetch(chat, post), { code: 'HPKE_KEY_STALE' });
  assert.equal(stale.posts.length, 2);
  const headers = { 'ehbp-response-nonce': '00'.repeat(32) };
  const forged = await openClient(
    () => new Response(new Uint8Array([0, 0, 0, 17, ...new Uint8Array(17)]), { headers }),
    {
      transport: 'ehbp',
    },
  );
  await assert.rejects(forged.client.fetch(chat, post), { code: 'HPKE_OPEN_FAILED' });
});
