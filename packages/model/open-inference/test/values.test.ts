import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import fc from 'fast-check';
import {
  bytesTensorOf,
  byteStringsOf,
  floatsOf,
  smallFloatTensorOf,
  tensorOf,
  textsOf,
  valuesOf,
  type Tensor,
} from '../src/index.ts';
import { smallFloatBits } from '../src/tensors/half.ts';
import { refused } from './refused.ts';

const bitsOf = (values: Float32Array): readonly number[] => [...new Uint32Array(values.slice().buffer)];

test('typed arrays become tensors over the same memory, and come back', () => {
  const floats = Float32Array.of(1, -0, Number.NaN, Infinity);
  const tensor = tensorOf('x', 'FP32', floats, [2, 2]);
  assert.equal(tensor.data.buffer, floats.buffer);
  assert.equal(valuesOf(tensor, 'FP32').buffer, floats.buffer);
  assert.deepEqual(bitsOf(valuesOf(tensor, 'FP32')), bitsOf(floats));
  assert.deepEqual(
    valuesOf(tensorOf('x', 'INT64', BigInt64Array.of(-(2n ** 63n), 5n)), 'INT64'),
    BigInt64Array.of(-(2n ** 63n), 5n),
  );
  assert.throws(() => valuesOf(tensor, 'FP64'), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => tensorOf('x', 'FP32', floats, [3]), refused('INFERENCE_TENSOR_INVALID'));
});

test('data that is not aligned is copied, and gives the same elements', () => {
  const shifted = new Uint8Array(9);
  shifted.set(new Uint8Array(Float64Array.of(0.1).buffer), 1);
  const tensor: Tensor = { name: 'x', datatype: 'FP64', shape: [1], data: shifted.subarray(1) };
  const values = valuesOf(tensor, 'FP64');
  assert.notEqual(values.buffer, shifted.buffer);
  assert.deepEqual([...values], [0.1]);
  // A Buffer's own slice would share the memory, and not be aligned.
  assert.deepEqual([...valuesOf({ ...tensor, data: Buffer.from(shifted.buffer, 1) }, 'FP64')], [0.1]);
});

test('all 65,536 numbers of FP16 and BF16 survive widening and narrowing, NaN with its payload', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  for (const datatype of ['FP16', 'BF16'] as const) {
    const small = tensorOf('x', datatype, all);
    const wide = floatsOf(small);
    assert.deepEqual(valuesOf(smallFloatTensorOf('x', datatype, wide), datatype), all);
  }
});

test('FP16 is rounded to the nearest, ties to even, once', () => {
  const cases: readonly (readonly [number, number])[] = [
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_519.999, 0x7bff],
    [65_520, 0x7c00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [2 ** -25 + 2 ** -60, 1],
    [3 * 2 ** -25, 2],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -26, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    // Rounded to FP32 first, this would become the tie, and then 1.
    [1 + 2 ** -11 + 2 ** -40, 0x3c01],
    [Number.NaN, 0x7e00],
    [-Infinity, 0xfc00],
    [-0, 0x8000],
  ];
  for (const [value, bits] of cases) assert.equal(smallFloatBits('FP16', value), bits, String(value));
  assert.equal(smallFloatBits('BF16', 1e39), 0x7f80);
  assert.equal(smallFloatBits('BF16', Math.PI), 0x4049);
});

test('FP16 is the nearest of all its numbers', () => {
  // The values of the bits 0 to 0x7bff ascend, and the next bits stand for a number that would be 65,536.
  const all = [
    ...floatsOf(
      tensorOf(
        'x',
        'FP16',
        Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits),
      ),
    ),
    65_536,
  ];
  const nearest = (value: number): number => {
    let [low, high] = [0, 0x7c00];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((all[middle] ?? 0) <= value) low = middle;
      else high = middle;
    }
    const [below, above] = [value - (all[low] ?? 0), (all[high] ?? 0) - value];
    return below < above || (below === above && low % 2 === 0) ? low : high;
  };
  const positive = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(positive(65_536), positive(4), positive(2 ** -13)), (value) => {
      assert.equal(smallFloatBits('FP16', value), nearest(value), String(value));
      assert.equal(smallFloatBits('FP16', -value), nearest(value) | 0x8000, String(-value));
    }),
    { numRuns: 1000 },
  );
});

test('byte strings of any bytes come back, and texts', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (strings) => {
      assert.deepEqual(byteStringsOf(bytesTensorOf('x', strings)), strings);
    }),
  );
  assert.deepEqual(textsOf(bytesTensorOf('x', ['ä', ''])), ['ä', '']);
  assert.throws(() => textsOf(bytesTensorOf('x', [Uint8Array.of(255)])), refused('CODEC_INVALID'));
  assert.throws(
    () => byteStringsOf({ name: 'x', datatype: 'BYTES', shape: [1], data: utf8('abc') }),
    refused('INFERENCE_TENSOR_INVALID'),
  );
  assert.throws(() => floatsOf(bytesTensorOf('x', [])), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => byteStringsOf(tensorOf('x', 'UINT8', new Uint8Array())), refused('INFERENCE_TENSOR_INVALID'));
});
