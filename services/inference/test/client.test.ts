import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { KeySet, ReplayWindow, aeadIds, kdfIds, kemIds } from '@enclos/hpke';
import { createInferenceClient, type AnswerReceipt, type OuterFetch } from '@enclos/inference-client';
import { valuesOf } from '@enclos/open-inference';
import OpenAI from 'openai';
import { createHandler } from '../src/channels/handler.ts';
import { ReceiptWriter, createReceiptKey, type ServiceClaims } from '../src/inside/receipts.ts';
import { ReportDesk } from '../src/inside/report.ts';
import { adder, apiOf, digest, modelsOf, numbers, speaker } from './scene.ts';
import { engine, maxBytes, wholeBodyOf } from './sealed-scene.ts';

const url = 'https://service.test';
const measurement = '33'.repeat(32);
const nowMs = (): number => 1_700_000_000_000;

/** The service with its reports and receipts, whose evidence is the report data itself. */
async function openFetch(): Promise<OuterFetch> {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  await keys.refresh(nowMs());
  const { publicKey: receiptKey, signer } = await createReceiptKey();
  const desk = new ReportDesk({
    keys,
    models: () => ({ models: [] }),
    receiptKey,
    quote: async (reportData) => reportData,
    endorsements: async () => 'none',
    nowMs,
  });
  await desk.renew();
  const claims = (): ServiceClaims => ({
    issuer: url,
    tee: 'sgx',
    measurement,
    ...desk.digests,
  });
  const receipts = new ReceiptWriter(signer, claims, () => new Date(nowMs()));
  const { handler } = createHandler({
    api: apiOf(modelsOf(adder, speaker)),
    context: { engine, keys, window: new ReplayWindow(), nowMs, maxBytes },
    attestAnswer: (request, answer) => receipts.attest(request, answer),
    report: (request) => desk.answer(request),
    onFault: (error) => assert.fail(String(error)),
  });
  return async (address, init) => {
    const request = new Request(address, init);
    const { pathname, search, searchParams } = new URL(address);
    const answer = await handler(
      {
        method: request.method,
        path: pathname,
        search,
        query: searchParams,
        headers: new Map(request.headers),
        body: new Uint8Array(await request.arrayBuffer()),
        remoteAddress: '',
        clientCertificate: undefined,
        clientCertificateChain: [],
      },
      { signal: request.signal },
    );
    const headers = Object.entries(answer.headers ?? {}).map(([name, value]): [string, string] => [name, value]);
    return new Response(new Uint8Array(await wholeBodyOf(answer)), { status: answer.status, headers });
  };
}

for (const transport of ['one-shot', 'session', 'attested-tls'] as const) {
  test(`the client of this repository and the service understand each other: ${transport}`, async () => {
    const receipts: AnswerReceipt[] = [];
    const client = createInferenceClient({
      url,
      transport,
      receipts: 'require',
      models: { adder: digest, speaker: digest },
      appraise: async ({ evidence }) => ({ tee: 'sgx', measurement, reportData: toHex(evidence) }),
      onReceipt: (receipt) => receipts.push(receipt),
      fetch: await openFetch(),
      nowMs,
    });
    const { outputs } = await client.infer({ model: 'adder', inputs: [numbers(1, 2)] });
    assert.deepEqual(
      outputs.map((output) => [...valuesOf(output, 'FP32')]),
      [[2, 3]],
    );
    const body = { model: 'speaker', messages: [{ role: 'user', content: 'a' }], temperature: 0, max_tokens: 4 };
    for (const stream of [false, true]) {
      const response = await client.fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, stream }),
      });
      assert.equal(response.status, 200);
      assert.match(await response.text(), stream ? /data: \[DONE\]\n\n$/ : /"chat\.completion"/);
    }
    assert.deepEqual(
      receipts.map(({ claims }) => claims.model),
      ['adder', 'speaker', 'speaker'],
    );
    assert.deepEqual((await client.models()).map(({ name }) => name).slice(0, 2), ['adder', 'speaker']);
    await assert.rejects(client.infer({ model: 'adder', version: '9', inputs: [numbers(1)] }), {
      code: 'INFERENCE_CALL_REFUSED',
    });
  });
}

test('the client and the service understand each other over EHBP, which has no receipts of whole answers', async () => {
  const fetch = await openFetch();
  const receipts: AnswerReceipt[] = [];
  const sent: string[] = [];
  const client = createInferenceClient({
    url,
    transport: 'ehbp',
    appraise: async ({ evidence }) => ({ tee: 'sgx', measurement, reportData: toHex(evidence) }),
    onReceipt: (receipt) => receipts.push(receipt),
    fetch: async (address, init) => {
      sent.push(Buffer.from(await new Response(init.body ?? null).arrayBuffer()).toString('latin1'));
      return fetch(address, init);
    },
    nowMs,
  });
  const { outputs } = await client.infer({ model: 'adder', inputs: [numbers(1, 2)] });
  assert.deepEqual(
    outputs.map((output) => [...valuesOf(output, 'FP32')]),
    [[2, 3]],
  );
  const messages = [{ role: 'user', content: 'a' }];
  const response = await client.fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'speaker', messages, temperature: 0, max_tokens: 4, stream: true }),
  });
  assert.match(await response.text(), /data: \[DONE\]\n\n$/);
  assert.deepEqual(
    receipts.map(({ claims }) => claims.model),
    ['speaker'],
    'a stream has its receipt inside',
  );
  assert.ok(sent.every((body) => !body.includes('speaker') && !body.includes('inputs')));
});

test("OpenAI's client works over it unchanged, streamed and whole", async () => {
  let receipts = 0;
  const client = createInferenceClient({
    url,
    receipts: 'require',
    appraise: async ({ evidence }) => ({ tee: 'sgx', measurement, reportData: toHex(evidence) }),
    onReceipt: () => receipts++,
    fetch: await openFetch(),
    nowMs,
  });
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch: client.fetch, maxRetries: 0 });
  const question = {
    model: 'speaker',
    messages: [{ role: 'user' as const, content: 'a' }],
    temperature: 0,
    max_tokens: 4,
  };
  const whole = await openai.chat.completions.create(question);
  let streamed = '';
  for await (const { choices } of await openai.chat.completions.create({ ...question, stream: true })) {
    streamed += choices[0]?.delta.content ?? '';
  }
  assert.ok(streamed.length > 0);
  assert.equal(whole.choices[0]?.message.content, streamed);
  assert.equal(receipts, 2);
  await assert.rejects(openai.chat.completions.create({ ...question, model: 'absent' }), { status: 404 });
});
