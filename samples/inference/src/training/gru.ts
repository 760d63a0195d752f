import { weights, type Weights } from './adam.ts';
import {
  addProduct,
  addProductOfTransposed,
  addRow,
  addRows,
  addTransposedProduct,
  at,
  crossEntropy,
  randomWeights,
  rowOf,
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
  /** The slope of the loss by the scores. */
  readonly slope: Matrix;
}

/**
 * Reads `text[step]` (one character of each sequence) step after step, adds the gradient of predicting `text[step + 1]`, and returns the loss.
 * @param state of each sequence, a row each; changed to the one after the last step
 * @returns the sum of the losses in nats
 */
export function trainSteps(network: CharacterNetwork, text: readonly Uint8Array[], state: Matrix): number {
  const steps: Step[] = [];
  const sum = readOn(network, text, state, (step) => steps.push(step));
  let slope = zeros(state.rows, state.columns);
  for (const step of steps.toReversed()) slope = backward(network, step, slope);
  return sum;
}

/** @returns the loss without training, as `trainSteps` does */
export function loss(network: CharacterNetwork, text: readonly Uint8Array[], state: Matrix): number {
  return readOn(network, text, state, () => undefined);
}

/** Predicts each step of a text by those before it. @returns the sum of the losses */
function readOn(
  network: CharacterNetwork,
  text: readonly Uint8Array[],
  state: Matrix,
  onStep: (step: Step) => void,
): number {
  let sum = 0;
  let before: Matrix = { ...state, values: state.values.slice() };
  let characters = text[0];
  for (const wanted of text.slice(1)) {
    if (characters === undefined) break;
    const step = forward(network, characters, before);
    sum += crossEntropy(step.slope, wanted);
    onStep(step);
    before = step.after;
    characters = wanted;
  }
  state.values.set(before.values);
  return sum;
}

/** @returns the scores of each next character, by the rows of `state`, which it moves on */
export function characterScores(network: CharacterNetwork, characters: Uint8Array, state: Matrix): Matrix {
  const { slope, after } = forward(network, characters, { ...state, values: state.values.slice() });
  state.values.set(after.values);
  return slope;
}

function forward(network: CharacterNetwork, characters: Uint8Array, before: Matrix): Step {
  const { hidden, embedding, output, outputBias } = network;
  const rows = characters.length;
  const embedded = zeros(rows, embedding.value.columns);
  characters.forEach((character, row) =>
    embedded.values.set(rowOf(embedding.value, character), row * embedded.columns),
  );
  const fromInput = zeros(rows, 3 * hidden);
  addProduct(fromInput, embedded, network.input.value);
  addRow(fromInput, network.inputBias.value);
  const fromState = zeros(rows, 3 * hidden);
  addProduct(fromState, before, network.recurrent.value);
  addRow(fromState, network.recurrentBias.value);
  const size = rows * hidden;
  const [update, reset] = [new Float32Array(size), new Float32Array(size)];
  const [candidate, recurrentPart] = [new Float32Array(size), new Float32Array(size)];
  const after = zeros(rows, hidden);
  for (let row = 0; row < rows; row++) {
    const [inputs, states] = [rowOf(fromInput, row), rowOf(fromState, row)];
    for (let unit = 0; unit < hidden; unit++) {
      const place = row * hidden + unit;
      const z = sigmoid(at(inputs, unit) + at(states, unit));
      const r = sigmoid(at(inputs, unit + hidden) + at(states, unit + hidden));
      const own = at(states, unit + 2 * hidden);
      const h = Math.tanh(at(inputs, unit + 2 * hidden) + r * own);
      [update[place], reset[place], candidate[place], recurrentPart[place]] = [z, r, h, own];
      after.values[place] = (1 - z) * h + z * at(before.values, place);
    }
  }
  const slope = zeros(rows, output.value.columns);
  addProduct(slope, after, output.value);
  addRow(slope, outputBias.value);
  return { characters, embedded, before, update, reset, candidate, recurrentPart, after, slope };
}

/** @returns the slope of the state before */
function backward(network: CharacterNetwork, step: Step, slopeAfter: Matrix): Matrix {
  addTransposedProduct(network.output.gradient, step.after, step.slope);
  addRows(network.outputBias.gradient, step.slope);
  addProductOfTransposed(slopeAfter, step.slope, network.output.value);
  const { before, fromInput, fromState } = gateSlopes(step, slopeAfter);
  addTransposedProduct(network.input.gradient, step.embedded, fromInput);
  addRows(network.inputBias.gradient, fromInput);
  addTransposedProduct(network.recurrent.gradient, step.before, fromState);
  addRows(network.recurrentBias.gradient, fromState);
  addProductOfTransposed(before, fromState, network.recurrent.value);
  const embedded = zeros(step.embedded.rows, step.embedded.columns);
  addProductOfTransposed(embedded, fromInput, network.input.value);
  step.characters.forEach((character, row) => {
    const gradient = rowOf(network.embedding.gradient, character);
    rowOf(embedded, row).forEach((value, i) => (gradient[i] = at(gradient, i) + value));
  });
  return before;
}

/** The slopes of what goes into the gates, and of the state before as far as it goes around them. */
function gateSlopes(step: Step, slopeAfter: Matrix): Record<'before' | 'fromInput' | 'fromState', Matrix> {
  const { rows, columns: hidden } = slopeAfter;
  const before = zeros(rows, hidden);
  const [fromInput, fromState] = [zeros(rows, 3 * hidden), zeros(rows, 3 * hidden)];
  for (let row = 0; row < rows; row++) {
    const [inputs, states] = [rowOf(fromInput, row), rowOf(fromState, row)];
    for (let unit = 0; unit < hidden; unit++) {
      const place = row * hidden + unit;
      const [z, r, h] = [at(step.update, place), at(step.reset, place), at(step.candidate, place)];
      const slope = at(slopeAfter.values, place);
      before.values[place] = slope * z;
      const ofCandidate = slope * (1 - z) * (1 - h * h);
      inputs[unit] = states[unit] = slope * (at(step.before.values, place) - h) * z * (1 - z);
      inputs[unit + hidden] = states[unit + hidden] = ofCandidate * at(step.recurrentPart, place) * r * (1 - r);
      inputs[unit + 2 * hidden] = ofCandidate;
      states[unit + 2 * hidden] = ofCandidate * r;
    }
  }
  return { before, fromInput, fromState };
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
