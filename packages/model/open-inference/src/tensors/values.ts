import '../errors.ts';
import { utf8, viewOf } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { checkTensor, refuseTensor } from './check.ts';
import { narrowedBits, widenedBits, type SmallDatatype } from './half.ts';
import { defaultTensorLimits, type Tensor } from './tensor.ts';

/** The typed array of each datatype whose elements JavaScript has. BOOL is 0 and 1, FP16 and BF16 are their bits. */
interface TypedArrays {
  readonly BOOL: Uint8Array;
  readonly INT8: Int8Array;
  readonly INT16: Int16Array;
  readonly INT32: Int32Array;
  readonly INT64: BigInt64Array;
  readonly UINT8: Uint8Array;
  readonly UINT16: Uint16Array;
  readonly UINT32: Uint32Array;
  readonly UINT64: BigUint64Array;
  readonly FP16: Uint16Array;
  readonly BF16: Uint16Array;
  readonly FP32: Float32Array;
  readonly FP64: Float64Array;
}

export type NumericDatatype = keyof TypedArrays;
/** The elements of a tensor that is not of BYTES. */
export type TensorValues = TypedArrays[NumericDatatype];

type Constructors = {
  readonly [D in NumericDatatype]: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBufferLike, offset: number, length: number): TypedArrays[D];
  };
};

const constructors: Constructors = {
  BOOL: Uint8Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Typed arrays have the order of the machine; data is little-endian. */
function inMachineOrder(data: Uint8Array, size: number): Uint8Array {
  if (isLittleEndian) return data;
  const swapped = data.slice();
  for (let at = 0; at < swapped.length; at += size) swapped.subarray(at, at + size).reverse();
  return swapped;
}

/**
 * The elements of a tensor as a typed array: a view of `data` where that is aligned, a copy otherwise.
 *
 * @throws INFERENCE_TENSOR_INVALID when the tensor has another datatype.
 * @example
 * import { tensorOf, valuesOf } from '@enclos/open-inference';
 *
 * const scores = tensorOf('scores', 'FP32', Float32Array.of(0.25, 0.75));
 * console.log(valuesOf(scores, 'FP32')[1]);
 */
export function valuesOf<D extends NumericDatatype>(tensor: Tensor, datatype: D): TypedArrays[D] {
  if (tensor.datatype !== datatype) refuseTensor('the tensor', `is not of ${datatype}`);
  return elementsOf(tensor.data, datatype);
}

export function elementsOf<D extends NumericDatatype>(bytes: Uint8Array, datatype: D): TypedArrays[D] {
  const constructor: Constructors[D] = constructors[datatype];
  const size = constructor.BYTES_PER_ELEMENT;
  const ordered = inMachineOrder(bytes, size);
  // A Node Buffer is a Uint8Array whose slice() shares memory: this one's copies.
  const data = ordered.byteOffset % size === 0 ? ordered : Uint8Array.prototype.slice.call(ordered);
  return new constructor(data.buffer, data.byteOffset, data.byteLength / size);
}

/**
 * A tensor over the memory of a typed array, without a copy on machines whose order is little-endian.
 *
 * @param shape default: one dimension.
 * @throws INFERENCE_TENSOR_INVALID or INFERENCE_LIMIT_EXCEEDED when the values do not fill the shape.
 * @example
 * import { tensorOf } from '@enclos/open-inference';
 *
 * const image = tensorOf('image', 'FP32', new Float32Array(784), [1, 28, 28]);
 * console.log(image.shape);
 */
export function tensorOf<D extends NumericDatatype>(
  name: string,
  datatype: D,
  values: TypedArrays[D],
  shape: readonly number[] = [values.length],
): Tensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return checkedTensor({ name, datatype, shape, data: inMachineOrder(bytes, values.BYTES_PER_ELEMENT) });
}

/** A tensor of FP16 or BF16 of the nearest numbers, ties to even. A NaN keeps the upper part of its payload. */
export function smallFloatTensorOf(
  name: string,
  datatype: SmallDatatype,
  values: Float32Array,
  shape: readonly number[] = [values.length],
): Tensor {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return tensorOf(
    name,
    datatype,
    Uint16Array.from(bits, (wide) => narrowedBits(datatype, wide)),
    shape,
  );
}

/**
 * The elements of a tensor of FP32 (a view where it is aligned), FP16 or BF16 (widened, exactly; a NaN keeps its payload).
 *
 * @throws INFERENCE_TENSOR_INVALID for another datatype.
 */
export function floatsOf(tensor: Tensor): Float32Array {
  const { datatype, data } = tensor;
  if (datatype === 'FP32') return elementsOf(data, 'FP32');
  if (datatype !== 'FP16' && datatype !== 'BF16') return refuseTensor('the tensor', 'is not of FP32, FP16 or BF16');
  return widened(datatype, data);
}

function widened(datatype: SmallDatatype, data: Uint8Array): Float32Array {
  const bits = Uint32Array.from(elementsOf(data, datatype), (small) => widenedBits(datatype, small));
  return new Float32Array(bits.buffer);
}

/** A tensor of BYTES; texts become UTF-8. */
export function bytesTensorOf(
  name: string,
  values: readonly (Uint8Array | string)[],
  shape: readonly number[] = [values.length],
): Tensor {
  return checkedTensor({ name, datatype: 'BYTES', shape, data: encodeByteStrings(values) });
}

/** Each as its length and its bytes, the form of `Tensor.data`. */
export function encodeByteStrings(values: readonly (Uint8Array | string)[]): Uint8Array {
  const strings = values.map((value) => (typeof value === 'string' ? utf8(value) : value));
  const data = new Uint8Array(strings.reduce((sum, bytes) => sum + 4 + bytes.length, 0));
  const view = viewOf(data);
  let at = 0;
  for (const bytes of strings) {
    view.setUint32(at, bytes.length, true);
    data.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  return data;
}

/**
 * The elements of a tensor of BYTES: views.
 *
 * @throws INFERENCE_TENSOR_INVALID for another datatype, or data that does not hold them.
 */
export function byteStringsOf(tensor: Tensor): readonly Uint8Array[] {
  if (tensor.datatype !== 'BYTES') refuseTensor('the tensor', 'is not of BYTES');
  checkTensor(tensor, { ...defaultTensorLimits, maxBytes: tensor.data.length });
  return decodeByteStrings(tensor.data);
}

/** For data that `checkTensor` accepted. */
export function decodeByteStrings(data: Uint8Array): readonly Uint8Array[] {
  const view = viewOf(data);
  const strings: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    strings.push(data.subarray(start, at));
  }
  return strings;
}

/** The elements of a tensor of BYTES as text. @throws CODEC_INVALID for one that is not UTF-8. */
export function textsOf(tensor: Tensor): readonly string[] {
  return byteStringsOf(tensor).map(decodeUtf8);
}

function checkedTensor(tensor: Tensor): Tensor {
  checkTensor(tensor, {
    ...defaultTensorLimits,
    maxBytes: tensor.data.length,
    maxElements: Math.max(tensor.data.length, defaultTensorLimits.maxElements),
  });
  return Object.freeze(tensor);
}
