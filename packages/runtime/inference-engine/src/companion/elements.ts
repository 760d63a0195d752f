import { utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';
import type { Datatype } from '@enclos/open-inference';

/** The elements of a tensor. Strings are the only ones that are not numbers in memory. */
export type NativeData = NumericArray | readonly string[];

export type NumericArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface ElementType {
  /** Its number in ONNX (onnx.proto, TensorProto.DataType). */
  readonly number: number;
  /** Its name in onnxruntime-common. */
  readonly name: string;
  /** Absent for strings. */
  readonly array?: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => NumericArray;
}

/** BF16 is missing: the binding has no tensors of it. */
const types: ReadonlyMap<Datatype, ElementType> = new Map<Datatype, ElementType>([
  ['FP32', { number: 1, name: 'float32', array: Float32Array }],
  ['UINT8', { number: 2, name: 'uint8', array: Uint8Array }],
  ['INT8', { number: 3, name: 'int8', array: Int8Array }],
  ['UINT16', { number: 4, name: 'uint16', array: Uint16Array }],
  ['INT16', { number: 5, name: 'int16', array: Int16Array }],
  ['INT32', { number: 6, name: 'int32', array: Int32Array }],
  ['INT64', { number: 7, name: 'int64', array: BigInt64Array }],
  ['BYTES', { number: 8, name: 'string' }],
  ['BOOL', { number: 9, name: 'bool', array: Uint8Array }],
  ['FP16', { number: 10, name: 'float16', array: Uint16Array }],
  ['FP64', { number: 11, name: 'float64', array: Float64Array }],
  ['UINT32', { number: 12, name: 'uint32', array: Uint32Array }],
  ['UINT64', { number: 13, name: 'uint64', array: BigUint64Array }],
]);
const datatypes = new Map([...types].map(([datatype, { number }]) => [number, datatype]));

/** The datatype with this number in ONNX, unless engines have no tensors of it. */
export function datatypeOf(number: number | undefined): Datatype | undefined {
  return number === undefined ? undefined : datatypes.get(number);
}

/** The number of a datatype in ONNX. */
export function numberOf(datatype: Datatype): number {
  return typeOf(datatype).number;
}

/** The name of a datatype in onnxruntime-common. */
export function nameOf(datatype: Datatype): string {
  return typeOf(datatype).name;
}

/**
 * The elements of a tensor, as a view of its bytes, which begin at a multiple of the element's size. Strings are copied.
 * @throws ENGINE_INPUT_REFUSED for strings that the engine would change.
 */
export function toElements(datatype: Datatype, data: Uint8Array): NativeData {
  const { array } = typeOf(datatype);
  if (array === undefined) return toStrings(data);
  // `BYTES_PER_ELEMENT` is not part of the type of a constructor.
  return new array(data.buffer, data.byteOffset, data.byteLength / sizeOf(array));
}

/** The bytes of an output, as a view of its elements. Strings are copied. */
export function toBytes(elements: NativeData): Uint8Array {
  if (isStrings(elements)) return fromStrings(elements);
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

const isStrings = (elements: NativeData): elements is readonly string[] => Array.isArray(elements);
const sizeOf = (array: object): number => Number(Reflect.get(array, 'BYTES_PER_ELEMENT'));

function typeOf(datatype: Datatype): ElementType {
  const type = types.get(datatype);
  if (type === undefined) throw new EnclosError('ENGINE_INPUT_REFUSED', `The engine has no tensors of ${datatype}.`);
  return type;
}

/** The binding takes strings of JavaScript and passes them on as C strings, so other byte strings would be changed on the way. */
export function toStrings(data: Uint8Array): readonly string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const strings: string[] = [];
  for (let at = 0; at < data.byteLength;) {
    const length = view.getUint32(at, true);
    const text = decodeText(data.subarray(at + 4, at + 4 + length));
    if (text === undefined || text.includes('\0')) {
      throw new EnclosError(
        'ENGINE_INPUT_REFUSED',
        'The engine takes text in UTF-8 without zero bytes, not other byte strings.',
      );
    }
    strings.push(text);
    at += 4 + length;
  }
  return strings;
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

export function fromStrings(strings: readonly string[]): Uint8Array {
  const encoded = strings.map((text) => utf8(text));
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of encoded) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}
