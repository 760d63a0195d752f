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

/** A layer of a network: every input to every output. All but the last are followed by a rectifier. */
export interface DenseLayer {
  readonly weight: Weights;
  readonly bias: Weights;
}

/** @param sizes of the input, of each layer, and of the classes */
export function denseNetwork([inputs = 0, ...sizes]: readonly number[], random: () => number): readonly DenseLayer[] {
  let before = inputs;
  return sizes.map((size) => {
    const weight = weights(randomWeights(before, size, random));
    before = size;
    return { weight, bias: weights(zeros(1, size)) };
  });
}

export function allDenseWeights(network: readonly DenseLayer[]): readonly Weights[] {
  return network.flatMap(({ weight, bias }) => [weight, bias]);
}

/** The scores of each class, for each row of inputs. */
export function scores(network: readonly DenseLayer[], inputs: Matrix): Matrix {
  return throughLayers(network, inputs).scores;
}

/** Adds the gradient of the cross entropy of a batch. @returns the sum of the losses, in nats */
export function trainBatch(network: readonly DenseLayer[], inputs: Matrix, classes: Uint8Array): number {
  const { passed, scores: found } = throughLayers(network, inputs);
  const sum = crossEntropy(found, classes);
  let slope = found;
  for (const { layer, before } of passed.toReversed()) {
    addTransposedProduct(layer.weight.gradient, before, slope);
    addRows(layer.bias.gradient, slope);
    const next = zeros(before.rows, before.columns);
    addProductOfTransposed(next, slope, layer.weight.value);
    // The rectifier lets nothing back where it let nothing through.
    if (before !== inputs) before.values.forEach((value, i) => value <= 0 && (next.values[i] = 0));
    slope = next;
  }
  return sum;
}

/** Each layer with what goes into it, and what leaves the last one. */
function throughLayers(
  network: readonly DenseLayer[],
  inputs: Matrix,
): { readonly passed: readonly { readonly layer: DenseLayer; readonly before: Matrix }[]; readonly scores: Matrix } {
  let before = inputs;
  const passed = network.map((layer, index) => {
    const after = zeros(before.rows, layer.weight.value.columns);
    addProduct(after, before, layer.weight.value);
    addRow(after, layer.bias.value);
    if (index + 1 < network.length) after.values.forEach((value, i) => value < 0 && (after.values[i] = 0));
    const entry = { layer, before };
    before = after;
    return entry;
  });
  return { passed, scores: before };
}
