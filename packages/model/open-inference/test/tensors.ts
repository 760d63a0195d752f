import fc from 'fast-check';
import { datatypes, elementSize, type Datatype, type Tensor } from '../src/index.ts';
import { encodeByteStrings } from '../src/tensors/values.ts';

const finite: Readonly<Partial<Record<Datatype, (data: Uint8Array) => boolean>>> = {
  FP16: (data) => data.every((byte, at) => at % 2 === 0 || (byte & 0x7c) !== 0x7c),
  BF16: (data) => new Uint16Array(data.slice().buffer).every((bits) => (bits & 0x7f80) !== 0x7f80),
  FP32: (data) => new Float32Array(data.slice().buffer).every((value) => Number.isFinite(value)),
  FP64: (data) => new Float64Array(data.slice().buffer).every((value) => Number.isFinite(value)),
};

const shapes = fc.array(fc.nat(4), { maxLength: 4 });
const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function dataOf(datatype: Datatype, count: number): fc.Arbitrary<Uint8Array> {
  if (datatype === 'BYTES') {
    return fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: count, maxLength: count }).map(encodeByteStrings);
  }
  const length = count * elementSize(datatype);
  return fc.uint8Array({ minLength: length, maxLength: length, max: datatype === 'BOOL' ? 1 : 255 });
}

/** Tensors of any datatype with any bits, NaN and byte strings that are not UTF-8 included. */
export const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    datatype: fc.constantFrom(...datatypes),
    shape: shapes,
    name: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  })
  .chain(({ datatype, shape, name }) =>
    dataOf(datatype, countOf(shape)).map((data) => ({ name, datatype, shape, data })),
  );

/** Tensors that JSON can express. */
export const jsonTensor: fc.Arbitrary<Tensor> = fc
  .tuple(anyTensor, fc.array(fc.string({ unit: 'binary' }), { minLength: 256, maxLength: 256 }))
  .map(([tensor, texts]) =>
    tensor.datatype === 'BYTES'
      ? { ...tensor, data: encodeByteStrings(texts.slice(0, countOf(tensor.shape))) }
      : tensor,
  )
  .filter(({ datatype, data }) => finite[datatype]?.(data) ?? true);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const awkward = (datatype: Datatype, shape: readonly number[], values: ArrayBufferView): Tensor => ({
  name: `${datatype} of ${shape.join(' by ')}`,
  datatype,
  shape,
  data: bytesOf(values),
});

/** Tensors of each datatype and of awkward shapes, with values that are easily lost. JSON can express all of them. */
export const awkwardTensors: readonly Tensor[] = [
  awkward('BOOL', [2, 2], Uint8Array.of(1, 0, 0, 1)),
  awkward('INT8', [3], Int8Array.of(-128, 0, 127)),
  awkward('INT16', [2], Int16Array.of(-32_768, 32_767)),
  awkward('INT32', [2], Int32Array.of(-2_147_483_648, 2_147_483_647)),
  awkward('INT64', [4], BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -1n)),
  awkward('UINT8', [2], Uint8Array.of(0, 255)),
  awkward('UINT16', [1], Uint16Array.of(65_535)),
  awkward('UINT32', [1], Uint32Array.of(4_294_967_295)),
  awkward('UINT64', [2], BigUint64Array.of(2n ** 64n - 1n, 2n ** 63n)),
  awkward('FP16', [5], Uint16Array.of(0x8000, 1, 0x7bff, 0x3555, 0xfbff)),
  awkward('BF16', [4], Uint16Array.of(0x8000, 1, 0x7f7f, 0x4049)),
  awkward('FP32', [5], Float32Array.of(-0, 2 ** -149, (2 - 2 ** -23) * 2 ** 127, 0.1, -1e-40)),
  awkward('FP64', [4], Float64Array.of(-0, Number.MIN_VALUE, Number.MAX_VALUE, 0.1)),
  awkward('BYTES', [2, 2], encodeByteStrings(['', 'ä\u0000"\\', '\u{1f600}', '\u007f\u0085'])),
  awkward('BYTES', [], encodeByteStrings(['scalar'])),
  awkward('FP32', [], Float32Array.of(7.5)),
  awkward('INT64', [], BigInt64Array.of(-5n)),
  awkward('FP32', [0, 3], new Float32Array()),
  awkward('FP32', [2, 0, 3], new Float32Array()),
  awkward('FP32', [1, 2, 1], Float32Array.of(1, 2)),
];
