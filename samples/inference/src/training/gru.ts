import { weights, type Weights } from './adam.ts';
import {
  addProduct,
  addProductOfTransposed,
  addRow,
  addRows,
  addTransposedProduct,
  crossEntropy,
  randomWeights,
  zeros,
  type Matrix,
} from './matrix.ts';

/**
 * A gated recurrent unit over characters (Cho et al., 2014), in the form of ONNX's operator GRU with `linear_before_reset`: an embedding, the
 * unit, and a layer that scores the next character. Columns of the gates are in ONNX's order: update, reset, hidden.
 */
export interface CharacterNetwork {
  readonly hidden: number;
  readonly embedding: Weights;
  readonly input: Weights;
  readonly recurrent: Weights;
  readonly inputBias: Weights;
  readonly recurrentBias: Weights;
  readonly output: Weights;
  readonly outputBias: Weights;
}

export function characterNetwork(
  size: { readonly characters: number; readonly embedded: number; readonly hidden: number },
  random: () => number,
): CharacterNetwork {
  const { characters, embedded, hidden } = size;
  return {
    hidden,
    embedding: weights(randomWeights(characters, embedded, random)),
    input: weights(randomWeights(embedded, 3 * hidden, random)),
    recurrent: weights(randomWeights(hidden, 3 * hidden, random)),
    inputBias: weights(zeros(1, 3 * hidden)),
    recurrentBias: weights(zeros(1, 3 * hidden)),
    output: weights(randomWeights(hidden, characters, random)),
    outputBias: weights(zeros(1, characters)),
  };
}

export function allWeights(network: CharacterNetwork): readonly Weights[] {
  const { embedding, input, recurrent, inputBias, recurrentBias, output, outputBias } = network;
  return [embedding, input, recurrent, inputBias, recurrentBias, output, outputBias];
}

/** What one step leaves for the way back. */
interface Step {
  readonly characters: Uint8Array;
  readonly embedded: Matrix;
  readonly before: Matrix;
  readonly update: Float32Array;
  readonly reset: Float32Array;
  readonly candidate: Float32Array;
  /** The recurrent part of the candidate, before it is reset. */
  readonly recurrentPart: Float32Array;
  readonly after: Matrix;
  /** Of the scores. */
  readonly slope: Matrix;
}

/**
 * Reads `text[step]` (one character of each sequence) step after step, adds the gradient of predicting `text[step + 1]`, and returns the loss.
 * @param state of each sequence, a row each; changed to the one after the last step
 * @returns the sum of the losses in nats
 */
export function trainSteps(network: CharacterNetwork, text: readonly Uint8Array[], state: Matrix): number {
  const steps: Step[] = [];
  let loss = 0;
  let before: Matrix = { ...state, values: state.values.slice() };
  for (let at = 0; at + 1 < text.length; at++) {
    const [characters, wanted] = [text[at], text[at + 1]];
    if (characters === undefined || wanted === undefined) break;
    const step = forward(network, characters, before);
    loss += crossEntropy(step.slope, wanted);
    steps.push(step);
    before = step.after;
  }
  state.values.set(before.values);
  let slope = zeros(state.rows, state.columns);
  for (const step of steps.toReversed()) slope = backward(network, step, slope);
  return loss;
}

/** @returns the loss without training, as `trainSteps` does */
export function loss(network: CharacterNetwork, text: readonly Uint8Array[], state: Matrix): number {
  let sum = 0;
  for (let at = 0; at + 1 < text.length; at++) {
    const [characters, wanted] = [text[at], text[at + 1]];
    if (characters === undefined || wanted === undefined) break;
    const step = forward(network, characters, { ...state, values: state.values.slice() });
    sum += crossEntropy(step.slope, wanted);
    state.values.set(step.after.values);
  }
  return sum;
}

