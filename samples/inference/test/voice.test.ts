import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { tensorOf, valuesOf } from '@enclos/open-inference';
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { voiceModelPath } from '../src/demo/service.ts';
import { repeatableRandom } from '../src/training/random.ts';
import { detectVoice, windowMs, type VoiceModel } from '../src/voice/detector.ts';
import { makeSound, sampleRate } from '../src/voice/sound.ts';

env.wasm.numThreads = 1;

const session = await InferenceSession.create(readFileSync(voiceModelPath()));
const model: VoiceModel = async (inputs) => {
  const feeds = inputs.map((input): [string, Tensor] => [
    input.name,
    input.datatype === 'INT64'
      ? new Tensor('int64', valuesOf(input, 'INT64'), input.shape)
      : new Tensor('float32', valuesOf(input, 'FP32'), input.shape),
  ]);
  return Object.entries(await session.run(Object.fromEntries(feeds))).map(([name, { data, dims }]) => {
    assert.ok(data instanceof Float32Array);
    return tensorOf(name, 'FP32', data, dims);
  });
};
const pause = { isVoice: false, seconds: 0.6 };

test('the voice that is made here is a voice to the model, and the room is not', async () => {
  const sound = makeSound([pause, { isVoice: true, seconds: 1 }, pause], repeatableRandom(5));
  const { likely, bytes } = await detectVoice(sound, model);
  const between = (from: number, to: number): readonly number[] =>
    likely.slice(Math.ceil((1000 * from) / windowMs), Math.floor((1000 * to) / windowMs));
  assert.equal(likely.length, Math.floor((2.2 * 1000) / windowMs));
  assert.ok(between(0, 0.6).every((value) => value < 0.5));
  assert.ok(between(0.7, 1.4).filter((value) => value > 0.5).length > 15);
  assert.ok(between(1.9, 2.2).every((value) => value < 0.5));
  assert.equal(bytes.length, likely.length * (4 + 1024));
});

test('the state goes on from window to window', async () => {
  const sound = makeSound([{ isVoice: true, seconds: 0.2 }], repeatableRandom(5));
  const seen: number[] = [];
  await detectVoice(sound, async (inputs) => {
    const state = inputs.find(({ name }) => name === 'state');
    seen.push(state === undefined ? Number.NaN : (valuesOf(state, 'FP32')[0] ?? Number.NaN));
    return [
      tensorOf('output', 'FP32', Float32Array.of(0), [1, 1]),
      tensorOf('stateN', 'FP32', new Float32Array(256).fill(seen.length), [2, 1, 128]),
    ];
  });
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
});

test('an answer that lacks an output is an error, and the same numbers make the same sound', async () => {
  const parts = [{ isVoice: true, seconds: 0.1 }];
  const sound = makeSound(parts, repeatableRandom(1));
  await assert.rejects(
    detectVoice(sound, async () => []),
    /gave no output/,
  );
  assert.deepEqual(makeSound(parts, repeatableRandom(1)), sound);
  assert.equal(sound.length, sampleRate / 10);
  assert.ok(sound.every((value) => Math.abs(value) <= 0.501));
});
