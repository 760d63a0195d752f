import { refuse } from '../refusal.ts';
import { checkTensor, countElements, refuseSize, refuseTensor } from '../tensors/check.ts';
import { elementSize, type Datatype } from '../tensors/datatype.ts';
import type { ListedElements } from '../tensors/listed.ts';
import type { Tensor, TensorLimits } from '../tensors/tensor.ts';
import { encodeByteStrings } from '../tensors/values.ts';
import { datatypeOfOnnx, fieldOf, type ElementField } from './onnx-type.ts';

/**
 * What a TensorProto said, in protobuf or in JSON. Lists are collected up to the elements that the limits allow, so that a tensor
 * is refused before it is large.
 */
export interface TensorContent {
  type: number;
  readonly dims: number[];
  raw: Uint8Array | undefined;
  /** Elements of FP32 and FP64, little-endian. */
  readonly fixed: { readonly float: Uint8Array[]; readonly double: Uint8Array[] };
  readonly int32: number[];
  readonly int64: bigint[];
  readonly uint64: bigint[];
  readonly strings: Uint8Array[];
}

export function emptyContent(): TensorContent {
  return {
    type: 0,
    dims: [],
    raw: undefined,
    fixed: { float: [], double: [] },
    int32: [],
    int64: [],
    uint64: [],
    strings: [],
  };
}

/** What bounds the reading of a tensor, and its name for messages. */
export interface ReadingBounds {
  readonly limits: TensorLimits;
  /** Counts what is read one by one, over all tensors of the message. */
  readonly listed: ListedElements;
  readonly at: string;
}

/** Adds to a list of a tensor. @throws INFERENCE_LIMIT_EXCEEDED beyond the elements of a tensor. */
export function addElement<T>(list: T[], value: T, { limits, at }: Pick<ReadingBounds, 'limits' | 'at'>): void {
  if (list.length === limits.maxElements) refuseSize(at, `has more than ${limits.maxElements} elements`, 'maxElements');
  list.push(value);
}

/** The integers of an `int32_data` that a datatype has. FP16 and BF16 are there by their bits. */
const int32Ranges: Readonly<Partial<Record<Datatype, readonly [minimum: number, maximum: number]>>> = {
  BOOL: [0, 1],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  FP16: [0, 65_535],
  BF16: [0, 65_535],
};

/**
 * The tensor of a TensorProto. Its elements are in `raw_data`, or in the field of its datatype; never in both, and never in another
 * field.
 *
 * @throws INFERENCE_MESSAGE_INVALID, INFERENCE_TENSOR_INVALID or INFERENCE_LIMIT_EXCEEDED.
 */
export function tensorOfContent(
  content: TensorContent,
  { name, limits, at }: { readonly name: string; readonly limits: TensorLimits; readonly at: string },
): Tensor {
  const datatype = datatypeOfOnnx(content.type);
  if (datatype === undefined) return refuseTensor(at, 'has an unknown datatype');
  const shape = Object.freeze([...content.dims]);
  countElements(shape, limits, at);
  const tensor = { name, datatype, shape, data: dataOf(content, datatype, at) };
  checkTensor(tensor, limits, at);
  return Object.freeze(tensor);
}

function dataOf(content: TensorContent, datatype: Datatype, at: string): Uint8Array {
  const own = fieldOf(datatype);
  const filled = filledFields(content);
  if (filled.some((field) => field !== own)) refuse(at, 'has elements in a field of another datatype');
  if (content.raw === undefined) return dataOfField(content, datatype, at);
  if (filled.length > 0) refuse(at, 'has elements both raw and in a field');
  // onnx.proto: raw_data has no form for strings.
  if (datatype === 'BYTES') refuse(at, 'has strings as raw data');
  return content.raw;
}

function filledFields({ fixed, int32, int64, uint64, strings }: TensorContent): readonly ElementField[] {
  const lists = { float: fixed.float, double: fixed.double, int32, int64, uint64, string: strings };
  const names: readonly ElementField[] = ['float', 'double', 'int32', 'int64', 'uint64', 'string'];
  return names.filter((name) => lists[name].length > 0);
}

function dataOfField(content: TensorContent, datatype: Datatype, at: string): Uint8Array {
  const { fixed, int64, uint64, strings } = content;
  switch (fieldOf(datatype)) {
    case 'float':
      return joined(fixed.float);
    case 'double':
      return joined(fixed.double);
    case 'string':
      return encodeByteStrings(strings);
    case 'int64':
      return wideData(int64, datatype, at);
    case 'uint64':
      return wideData(uint64, datatype, at);
    default:
      return narrowData(content.int32, datatype, at);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

function narrowData(values: readonly number[], datatype: Datatype, at: string): Uint8Array {
  const size = elementSize(datatype);
  const [minimum, maximum] = int32Ranges[datatype] ?? [0, -1];
  const data = new Uint8Array(values.length * size);
  const view = new DataView(data.buffer);
  for (const [index, value] of values.entries()) {
    if (value < minimum || value > maximum) refuseTensor(at, `has an element out of the range of ${datatype}`);
    if (size === 1) view.setUint8(index, value);
    else if (size === 2) view.setUint16(2 * index, value, true);
    else view.setInt32(4 * index, value, true);
  }
  return data;
}

function wideData(values: readonly bigint[], datatype: Datatype, at: string): Uint8Array {
  const size = elementSize(datatype);
  const data = new Uint8Array(values.length * size);
  const view = new DataView(data.buffer);
  for (const [index, value] of values.entries()) {
    if (size === 8) view.setBigUint64(8 * index, BigInt.asUintN(64, value), true);
    else if (value < 2n ** 32n) view.setUint32(4 * index, Number(value), true);
    else refuseTensor(at, `has an element out of the range of ${datatype}`);
  }
  return data;
}
