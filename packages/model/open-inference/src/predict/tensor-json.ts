import { fromBase64, toBase64 } from '@enclos/codec';
import { isJsonArray, isJsonObject, type JsonValue } from '@enclos/codec/json';
import { refuse, refuseUnsupported } from '../refusal.ts';
import { refuseSize, refuseTensor } from '../tensors/check.ts';
import type { Tensor } from '../tensors/tensor.ts';
import { decodeByteStrings } from '../tensors/values.ts';
import { onnxTypeOf } from './onnx-type.ts';
import { addElement, emptyContent, tensorOfContent, type ReadingBounds, type TensorContent } from './tensor-content.ts';

type MemberReader = (content: TensorContent, value: JsonValue, bounds: ReadingBounds) => void;

/**
 * The members of a TensorProto by protobuf's JSON mapping (protobuf.dev/programming-guides/json): integers of 64 bits as strings or
 * numbers, bytes in base64, NaN and infinities as strings.
 */
const members: Readonly<Record<string, MemberReader>> = {
  dims: (content, value, { limits, at }) => {
    const dims = listOf(value, at);
    const { maxDimensions } = limits;
    if (dims.length > maxDimensions) refuseSize(at, `has more than ${maxDimensions} dimensions`, 'maxDimensions');
    content.dims.push(...dims.map((size) => Number(integerOf(size, at))));
  },
  dataType: (content, value, { at }) => {
    content.type = Number(integerOf(value, at));
  },
  rawData: (content, value, { limits, at }) => {
    content.raw = bytesOf(value, limits.maxBytes, at);
  },
  floatData: (content, value, bounds) => addFloats(content.fixed.float, value, { ...bounds, size: 4 }),
  doubleData: (content, value, bounds) => addFloats(content.fixed.double, value, { ...bounds, size: 8 }),
  int32Data: (content, value, bounds) =>
    addAll(content.int32, value, bounds, (item) => Number(integerOf(item, bounds.at))),
  int64Data: (content, value, bounds) =>
    addAll(content.int64, value, bounds, (item) => signed(integerOf(item, bounds.at), bounds.at)),
  uint64Data: (content, value, bounds) =>
    addAll(content.uint64, value, bounds, (item) => unsigned(integerOf(item, bounds.at), bounds.at)),
  stringData: (content, value, bounds) =>
    addAll(content.strings, value, bounds, (item) => bytesOf(item, bounds.limits.maxBytes, bounds.at)),
  name: () => undefined,
  docString: () => undefined,
  dataLocation: (_, value, { at }) => {
    if (value !== 'DEFAULT' && value !== 0) refuseUnsupported(at, 'has its data elsewhere');
  },
};

/** The mapping also accepts the names of the .proto file. */
const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

export function readTensorJson(
  value: JsonValue,
  { name, limits, listed, at }: ReadingBounds & { readonly name: string },
): Tensor {
  if (!isJsonObject(value)) return refuse(at, 'is not an object');
  const content = emptyContent();
  const seen = new Set<string>();
  for (const [given, member] of Object.entries(value)) {
    const canonical = camelCase(given);
    const read = Object.hasOwn(members, canonical) ? members[canonical] : undefined;
    if (read === undefined) return refuse(at, 'has a member that is not known');
    if (seen.has(canonical)) refuse(at, 'has a member twice');
    seen.add(canonical);
    // The mapping reads null as absence.
    if (member !== null) read(content, member, { limits, listed, at });
  }
  return tensorOfContent(content, { name, limits, at });
}

/** As the mapping writes it, with the members in the order of the fields. */
export function tensorProtoJson({ datatype, shape, data }: Tensor): object {
  return {
    dims: shape.map(String),
    dataType: onnxTypeOf(datatype),
    ...(datatype === 'BYTES' ? { stringData: decodeByteStrings(data).map(toBase64) } : { rawData: toBase64(data) }),
    dataLocation: 'DEFAULT',
  };
}

function listOf(value: JsonValue, at: string): readonly JsonValue[] {
  return isJsonArray(value) ? value : refuse(at, 'has a member that is not a list');
}

function addAll<T>(list: T[], value: JsonValue, bounds: ReadingBounds, read: (item: JsonValue) => T): void {
  const items = listOf(value, bounds.at);
  bounds.listed.add(items.length, bounds.at);
  for (const item of items) addElement(list, read(item), bounds);
}

/** An integer, as a number or as a string of its digits. */
function integerOf(value: JsonValue, at: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  return refuse(at, 'has a member that is not an integer');
}

function signed(value: bigint, at: string): bigint {
  return value === BigInt.asIntN(64, value) ? value : refuse(at, 'has an integer of more than 64 bits');
}

function unsigned(value: bigint, at: string): bigint {
  return value === BigInt.asUintN(64, value) ? value : refuse(at, 'has an integer of more than 64 bits');
}

const special: ReadonlyMap<JsonValue, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function addFloats(
  list: Uint8Array[],
  value: JsonValue,
  { size, limits, listed, at }: ReadingBounds & { readonly size: 4 | 8 },
): void {
  const items = listOf(value, at);
  listed.add(items.length, at);
  if (items.length > limits.maxElements) refuseSize(at, `has more than ${limits.maxElements} elements`, 'maxElements');
  const view = new DataView(new ArrayBuffer(size * items.length));
  for (const [index, item] of items.entries()) {
    const number = typeof item === 'number' ? item : special.get(item);
    if (number === undefined) return refuse(at, 'has an element that is not a number');
    if (size === 8) view.setFloat64(8 * index, number, true);
    else view.setFloat32(4 * index, nearestFloat(number, at), true);
  }
  if (items.length > 0) list.push(new Uint8Array(view.buffer));
}

function nearestFloat(number: number, at: string): number {
  const nearest = Math.fround(number);
  if (Number.isFinite(number) && !Number.isFinite(nearest)) refuseTensor(at, 'has an element out of the range of FP32');
  return nearest;
}

function bytesOf(value: JsonValue, maxBytes: number, at: string): Uint8Array {
  if (typeof value !== 'string') return refuse(at, 'has bytes that are not in base64');
  return fromBase64(value, { maxBytes });
}
