import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { createInferenceClient, type AnswerReceipt } from '@enclos/inference-client';
import { valuesOf } from '@enclos/open-inference';
import OpenAI from 'openai';
import { measurement, nowMs, openFetch, url } from './client-scene.ts';
import { digest, numbers } from './scene.ts';

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
      fetch: (await openFetch()).fetch,
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
  const { fetch } = await openFetch();
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
    fetch: (await openFetch()).fetch,
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
