import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import OpenAI from 'openai';
import {
  chatCompletionEvents,
  chatCompletionJson,
  embeddingsJson,
  modelJson,
  modelsJson,
  openAiRefusalJson,
  parseChatRequest,
  parseEmbeddingsRequest,
  type ChatPiece,
} from '../src/index.ts';

const head = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'small' };
const usage = { promptTokens: 4, completionTokens: 2 };
const listed = { id: 'small', created: 1_700_000_000, ownedBy: 'enclos' };
const vector = Float32Array.of(0.25, -1.5);

async function* pieces(): AsyncGenerator<ChatPiece> {
  yield await Promise.resolve({ text: 'Hel' });
  yield { text: 'lo' };
  yield { finishReason: 'length', usage };
}

async function streamed(includesUsage: boolean): Promise<Response> {
  let text = '';
  for await (const { data } of chatCompletionEvents(head, pieces(), includesUsage)) text += `data: ${data}\n\n`;
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
}

const json = (text: string, status = 200): Response =>
  new Response(text, { status, headers: { 'content-type': 'application/json' } });

async function answer(path: string, body: Uint8Array): Promise<Response> {
  switch (path) {
    case '/v1/models':
      return json(modelsJson([listed]));
    case '/v1/models/small':
      return json(modelJson(listed));
    case '/v1/embeddings': {
      const facts = { accepts: 'texts', maxInputs: 8, maxLength: 100, dimensions: [2] } as const;
      const { model, encoding } = parseEmbeddingsRequest(body, facts);
      return json(embeddingsJson({ model, vectors: [vector], promptTokens: 1 }, encoding));
    }
    default: {
      const request = parseChatRequest(body);
      if (request.isStream) return streamed(request.includesUsage);
      return json(chatCompletionJson(head, { text: 'Hello', finishReason: 'stop', usage }));
    }
  }
}

/** The stock client of OpenAI, with this package on the other side of its `fetch`. */
const client = new OpenAI({
  apiKey: 'none',
  baseURL: 'http://inference.invalid/v1',
  maxRetries: 0,
  fetch: async (url, init) => {
    const request = new Request(url, init);
    try {
      return await answer(new URL(request.url).pathname, new Uint8Array(await request.arrayBuffer()));
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      return json(openAiRefusalJson(error), 400);
    }
  },
});
const messages = [{ role: 'user', content: 'Hi' }] as const;

test('the stock client reads a completion', async () => {
  const { choices, usage: used } = await client.chat.completions.create({ model: 'small', messages: [...messages] });
  assert.equal(choices[0]?.message.content, 'Hello');
  assert.equal(choices[0]?.finish_reason, 'stop');
  assert.equal(used?.total_tokens, 6);
});

test('the stock client reads a stream to its end, with what was used', async () => {
  const stream = await client.chat.completions.create({
    model: 'small',
    messages: [...messages],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  const reasons: unknown[] = [];
  let total: number | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
    total = chunk.usage?.total_tokens ?? total;
  }
  assert.deepEqual([text, reasons, total], ['Hello', ['length'], 6]);
});

test("the stock client's helper puts a stream together", async () => {
  const whole = await client.chat.completions.stream({ model: 'small', messages: [...messages] }).finalChatCompletion();
  assert.equal(whole.choices[0]?.message.content, 'Hello');
});

test('the stock client reads embeddings, which it asks for in base64, and as numbers', async () => {
  const input = { model: 'small', input: 'a' };
  assert.deepEqual((await client.embeddings.create(input)).data[0]?.embedding, [0.25, -1.5]);
  assert.deepEqual(
    (await client.embeddings.create({ ...input, encoding_format: 'float' })).data[0]?.embedding,
    [0.25, -1.5],
  );
});

test('the stock client lists models', async () => {
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ['small'],
  );
  assert.equal((await client.models.retrieve('small')).owned_by, 'enclos');
});

test('the stock client learns which member is refused', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'small', messages: [...messages], n: 2 }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.deepEqual([error.param, error.code, error.type], ['n', 'INFERENCE_UNSUPPORTED', 'invalid_request_error']);
    return true;
  });
});
