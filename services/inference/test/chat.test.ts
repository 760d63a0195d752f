import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleToken, seededRandom } from '../src/generation/sampling.ts';
import { StopTexts } from '../src/generation/stop-texts.ts';
import { apiOf, jsonBody, jsonOf, modelsOf, requestOf, speaker, textOf } from './scene.ts';

const api = apiOf(modelsOf(speaker));
const messages = [{ role: 'user', content: 'ab' }];

test('a conversation is answered', async () => {
  const body = jsonBody({ model: 'speaker', messages, max_tokens: 5, temperature: 0 });
  const answer = await jsonOf(await api.answer(requestOf('POST', '/v1/chat/completions', { body })));
  assert.deepEqual(answer, {
    id: 'chatcmpl-id',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'speaker',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'c.abc', refusal: null },
        logprobs: null,
        finish_reason: 'length',
      },
    ],
    usage: { prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 },
  });
});

test('piece by piece, and nothing of a stop text is shown', async () => {
  const body = jsonBody({ model: 'speaker', messages, temperature: 0, stop: '.ab', stream: true });
  const answer = await api.answer(requestOf('POST', '/v1/chat/completions', { body }));
  assert.equal(answer.headers['content-type'], 'text/event-stream');
  const text = await textOf(answer);
  const contents = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content);
  assert.equal(contents.join(''), 'c');
  assert.match(text, /"finish_reason":"stop"/);
  assert.match(text, /data: \[DONE\]\n\n$/);
});

test('a client that leaves ends the generation', async () => {
  let runs = 0;
  const counted = {
    ...speaker,
    run: async (...given: Parameters<typeof speaker.run>) => (runs++, speaker.run(...given)),
  };
  const body = jsonBody({ model: 'speaker', messages, stream: true });
  const answer = await apiOf(modelsOf(counted)).answer(requestOf('POST', '/v1/chat/completions', { body }));
  assert.ok(!(answer.body instanceof Uint8Array));
  for await (const _ of answer.body) if (runs > 2) break;
  const before = runs;
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(runs, before);
});

test('a conversation that is empty, too long or has an unknown character, and too many tokens, are refused with their status', async () => {
  const ask = async (change: object): Promise<number> => {
    const body = jsonBody({ model: 'speaker', messages, stream: true, ...change });
    return (await api.answer(requestOf('POST', '/v1/chat/completions', { body }))).status;
  };
  const say = (content: string): object => ({ messages: [{ role: 'user', content }] });
  assert.equal(await ask(say('xyz')), 400);
  assert.equal(await ask(say('abxc')), 400, 'none is left out');
  assert.equal(await ask(say('')), 400);
  assert.equal(await ask(say('a'.repeat(17))), 413);
  assert.equal(await ask(say('a'.repeat(16))), 200);
  assert.equal(await ask({ max_tokens: 33 }), 400);
  assert.equal(await ask({ max_tokens: 32 }), 200);
  // Its alphabet has no line break, so nothing stands between messages.
  assert.equal(await ask({ messages: [...messages, ...messages] }), 200);
});

test('tokens are chosen by their probability', () => {
  const scores = Float32Array.of(0, 2, NaN, 1);
  assert.equal(sampleToken(scores, { temperature: 0, topP: 1, random: () => 0.99 }), 1);
  assert.equal(sampleToken(scores, { temperature: 1, topP: 1, random: () => 0.99 }), 0);
  // The two most likely have 0.91 together.
  assert.equal(sampleToken(scores, { temperature: 1, topP: 0.9, random: () => 0.99 }), 3);
  assert.equal(sampleToken(Float32Array.of(NaN), { temperature: 1, topP: 1, random: () => 0 }), 0);
});

test('a seed gives the same numbers, and another one others', () => {
  const take = (seed: number): readonly number[] => {
    const random = seededRandom(seed);
    return [random(), random(), random()];
  };
  assert.deepEqual(take(7), take(7));
  assert.notDeepEqual(take(7), take(8));
  assert.ok(take(7).every((number) => number >= 0 && number < 1));
});

test('a beginning of a stop text is held back until it is none', () => {
  const stops = new StopTexts(['END', 'E!']);
  assert.deepEqual(stops.add('xE'), { shown: 'x', isStopped: false });
  assert.deepEqual(stops.add('N'), { shown: '', isStopped: false });
  assert.deepEqual(stops.add('x'), { shown: 'ENx', isStopped: false });
  assert.deepEqual(stops.add('EN'), { shown: '', isStopped: false });
  assert.equal(stops.rest(), 'EN');
  assert.deepEqual(stops.add('aE!b'), { shown: 'a', isStopped: true });
});
