import { writeModel } from '@enclos/inference-models/graphs';
import { tensorOf, type Tensor } from '@enclos/open-inference';
import { transposed, type Matrix } from '../training/matrix.ts';

/**
 * The ONNX file of a character network: `tokens`, INT64 of [1, steps], and `state`, FP32 of [1, 1, hidden], to `scores` of the
 * character after each step, FP32 of [steps, characters], and `next`, the state after the last step.
 *
 * @param weights as `allWeights` of the network lists them
 */
export function writeCharactersModel(weights: readonly Matrix[]): Uint8Array {
  const [embedding, input, recurrent, inputBias, recurrentBias, output, outputBias] = weights;
  if (!embedding || !input || !recurrent || !inputBias || !recurrentBias || !output || !outputBias) {
    throw new Error('The weights are not those of a character network.');
  }
  const hidden = recurrent.rows;
  const characters = output.columns;
  // The operator GRU takes its weights as rows of gates, for each direction, and both biases in one list.
  const gates = (name: string, matrix: Matrix): Tensor => {
    const { rows, columns, values } = transposed(matrix);
    return tensorOf(name, 'FP32', values, [1, rows, columns]);
  };
  const biases = Float32Array.of(...inputBias.values, ...recurrentBias.values);
  return writeModel({
    name: 'characters',
    nodes: [
      { operator: 'Gather', inputs: ['embedding', 'tokens'], outputs: ['embedded'] },
      // GRU wants the steps first, and then the sequences of the batch.
      { operator: 'Transpose', inputs: ['embedded'], outputs: ['steps'], attributes: { perm: [1n, 0n, 2n] } },
      {
        operator: 'GRU',
        inputs: ['steps', 'W', 'R', 'B', '', 'state'],
        outputs: ['hidden', 'next'],
        attributes: { hidden_size: BigInt(hidden), linear_before_reset: 1n },
      },
      { operator: 'Reshape', inputs: ['hidden', 'flat'], outputs: ['rows'] },
      { operator: 'Gemm', inputs: ['rows', 'output', 'outputBias'], outputs: ['scores'] },
    ],
    initializers: [
      tensorOf('embedding', 'FP32', embedding.values, [embedding.rows, embedding.columns]),
      gates('W', input),
      gates('R', recurrent),
      tensorOf('B', 'FP32', biases, [1, biases.length]),
      tensorOf('flat', 'INT64', BigInt64Array.of(-1n, BigInt(hidden))),
      tensorOf('output', 'FP32', output.values, [hidden, characters]),
      tensorOf('outputBias', 'FP32', outputBias.values),
    ],
    inputs: [
      { name: 'tokens', datatype: 'INT64', shape: [1, 'steps'] },
      { name: 'state', datatype: 'FP32', shape: [1, 1, hidden] },
    ],
    outputs: [
      { name: 'scores', datatype: 'FP32', shape: ['steps', characters] },
      { name: 'next', datatype: 'FP32', shape: [1, 1, hidden] },
    ],
  });
}
