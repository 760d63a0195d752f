import type { BasicTypeName } from '@enclos/edl-compiler';
import type { EdlValue, NumberArray } from '../arena/values.ts';
import type { SequenceForm, Spot, ValueForm } from './form.ts';
import { refuse } from '../arena/refusal.ts';
import type { Scalar } from './scalars.ts';

/** What an element of an array takes here, beside what it leads to. */
const SLOT_BYTES = 16;

/** Elements of which each is bytes: a Uint8Array of all of them. */
export function byteSequence(elementBytes: number): SequenceForm {
  return {
    elementBytes,
    cost: 0,
    count(value, path) {
      if (!(value instanceof Uint8Array)) return refuse(path, 'not a Uint8Array');
      if (elementBytes === 0 ? value.length > 0 : value.length % elementBytes !== 0) {
        return refuse(path, `${value.length} bytes, which is not a multiple of ${elementBytes}`);
      }
      return elementBytes === 0 ? 0 : value.length / elementBytes;
    },
    write({ view, at, path }, value) {
      if (!(value instanceof Uint8Array)) return refuse(path, 'not a Uint8Array');
      bytesAt(view, at, value.length).set(value);
    },
    read({ view, at, isOurs = false }, count) {
      const bytes = bytesAt(view, at, count * elementBytes);
      return isOurs && isKept(bytes) ? bytes : bytes.slice();
    },
  };
}

/** From this size on a copy takes as long as the bytes took to come. */
const LARGE_BYTES = 262_144;

/** Bytes that are most of their memory, and lie where every typed array may begin. */
function isKept({ buffer, byteOffset, length }: Uint8Array): boolean {
  return length >= LARGE_BYTES && 2 * length > buffer.byteLength && byteOffset % 8 === 0;
}

/** `char` is text or bytes, and so is every byte without a sign; other numbers have their own arrays. */
const arrays: Partial<Record<BasicTypeName, new (count: number) => NumberArray>> = {
  int8_t: Int8Array,
  short: Int16Array,
  int16_t: Int16Array,
  'unsigned short': Uint16Array,
  uint16_t: Uint16Array,
  int: Int32Array,
  int32_t: Int32Array,
  wchar_t: Int32Array,
  'unsigned int': Uint32Array,
  uint32_t: Uint32Array,
  float: Float32Array,
  double: Float64Array,
  long: BigInt64Array,
  'long long': BigInt64Array,
  int64_t: BigInt64Array,
  'unsigned long': BigUint64Array,
  'unsigned long long': BigUint64Array,
  size_t: BigUint64Array,
  uint64_t: BigUint64Array,
};

/** @returns undefined when there is no array of this type */
export function numberSequence(name: BasicTypeName, scalar: Scalar): SequenceForm | undefined {
  const TypedArray = arrays[name];
  if (TypedArray === undefined) return undefined;
  const sized = (value: unknown, path: string): ArrayLike<unknown> => {
    if (value instanceof TypedArray || Array.isArray(value)) return value;
    return refuse(path, `not an array or ${TypedArray.name}`);
  };
  return {
    elementBytes: scalar.bytes,
    cost: 0,
    count: (value, path) => sized(value, path).length,
    write({ view, at, path }, value) {
      const elements = sized(value, path);
      for (let i = 0; i < elements.length; i++) {
        const element = elements[i];
        if (!scalar.accepts(element)) refuse(`${path}[${i}]`, `not ${scalar.wanted}`);
        scalar.set(view, at + i * scalar.bytes, element);
      }
    },
    read({ view, at }, count) {
      const found = new TypedArray(count);
      // The array's type is that of the numbers which this scalar reads, and every pattern of bits is one.
      for (let i = 0; i < count; i++) found[i] = scalar.get(view, at + i * scalar.bytes) as never;
      return found;
    },
  };
}

/** An array of values. */
export function arraySequence(form: ValueForm): SequenceForm {
  const listed = (value: unknown, path: string): readonly unknown[] =>
    Array.isArray(value) ? value : refuse(path, 'not an array');
  const spotOf = ({ view, at, path }: Spot, i: number): Spot => ({
    view,
    at: at + i * form.bytes,
    path: `${path}[${i}]`,
  });
  return {
    elementBytes: form.bytes,
    cost: SLOT_BYTES + form.cost,
    count: (value, path) => listed(value, path).length,
    write(spot, value) {
      for (const [i, element] of listed(value, spot.path).entries()) form.write(spotOf(spot, i), element);
    },
    read: (spot, count) => Array.from({ length: count }, (_, i): EdlValue => form.read(spotOf(spot, i))),
  };
}

/** One value, which is not in an array. */
export function oneSequence(form: ValueForm): SequenceForm {
  return {
    elementBytes: form.bytes,
    cost: form.cost,
    count: () => 1,
    write: (spot, value) => form.write(spot, value),
    read: (spot) => form.read(spot),
  };
}

function bytesAt(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
