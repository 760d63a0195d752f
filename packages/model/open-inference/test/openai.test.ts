import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import {
  chatCompletionEvents,
  embeddingsJson,
  modelOfRequest,
  openAiErrorJson,
  openAiRefusalJson,
  parseChatRequest,
  parseEmbeddingsRequest,
  type ChatPiece,
  type EmbeddingsFacts,
} from '../src/index.ts';
import { refused } from './refused.ts';

const message = { role: 'user', content: 'Hello' };
const chat = (change: object = {}): ReturnType<typeof parseChatRequest> =>
  parseChatRequest(utf8(JSON.stringify({ model: 'small', messages: [message], ...change })));
const facts: EmbeddingsFacts = { accepts: 'both', maxInputs: 3, maxLength: 5, dimensions: [2, 4] };
const embed = (change: object, of: EmbeddingsFacts = facts): ReturnType<typeof parseEmbeddingsRequest> =>
  parseEmbeddingsRequest(utf8(JSON.stringify({ model: 'm', input: 'a', ...change })), of);

/** An error with its code, and with the member that it is about. */
const about = (code: ErrorCode, at: string) => (error: unknown) =>
  isEnclosError(error, code) && error.details['at'] === at;

test('a chat request is read, with what clients set and what they leave', () => {
  const full = chat({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
        name: 'ann',
      },
      { role: 'assistant', content: '', refusal: null, tool_calls: [], annotations: [] },
    ],
    max_completion_tokens: 5,
    max_tokens: 5,
    temperature: 0,
    top_p: 1,
    stop: ['\n', 'END'],
    seed: -3,
    stream: true,
    stream_options: { include_usage: true, include_obfuscation: false },
  });
  assert.deepEqual(
    { ...full, messages: full.messages.map((entry) => ({ ...entry })) },
    {
      model: 'small',
      messages: [
        { role: 'system', texts: ['Be brief.'], name: undefined },
        { role: 'user', texts: ['a', 'b'], name: 'ann' },
        { role: 'assistant', texts: [''], name: undefined },
      ],
      maxTokens: 5,
      temperature: 0,
      topP: 1,
      stop: ['\n', 'END'],
      seed: -3,
      isStream: true,
      includesUsage: true,
    },
  );
  const least = chat({ temperature: null, stop: null, n: null });
  assert.deepEqual([least.temperature, least.stop, least.isStream, least.includesUsage], [undefined, [], false, false]);
  assert.deepEqual(chat({ stop: 'x', max_tokens: 7 }).stop, ['x']);
  assert.equal(chat({ max_tokens: 7 }).maxTokens, 7);
});

test('members of no effect are ignored, and so are neutral values of others', () => {
  const { texts } = chat({
    user: 'u',
    metadata: { a: 'b' },
    store: true,
    service_tier: 'auto',
    n: 1,
    logprobs: false,
    top_logprobs: 0,
    frequency_penalty: 0,
    presence_penalty: 0,
    logit_bias: {},
    response_format: { type: 'text' },
    modalities: ['text'],
    tools: [],
    tool_choice: 'auto',
    audio: null,
  }).messages[0] ?? { texts: [] };
  assert.deepEqual(texts, ['Hello']);
});

test('what would change the answer is refused, and so is what is not known', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ frequency_penalty: 0.5 }, 'frequency_penalty'],
    [{ logit_bias: { 1: 2 } }, 'logit_bias'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ tools: [{ type: 'function' }] }, 'tools'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ modalities: ['audio'] }, 'modalities'],
    [{ reasoning_effort: 'high' }, 'reasoning_effort'],
    [{ audio: {} }, 'audio'],
    [{ top_k: 5 }, 'the request'],
    [{ constructor: 5 }, 'the request'],
    [{ stream: true, stream_options: { extra: 1 } }, 'stream_options'],
    [{ messages: [{ role: 'tool', content: 'a', tool_call_id: '1' }] }, 'messages[0].role'],
    [{ messages: [{ ...message, tool_calls: [{}] }] }, 'messages[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }, 'messages[0].content[0]'],
  ];
  for (const [change, at] of cases) {
    assert.throws(() => chat(change), about('INFERENCE_UNSUPPORTED', at), JSON.stringify(change));
  }
});

test('each rule of a chat request refuses', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ model: null }, 'model'],
    [{ model: 7 }, 'model'],
    [{ messages: null }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: ['a'] }, 'messages[0]'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 'a', extra: 1 }] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'robot', content: 'a' }] }, 'messages[0].role'],
    [{ messages: [{ content: 'a' }] }, 'messages[0].role'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ temperature: '1' }, 'temperature'],
    [{ top_p: -0.1 }, 'top_p'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ max_tokens: 4, max_completion_tokens: 5 }, 'max_tokens'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ stop: [''] }, 'stop'],
    [{ stop: [7] }, 'stop'],
    [{ seed: 2 ** 53 }, 'seed'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: { include_usage: true } }, 'stream_options'],
    [{ stream: true, stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
  ];
  for (const [change, at] of cases) {
    assert.throws(() => chat(change), about('INFERENCE_MESSAGE_INVALID', at), JSON.stringify(change));
  }
  for (const text of ['', '[]', '{"model":"a","model":"b"}', '{} {}']) {
    assert.throws(() => parseChatRequest(utf8(text)), about('INFERENCE_MESSAGE_INVALID', 'the request'));
  }
  assert.throws(
    () => chat({ messages: Array.from({ length: 2049 }, () => message) }),
    refused('INFERENCE_LIMIT_EXCEEDED'),
  );
  assert.throws(
    () => parseChatRequest(utf8('{}'), { maxBytes: 1, maxValues: 10 }),
    refused('INFERENCE_LIMIT_EXCEEDED'),
  );
});

