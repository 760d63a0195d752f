import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { readModelFacts, tensorFactsOf } from '@enclos/inference-models';
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { writeCharactersModel } from '../src/onnx/characters.ts';
import { writeDigitsModel } from '../src/onnx/digits.ts';
import { tokensOf } from '../src/training/characters.ts';
import { allDenseWeights, denseNetwork, scores } from '../src/training/dense.ts';
import { allWeights, characterNetwork, characterScores } from '../src/training/gru.ts';
import { crossEntropy, randomWeights, rowOf, zeros, type Matrix } from '../src/training/matrix.ts';
import { repeatableRandom } from '../src/training/random.ts';

env.wasm.numThreads = 1;

const committed = (name: string): Uint8Array => readFileSync(new URL(`../../models/${name}`, import.meta.url));

function floatsOf(tensor: Tensor | undefined): Float32Array {
  assert.ok(tensor?.data instanceof Float32Array);
  return tensor.data;
}

function assertNear(found: Float32Array, wanted: Float32Array): void {
  assert.equal(found.length, wanted.length);
  const most = Math.max(...found.map((value, i) => Math.abs(value - (wanted[i] ?? Number.NaN))));
  assert.ok(most < 1e-5, `differs by ${most}`);
}

/** The scores of each step of a text, and the state after it. */
async function readText(
  session: InferenceSession,
  tokens: Uint8Array,
  state: Float32Array,
): Promise<{ readonly scores: Float32Array; readonly next: Float32Array }> {
  const answer = await session.run({
    tokens: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
    state: new Tensor('float32', state, [1, 1, state.length]),
  });
  return { scores: floatsOf(answer['scores']), next: floatsOf(answer['next']) };
}

suite('files in ONNX compute what the trained network computes', () => {
  test('dense layers', async () => {
    const random = repeatableRandom(11);
    const network = denseNetwork([64, 12, 9, 10], random);
    for (const { bias } of network) bias.value.values.set(randomWeights(1, bias.value.columns, random).values);
    const weights = allDenseWeights(network).map(({ value }) => value);
    const inputs = randomWeights(3, 64, random);
    const session = await InferenceSession.create(writeDigitsModel(weights));
    const answer = await session.run({ input: new Tensor('float32', inputs.values, [3, 1, 8, 8]) });
    assertNear(floatsOf(answer['scores']), scores(network, inputs).values);
    assert.throws(() => writeDigitsModel(weights.slice(1)), /not those of dense layers/);
  });

  test('the recurrent unit, whole or step by step', async () => {
    const random = repeatableRandom(12);
    const network = characterNetwork({ characters: 6, embedded: 3, hidden: 5 }, random);
    for (const { value } of allWeights(network)) {
      value.values.set(randomWeights(value.rows, value.columns, random).values);
    }
    const weights = allWeights(network).map(({ value }) => value);
    const session = await InferenceSession.create(writeCharactersModel(weights));
    const tokens = Uint8Array.of(3, 0, 5, 1);
    const whole = await readText(session, tokens, new Float32Array(5));
    const state = zeros(1, 5);
    let next: Float32Array = new Float32Array(5);
    for (const [step, token] of tokens.entries()) {
      const wanted = characterScores(network, Uint8Array.of(token), state).values;
      const one = await readText(session, Uint8Array.of(token), next);
      ({ next } = one);
      assertNear(one.scores, wanted);
      assertNear(whole.scores.subarray(step * 6, (step + 1) * 6), wanted);
    }
    assertNear(whole.next, state.values);
    assertNear(next, state.values);
    assert.throws(() => writeCharactersModel(weights.slice(1)), /not those of a character network/);
  });
});

suite('the models of this sample', () => {
  /** Rows of pixels: `#` ink, `+` half of it, `.` paper. */
  const drawn: readonly { readonly digit: number; readonly rows: string }[] = [
    { digit: 0, rows: '..+##+.. .+#++#+. .#+..#+. .#...+#. .#...+#. .#+..#+. .+#++#.. ..+##+..' },
    { digit: 1, rows: '...+#+.. ..+##+.. .+###+.. ..+##+.. ...##+.. ...##+.. ...##+.. ...##+..' },
    { digit: 7, rows: '.+#####. .++++##. ....+#+. ..++##+. .+####+. ..+#+... ..##.... .+#+....' },
  ];

  test('digits: its facts, and drawn digits are told apart', async () => {
    const bytes = committed('digits-1.onnx');
    const { inputs, outputs } = readModelFacts(bytes);
    assert.deepEqual(tensorFactsOf(inputs), [{ name: 'input', datatype: 'FP32', shape: [-1, 1, 8, 8] }]);
    assert.deepEqual(tensorFactsOf(outputs), [{ name: 'scores', datatype: 'FP32', shape: [-1, 10] }]);
    const pixels = drawn.flatMap(({ rows }) =>
      Array.from(rows.replaceAll(' ', ''), (mark) => ['.', '+', '#'].indexOf(mark) / 2),
    );
    const session = await InferenceSession.create(bytes);
    const input = new Tensor('float32', Float32Array.from(pixels), [drawn.length, 1, 8, 8]);
    const found: Matrix = {
      rows: drawn.length,
      columns: 10,
      values: floatsOf((await session.run({ input }))['scores']),
    };
    const best = drawn.map((_, row) => rowOf(found, row).indexOf(Math.max(...rowOf(found, row))));
    assert.deepEqual(
      best,
      drawn.map(({ digit }) => digit),
    );
  });

  test('characters: its facts, and it expects English', async () => {
    const bytes = committed('characters-1.onnx');
    const { inputs, outputs } = readModelFacts(bytes);
    assert.deepEqual(tensorFactsOf(inputs), [
      { name: 'tokens', datatype: 'INT64', shape: [1, -1] },
      { name: 'state', datatype: 'FP32', shape: [1, 1, 128] },
    ]);
    assert.deepEqual(tensorFactsOf(outputs), [
      { name: 'scores', datatype: 'FP32', shape: [-1, 96] },
      { name: 'next', datatype: 'FP32', shape: [1, 1, 128] },
    ]);
    const session = await InferenceSession.create(bytes);
    const bitsOf = async (text: string): Promise<number> => {
      const tokens = tokensOf(text);
      const { scores: values } = await readText(session, tokens.slice(0, -1), new Float32Array(128));
      const found = { rows: tokens.length - 1, columns: 96, values: values.slice() };
      return crossEntropy(found, tokens.slice(1)) / found.rows / Math.LN2;
    };
    const sentence = 'The enclave verifies the certificate of the server, and the host cannot read what it says.';
    assert.ok((await bitsOf(sentence)) < 2.5);
    assert.ok((await bitsOf(Array.from(sentence).toReversed().join(''))) > 5);
  });
});
