import { ByteWriter } from '@enclos/codec';
import { refuseTensor } from '../tensors/check.ts';
import { elementSize, type Datatype } from '../tensors/datatype.ts';
import { smallFloatBits } from '../tensors/half.ts';
import type { JsonByteScanner } from './scanner.ts';

/** Takes the elements of a tensor from JSON, one after the other. */
export interface ElementReader {
  /** @param index below the count of elements. @throws INFERENCE_TENSOR_INVALID for a value that its datatype lacks. */
  readonly take: (index: number) => void;
  /** The data of the tensor, when every element was taken. */
  readonly finish: () => Uint8Array;
}

type NumberSetter = (offset: number, value: number) => void;

/** The integers that JSON numbers give exactly; those of 64 bits are read by their text. */
const integerRanges: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
};

/** Numbers that lie closer to another FP32 number than this, relatively, are rounded by their text. */
const doubt = 2 ** -49;

/** Takes elements of a datatype. The data of `count` elements is allocated here, so the caller has compared it with a bound. */
export function elementReader(
  scanner: JsonByteScanner,
  datatype: Datatype,
  { count, at }: { readonly count: number; readonly at: string },
): ElementReader {
  if (datatype === 'BYTES') return byteStringReader(scanner);
  const data = new Uint8Array(count * elementSize(datatype));
  const view = new DataView(data.buffer);
  const take = takerOf(scanner, datatype, { view, at });
  return { take, finish: () => data };
}

/**
 * Texts become UTF-8. Bytes that are not UTF-8 have no form in JSON. Each is written at once: an array for each of the millions of empty
 * texts that a request has room for would take gigabytes.
 */
function byteStringReader(scanner: JsonByteScanner): ElementReader {
  const writer = new ByteWriter();
  const take = (): void => {
    const text = scanner.utf8String();
    writer.u32(text.length).bytes(text);
  };
  return { take, finish: () => writer.finish() };
}

interface Target {
  readonly view: DataView;
  readonly at: string;
}

function takerOf(scanner: JsonByteScanner, datatype: Datatype, target: Target): (index: number) => void {
  const { view } = target;
  switch (datatype) {
    case 'BOOL':
      return (index) => view.setUint8(index, scanner.boolean() ? 1 : 0);
    case 'INT64':
    case 'UINT64':
      return wideTaker(scanner, datatype, target);
    case 'FP32':
      return floatTaker(scanner, target);
    case 'FP64':
      return (index) => {
        scanner.number();
        view.setFloat64(8 * index, scanner.nearest(), true);
      };
    case 'FP16':
    case 'BF16':
      return smallFloatTaker(scanner, datatype, target);
    default:
      return integerTaker(scanner, datatype, target);
  }
}

function integerTaker(scanner: JsonByteScanner, datatype: Datatype, { view, at }: Target): (index: number) => void {
  const [minimum, maximum] = integerRanges[datatype] ?? [0, -1];
  const size = elementSize(datatype);
  const setters: Readonly<Record<number, NumberSetter>> = {
    // What is in range has the same bits with and without a sign.
    1: (offset, value) => view.setUint8(offset, value),
    2: (offset, value) => view.setUint16(offset, value, true),
    4: (offset, value) => view.setUint32(offset, value, true),
  };
  const set = setters[size] ?? (() => undefined);
  return (index) => {
    scanner.number();
    const value = scanner.approximation;
    // A number over 15 digits may be out of range alone.
    if (!scanner.isInteger || !(value >= minimum && value <= maximum)) {
      refuseTensor(at, `has an element that is not an integer from ${minimum} to ${maximum}`);
    }
    set(size * index, value);
  };
}

function wideTaker(
  scanner: JsonByteScanner,
  datatype: 'INT64' | 'UINT64',
  { view, at }: Target,
): (index: number) => void {
  const [minimum, maximum] = datatype === 'INT64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return (index) => {
    scanner.number();
    if (!scanner.isInteger || Math.abs(scanner.approximation) > 1e20 || Number.isNaN(scanner.approximation)) {
      refuseTensor(at, `has an element that is not an integer of ${datatype}`);
    }
    const value = BigInt(scanner.isExact ? scanner.approximation : scanner.numberText());
    if (value < minimum || value > maximum) refuseTensor(at, `has an element out of the range of ${datatype}`);
    view.setBigUint64(8 * index, BigInt.asUintN(64, value), true);
  };
}

/** The nearest FP32 number of the nearest double, which is what a program gives that parses JSON into doubles. */
function floatTaker(scanner: JsonByteScanner, { view, at }: Target): (index: number) => void {
  return (index) => {
    scanner.number();
    const about = scanner.approximation;
    let value = Math.fround(about);
    // The text is read only where the nearest number is in doubt.
    if (Math.fround(about * (1 - doubt)) !== value || Math.fround(about * (1 + doubt)) !== value) {
      value = Math.fround(scanner.nearest());
    }
    if (!Number.isFinite(value)) refuseTensor(at, 'has an element out of the range of FP32');
    view.setFloat32(4 * index, value, true);
  };
}

function smallFloatTaker(
  scanner: JsonByteScanner,
  datatype: 'FP16' | 'BF16',
  { view, at }: Target,
): (index: number) => void {
  const infinity = datatype === 'FP16' ? 0x7c00 : 0x7f80;
  return (index) => {
    scanner.number();
    const bits = smallFloatBits(datatype, scanner.nearest());
    if ((bits & 0x7fff) === infinity) refuseTensor(at, `has an element out of the range of ${datatype}`);
    view.setUint16(2 * index, bits, true);
  };
}
