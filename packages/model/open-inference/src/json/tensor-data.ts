import { countElements, refuseSize, refuseTensor } from '../tensors/check.ts';
import { elementSize, type Datatype } from '../tensors/datatype.ts';
import type { TensorLimits } from '../tensors/tensor.ts';
import { elementReader } from './elements.ts';
import type { JsonByteScanner } from './scanner.ts';

const openList = '['.charCodeAt(0);

/**
 * Reads the data of a tensor: a flat array of all its elements in row-major order, or arrays nested by its shape. Any other nesting
 * is refused, and so is a count of elements that is not the product of the shape.
 *
 * @returns the data in the form of `Tensor.data`.
 * @throws INFERENCE_TENSOR_INVALID or INFERENCE_LIMIT_EXCEEDED, and what the scanner throws.
 */
export function readTensorData(
  scanner: JsonByteScanner,
  { datatype, shape }: { readonly datatype: Datatype; readonly shape: readonly number[] },
  { limits, at }: { readonly limits: TensorLimits; readonly at: string },
): Uint8Array {
  const count = countElements(shape, limits, at);
  requireWithin(count * elementSize(datatype), limits, at);
  // An element takes a byte at least, and a comma or a bracket after it: a short text allocates no long tensor.
  if (2 * count > scanner.bytes.length - scanner.at) refuseTensor(at, 'has fewer elements than its shape says');
  const { take, finish } = elementReader(scanner, datatype, { count, at });
  let index = 0;
  const takeNext = (): void => {
    if (index === count) refuseTensor(at, 'has more elements than its shape says');
    take(index);
    index += 1;
  };
  const readLevel = (depth: number): void => {
    const isInnermost = depth === shape.length - 1;
    let length = 0;
    scanner.items(() => {
      length += 1;
      if (isInnermost) takeNext();
      else readLevel(depth + 1);
    });
    if (length !== shape[depth]) refuseTensor(at, 'has data that is nested otherwise than its shape says');
  };
  if (shape.length > 1 && isNested(scanner)) readLevel(0);
  else scanner.items(takeNext);
  if (index !== count) refuseTensor(at, 'has fewer elements than its shape says');
  const data = finish();
  requireWithin(data.length, limits, at);
  return data;
}

function requireWithin(sizeBytes: number, { maxBytes }: TensorLimits, at: string): void {
  if (sizeBytes > maxBytes) refuseSize(at, `has more than ${maxBytes} bytes`, 'maxBytes');
}

/** True when the first item of the array that comes next is an array. The scanner stays where it is. */
function isNested(scanner: JsonByteScanner): boolean {
  const start = scanner.at;
  scanner.need('[');
  const isArray = scanner.peek() === openList;
  scanner.at = start;
  return isArray;
}
