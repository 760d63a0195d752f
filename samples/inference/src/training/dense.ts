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
export function denseNetwork(sizes: readonly number[], random: () => number): readonly DenseLayer[] {
  return sizes.slice(1).map((size, i) => ({
    weight: weights(randomWeights(sizes[i] ?? 0, size, random)),
    bias: weights(zeros(1, size)),
  }));
}

/** The scores of each class, for each row of inputs. */
export function scores(network: readonly DenseLayer[], inputs: Matrix): Matrix {
  return valuesOf(network, inputs).at(-1) ?? inputs;
}

/** Adds the gradient of the cross entropy of a batch. @returns the sum of the losses, in nats */
export function trainBatch(network: readonly DenseLayer[], inputs: Matrix, classes: Uint8Array): number {
  const values = valuesOf(network, inputs);
  let slope = values.at(-1) ?? inputs;
  const sum = crossEntropy(slope, classes);
  for (const [index, { weight, bias }] of [...network.entries()].toReversed()) {
    const before = values[index] ?? inputs;
    addTransposedProduct(weight.gradient, before, slope);
    addRows(bias.gradient, slope);
    const next = zeros(before.rows, before.columns);
    addProductOfTransposed(next, slope, weight.value);
    // The rectifier lets nothing back where it let nothing through.
    if (index > 0) before.values.forEach((value, i) => value <= 0 && (next.values[i] = 0));
    slope = next;
  }
  return sum;
}

/** The inputs, and what each layer makes of them. */
function valuesOf(network: readonly DenseLayer[], inputs: Matrix): readonly Matrix[] {
  const values = [inputs];
  for (const [index, { weight, bias }] of network.entries()) {
    const before = values[index] ?? inputs;
    const after = zeros(before.rows, weight.value.columns);
    addProduct(after, before, weight.value);
    addRow(after, bias.value);
    if (index + 1 < network.length) after.values.forEach((value, i) => value < 0 && (after.values[i] = 0));
    values.push(after);
  }
  return values;
}
