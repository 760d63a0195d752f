import { refuse } from '../refusal.ts';
import { checkTensor, refuseSize } from '../tensors/check.ts';
import { elementSize } from '../tensors/datatype.ts';
import type { Tensor, TensorFacts, TensorLimits } from '../tensors/tensor.ts';
import { encodeByteStrings } from '../tensors/values.ts';

/**
 * The input of a request whose whole body is data (Triton: header length 0). The model says what it is, so it needs exactly one
 * input, with one variable dimension at most, whose size follows from the length. BYTES are one string: the body.
 *
 * @throws INFERENCE_MESSAGE_INVALID when the shape cannot be known, INFERENCE_TENSOR_INVALID when the length does not fit it.
 */
export function rawTensor(body: Uint8Array, modelInputs: readonly TensorFacts[], limits: TensorLimits): Tensor {
  const [facts, ...others] = modelInputs;
  if (facts === undefined || others.length > 0) {
    return refuse('the body', 'has no JSON, which is only for models with one input');
  }
  if (body.length > limits.maxBytes) refuseSize('the body', `has more than ${limits.maxBytes} bytes`, 'maxBytes');
  const { name, datatype, shape } = facts;
  const data = datatype === 'BYTES' ? encodeByteStrings([body]) : body;
  const count = datatype === 'BYTES' ? 1 : Math.floor(body.length / elementSize(datatype));
  const tensor = { name, datatype, shape: shapeOf(shape, count), data };
  checkTensor(tensor, limits, 'the body');
  return Object.freeze(tensor);
}

function shapeOf(shape: readonly number[], count: number): readonly number[] {
  const fixed = shape.filter((size) => size >= 0).reduce((product, size) => product * size, 1);
  const variable = shape.length - shape.filter((size) => size >= 0).length;
  if (variable > 1) refuse('the body', 'has no JSON, and the shape of the input has several variable dimensions');
  // A size that is not an integer is refused with the tensor.
  return Object.freeze(shape.map((size) => (size >= 0 ? size : fixed === 0 ? 0 : count / fixed)));
}