function forward(network: CharacterNetwork, characters: Uint8Array, before: Matrix): Step {
  const { hidden, embedding, output, outputBias } = network;
  const rows = characters.length;
  const embedded = zeros(rows, embedding.value.columns);
  characters.forEach((character, row) => embedded.values.set(rowOf(embedding.value, character), row * embedded.columns));
  const fromInput = zeros(rows, 3 * hidden);
  addProduct(fromInput, embedded, network.input.value);
  addRow(fromInput, network.inputBias.value);
  const fromState = zeros(rows, 3 * hidden);
  addProduct(fromState, before, network.recurrent.value);
  addRow(fromState, network.recurrentBias.value);
  const size = rows * hidden;
  const [update, reset, candidate, recurrentPart] = [size, size, size, size].map((length) => new Float32Array(length));
  if (!update || !reset || !candidate || !recurrentPart) throw new Error('unreachable');
  const after = zeros(rows, hidden);
  for (let row = 0; row < rows; row++) {
    for (let unit = 0; unit < hidden; unit++) {
      const [at, gate] = [row * hidden + unit, row * 3 * hidden + unit];
      const z = sigmoid((fromInput.values[gate] ?? 0) + (fromState.values[gate] ?? 0));
      const r = sigmoid((fromInput.values[gate + hidden] ?? 0) + (fromState.values[gate + hidden] ?? 0));
      const own = fromState.values[gate + 2 * hidden] ?? 0;
      const h = Math.tanh((fromInput.values[gate + 2 * hidden] ?? 0) + r * own);
      [update[at], reset[at], candidate[at], recurrentPart[at]] = [z, r, h, own];
      after.values[at] = (1 - z) * h + z * (before.values[at] ?? 0);
    }
  }
  const slope = zeros(rows, output.value.columns);
  addProduct(slope, after, output.value);
  addRow(slope, outputBias.value);
  return { characters, embedded, before, update, reset, candidate, recurrentPart, after, slope };
}

/** @returns the slope of the state before */
function backward(network: CharacterNetwork, step: Step, slopeAfter: Matrix): Matrix {
  const { hidden } = network;
  const rows = step.characters.length;
  addTransposedProduct(network.output.gradient, step.after, step.slope);
  addRows(network.outputBias.gradient, step.slope);
  addProductOfTransposed(slopeAfter, step.slope, network.output.value);
  const before = zeros(rows, hidden);
  const [fromInput, fromState] = [zeros(rows, 3 * hidden), zeros(rows, 3 * hidden)];
  for (let row = 0; row < rows; row++) {
    for (let unit = 0; unit < hidden; unit++) {
      const [at, gate] = [row * hidden + unit, row * 3 * hidden + unit];
      const [z, r, h] = [step.update[at] ?? 0, step.reset[at] ?? 0, step.candidate[at] ?? 0];
      const slope = slopeAfter.values[at] ?? 0;
      before.values[at] = slope * z;
      const ofCandidate = slope * (1 - z) * (1 - h * h);
      const ofUpdate = slope * ((step.before.values[at] ?? 0) - h) * z * (1 - z);
      const ofReset = ofCandidate * (step.recurrentPart[at] ?? 0) * r * (1 - r);
      fromInput.values[gate] = fromState.values[gate] = ofUpdate;
      fromInput.values[gate + hidden] = fromState.values[gate + hidden] = ofReset;
      fromInput.values[gate + 2 * hidden] = ofCandidate;
      fromState.values[gate + 2 * hidden] = ofCandidate * r;
    }
  }
  addTransposedProduct(network.input.gradient, step.embedded, fromInput);
  addRows(network.inputBias.gradient, fromInput);
  addTransposedProduct(network.recurrent.gradient, step.before, fromState);
  addRows(network.recurrentBias.gradient, fromState);
  addProductOfTransposed(before, fromState, network.recurrent.value);
  const embedded = zeros(rows, step.embedded.columns);
  addProductOfTransposed(embedded, fromInput, network.input.value);
  step.characters.forEach((character, row) => {
    const gradient = rowOf(network.embedding.gradient, character);
    rowOf(embedded, row).forEach((value, i) => (gradient[i] = (gradient[i] ?? 0) + value));
  });
  return before;
}

function rowOf({ values, columns }: Matrix, row: number): Float32Array {
  return values.subarray(row * columns, (row + 1) * columns);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
