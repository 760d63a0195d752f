import '../errors.ts';
import { viewOf } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { elementSize, isDatatype } from './datatype.ts';
import { defaultTensorLimits, maximumNameLength, type Tensor, type TensorLimits } from './tensor.ts';

/** @throws INFERENCE_TENSOR_INVALID always. @param at names the tensor by its place in the message, such as `inputs[0]`. */
export function refuseTensor(at: string, problem: string): never {
  throw new EnclosError('INFERENCE_TENSOR_INVALID', `${at} ${problem}.`, { details: { at } });
}

/** @throws INFERENCE_LIMIT_EXCEEDED always. @param bound names the limit, as `TensorLimits` does. */
export function refuseSize(at: string, problem: string, bound: string): never {
  throw new EnclosError('INFERENCE_LIMIT_EXCEEDED', `${at} ${problem} (${bound}).`, { details: { at, bound } });
}

/**
 * How many elements a shape has. No dimensions make one element, a dimension of 0 makes none.
 *
 * The product is compared with the limit after each factor, so it never leaves the range of exact integers.
 *
 * @throws INFERENCE_TENSOR_INVALID for a dimension that is negative or not an integer.
 * @throws INFERENCE_LIMIT_EXCEEDED for too many dimensions or elements, also where another dimension is 0.
 */
export function countElements(
  shape: readonly number[],
  limits: TensorLimits = defaultTensorLimits,
  at = 'the tensor',
): number {
  const { maxDimensions, maxElements } = limits;
  if (shape.length > maxDimensions) refuseSize(at, `has more than ${maxDimensions} dimensions`, 'maxDimensions');
  let count = 1;
  let isEmpty = false;
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) refuseTensor(at, 'has a dimension that is negative or not an integer');
    if (size === 0) isEmpty = true;
    else count *= size;
    if (count > maxElements) refuseSize(at, `has more than ${maxElements} elements`, 'maxElements');
  }
  return isEmpty ? 0 : count;
}

/**
 * Whether a model takes a tensor of this shape. Engines report no dimensions for a scalar and for a tensor of any number of dimensions
 * alike, so any shape fits no dimensions: which it is the engine knows, and checks.
 *
 * @param wanted as in `TensorFacts`.
 */
export function fitsShape(shape: readonly number[], wanted: readonly number[]): boolean {
  if (wanted.length === 0) return true;
  return shape.length === wanted.length && wanted.every((size, axis) => size < 0 || size === shape[axis]);
}

/**
 * Checks that a tensor is what it says: a known datatype, a shape within the limits, data of exactly that many elements, truth
 * values of 0 and 1, and byte strings that fill the data.
 *
 * @param at names the tensor in messages by its place, since its own name comes from the other side.
 * @returns the number of elements.
 * @throws INFERENCE_TENSOR_INVALID or INFERENCE_LIMIT_EXCEEDED.
 * @example
 * import { checkTensor } from '@enclos/open-inference';
 *
 * console.log(checkTensor({ name: 'x', datatype: 'FP32', shape: [1, 2], data: new Uint8Array(8) })); // 2
 */
export function checkTensor(tensor: Tensor, limits: TensorLimits = defaultTensorLimits, at = 'the tensor'): number {
  const { name, datatype, shape, data } = tensor;
  if (name.length === 0 || name.length > maximumNameLength) {
    refuseTensor(at, `needs a name of 1 to ${maximumNameLength} characters`);
  }
  if (!isDatatype(datatype)) refuseTensor(at, 'has an unknown datatype');
  const count = countElements(shape, limits, at);
  if (data.byteLength > limits.maxBytes) refuseSize(at, `has more than ${limits.maxBytes} bytes`, 'maxBytes');
  if (datatype === 'BYTES') checkByteStrings(data, count, at);
  else checkSize(data, count * elementSize(datatype), at);
  if (datatype === 'BOOL' && data.some((byte) => byte > 1)) refuseTensor(at, 'has a truth value other than 0 and 1');
  return count;
}

function checkSize(data: Uint8Array, wanted: number, at: string): void {
  if (data.byteLength !== wanted) refuseTensor(at, `has ${data.byteLength} bytes, and its shape needs ${wanted}`);
}

/** Each element takes at least the four bytes of its length, so the loop ends before the data does. */
function checkByteStrings(data: Uint8Array, count: number, at: string): void {
  const view = viewOf(data);
  let offset = 0;
  for (let index = 0; index < count; index++) {
    if (data.byteLength - offset < 4) refuseTensor(at, 'ends before its last byte string does');
    const length = view.getUint32(offset, true);
    offset += 4;
    if (length > data.byteLength - offset) refuseTensor(at, 'has a byte string that is longer than its data');
    offset += length;
  }
  if (offset !== data.byteLength) refuseTensor(at, 'has bytes after its last byte string');
}