test('texts and tokens are embedded as the model says', () => {
  assert.deepEqual(embed({ input: ['a', 'b'] }).inputs, { kind: 'texts', texts: ['a', 'b'] });
  assert.deepEqual(embed({ input: 'a', encoding_format: 'base64', user: 'u' }).encoding, 'base64');
  assert.deepEqual(embed({ input: [1, 2] }).inputs, { kind: 'tokens', tokens: [[1, 2]] });
  assert.deepEqual(embed({ input: [[1], [2, 3]], dimensions: 2 }).inputs, { kind: 'tokens', tokens: [[1], [2, 3]] });
  assert.throws(() => embed({ input: [1] }, { ...facts, accepts: 'texts' }), about('INFERENCE_UNSUPPORTED', 'input'));
  assert.throws(() => embed({ input: 'a' }, { ...facts, accepts: 'tokens' }), about('INFERENCE_UNSUPPORTED', 'input'));
  assert.equal(modelOfRequest(utf8('{"input":7,"model":"m"}')), 'm');
});

test('each rule of a request for embeddings refuses', () => {
  for (const change of [
    { input: null },
    { input: [] },
    { input: {} },
    { input: '' },
    { input: ['a', 1] },
    { input: [1, 'a'] },
    { input: [[1], 'a'] },
    { input: [[]] },
    { input: [-1] },
    { input: [0.5] },
    { encoding_format: 'hex' },
    { dimensions: 0 },
    { model: null },
  ]) {
    assert.throws(() => embed(change), refused('INFERENCE_MESSAGE_INVALID'), JSON.stringify(change));
  }
  for (const change of [{ input: ['a', 'b', 'c', 'd'] }, { input: 'abcdef' }, { input: [1, 2, 3, 4, 5, 6] }]) {
    assert.throws(() => embed(change), refused('INFERENCE_LIMIT_EXCEEDED'), JSON.stringify(change));
  }
  for (const change of [{ dimensions: 3 }, { truncate: true }]) {
    assert.throws(() => embed(change), refused('INFERENCE_UNSUPPORTED'), JSON.stringify(change));
  }
});

test('an embedding is numbers or base64 of FP32, and NaN has no numbers', () => {
  const answer = { model: 'm', vectors: [Float32Array.of(0.5, -2)], promptTokens: 3 };
  assert.deepEqual(JSON.parse(embeddingsJson(answer, 'float')), {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: [0.5, -2] }],
    model: 'm',
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
  assert.match(embeddingsJson(answer, 'base64'), /"embedding":"AAAAPwAAAMA="/);
  assert.throws(
    () => embeddingsJson({ ...answer, vectors: [Float32Array.of(Number.NaN)] }, 'float'),
    refused('INFERENCE_NOT_JSON'),
  );
});

test('an answer that ends without a reason is no whole stream', async () => {
  async function* pieces(): AsyncGenerator<ChatPiece> {
    yield await Promise.resolve({ text: 'a' });
  }
  const data: string[] = [];
  for await (const event of chatCompletionEvents({ id: 'c', created: 1, model: 'm' }, pieces(), false)) {
    data.push(event.data);
  }
  assert.equal(data.length, 2);
  assert.equal(data.includes('[DONE]'), false);
});

test('errors have the shape that clients read, with the member that is wrong', () => {
  assert.deepEqual(JSON.parse(openAiErrorJson({ message: 'no', type: 'not_found_error' })), {
    error: { message: 'no', type: 'not_found_error', param: null, code: null },
  });
  const param = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      assert.ok(isEnclosError(error));
      const { error: shown } = JSON.parse(openAiRefusalJson(error)) as {
        readonly error: Readonly<Record<string, unknown>>;
      };
      return [shown['param'], shown['code']];
    }
  };
  assert.deepEqual(
    param(() => chat({ n: 2 })),
    ['n', 'INFERENCE_UNSUPPORTED'],
  );
  assert.deepEqual(
    param(() => parseChatRequest(utf8('['))),
    [null, 'INFERENCE_MESSAGE_INVALID'],
  );
});

test('members of a request, which cost more than elements, are bounded before any is made', () => {
  const withMembers = (count: number): Uint8Array =>
    utf8(`{"model":"a",${Array.from({ length: count }, (_, at) => `"a${at}":0`).join(',')}}`);
  assert.equal(modelOfRequest(withMembers(16_000)), 'a');
  assert.throws(() => modelOfRequest(withMembers(16_384)), refused('INFERENCE_MESSAGE_INVALID'));
});
