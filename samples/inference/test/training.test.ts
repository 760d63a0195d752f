import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Adam, averageGradients, type Weights } from '../src/training/adam.ts';
import { allDenseWeights, denseNetwork, scores, trainBatch } from '../src/training/dense.ts';
import { allWeights, characterNetwork, loss, trainSteps } from '../src/training/gru.ts';
import { at, crossEntropy, randomWeights, zeros } from '../src/training/matrix.ts';
import { repeatableRandom } from '../src/training/random.ts';

/** Large enough that sums of 32-bit floats differ, and small enough that the loss is nearly a line. */
const nudge = 1e-2;

/** Compares each gradient with the difference of the losses at both sides of the weight. */
function checkGradients(trained: readonly Weights[], lossNow: () => number): void {
  for (const [index, { value, gradient }] of trained.entries()) {
    for (let i = 0; i < value.values.length; i++) {
      const before = at(value.values, i);
      const [less, more] = [before - nudge, before + nudge].map((moved) => {
        value.values[i] = moved;
        return lossNow();
      });
      value.values[i] = before;
      const measured = ((more ?? Number.NaN) - (less ?? Number.NaN)) / (2 * nudge);
      const told = at(gradient.values, i);
      const difference = Math.abs(measured - told);
      assert.ok(difference < 1e-3 + 1e-2 * Math.abs(measured), `weights ${index}, ${i}: ${told}, measured ${measured}`);
    }
  }
}

suite('gradients are those that differences of the loss show', () => {
  test('of dense layers', () => {
    // With this seed no nudge takes a unit over the bend of its rectifier, where the loss has two slopes.
    const random = repeatableRandom(15_838);
    const network = denseNetwork([4, 6, 5, 3], random);
    const inputs = randomWeights(7, 4, random);
    for (const { bias } of network) bias.value.values.set(randomWeights(1, bias.value.columns, random).values);
    const classes = Uint8Array.of(0, 1, 2, 2, 1, 0, 1);
    trainBatch(network, inputs, classes);
    checkGradients(allDenseWeights(network), () => crossEntropy(scores(network, inputs), classes));
  });

  test('of the recurrent unit, through its steps', () => {
    const random = repeatableRandom(4);
    const network = characterNetwork({ characters: 5, embedded: 3, hidden: 4 }, random);
    // Biases of zero would hide that two are mixed up.
    for (const { value } of allWeights(network)) {
      value.values.set(randomWeights(value.rows, value.columns, random).values);
    }
    const text = [
      [0, 4],
      [1, 3],
      [2, 2],
      [4, 1],
      [3, 3],
    ].map((step) => Uint8Array.from(step));
    const start = randomWeights(2, 4, random);
    const state = (): typeof start => ({ ...start, values: start.values.slice() });
    const sum = trainSteps(network, text, state());
    assert.equal(loss(network, text, state()), sum);
    checkGradients(allWeights(network), () => loss(network, text, state()));
  });
});

test('the state goes on from one part of a text to the next', () => {
  const network = characterNetwork({ characters: 4, embedded: 3, hidden: 5 }, repeatableRandom(5));
  const text = [0, 1, 2, 3, 1, 0, 2].map((token) => Uint8Array.of(token));
  const state = zeros(1, 5);
  const parts = loss(network, text.slice(0, 4), state) + loss(network, text.slice(3), state);
  const whole = zeros(1, 5);
  assert.ok(Math.abs(loss(network, text, whole) - parts) < 1e-6);
  assert.deepEqual(state, whole);
});

test('steps of Adam learn the exclusive or, which no single layer can', () => {
  const network = denseNetwork([2, 8, 2], repeatableRandom(7919));
  const inputs = { rows: 4, columns: 2, values: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1) };
  const classes = Uint8Array.of(0, 1, 1, 0);
  const all = allDenseWeights(network);
  const adam = new Adam(all);
  let sum = Infinity;
  for (let step = 0; step < 400; step++) {
    sum = trainBatch(network, inputs, classes);
    averageGradients(all, classes.length);
    adam.step(0.03);
  }
  assert.ok(sum < 0.1, String(sum));
});
