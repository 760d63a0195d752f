import { writeModel, type GraphNode } from '@enclos/inference-models/graphs';
import { tensorOf, type Tensor } from '@enclos/open-inference';
import { side } from '../training/digit-images.ts';
import type { Matrix } from '../training/matrix.ts';

/**
 * The ONNX file of a network of dense layers: `input`, FP32 of [n, 1, 8, 8] from 0 (paper) to 1 (ink), to `scores`, FP32 of
 * [n, classes].
 *
 * @param weights of each layer, and its bias, as `allDenseWeights` lists them
 */
export function writeDigitsModel(weights: readonly Matrix[]): Uint8Array {
  const nodes: GraphNode[] = [{ operator: 'Flatten', inputs: ['input'], outputs: ['pixels'] }];
  const initializers: Tensor[] = [];
  const layers = layersOf(weights);
  let from = 'pixels';
  for (const [index, { weight, bias }] of layers.entries()) {
    const names = { weight: `weight${index}`, bias: `bias${index}` };
    initializers.push(
      tensorOf(names.weight, 'FP32', weight.values, [weight.rows, weight.columns]),
      tensorOf(names.bias, 'FP32', bias.values),
    );
    const isLast = index === layers.length - 1;
    const sum = isLast ? 'scores' : `sum${index}`;
    nodes.push({ operator: 'Gemm', inputs: [from, names.weight, names.bias], outputs: [sum] });
    if (isLast) break;
    from = `layer${index}`;
    nodes.push({ operator: 'Relu', inputs: [sum], outputs: [from] });
  }
  return writeModel({
    name: 'digits',
    nodes,
    initializers,
    inputs: [{ name: 'input', datatype: 'FP32', shape: ['n', 1, side, side] }],
    outputs: [{ name: 'scores', datatype: 'FP32', shape: ['n', weights.at(-1)?.columns ?? 0] }],
  });
}

interface LayerWeights {
  readonly weight: Matrix;
  readonly bias: Matrix;
}

function layersOf(weights: readonly Matrix[]): readonly LayerWeights[] {
  const layers: LayerWeights[] = [];
  for (let index = 0; index < weights.length; index += 2) {
    const [weight, bias] = weights.slice(index, index + 2);
    if (weight?.columns !== bias?.columns || weight === undefined || bias === undefined) {
      throw new Error('The weights are not those of dense layers.');
    }
    layers.push({ weight, bias });
  }
  return layers;
}
