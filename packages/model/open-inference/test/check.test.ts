import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  fitsShape,
  checkTensor,
  countElements,
  datatypes,
  defaultTensorLimits,
  elementSize,
  isDatatype,
  type Datatype,
  type Tensor,
} from '../src/index.ts';
import { refused } from './refused.ts';

const tensor = (datatype: Datatype, shape: readonly number[], data: Uint8Array): Tensor => ({
  name: 'x',
  datatype,
  shape,
  data,
});

test('a tensor of each datatype has as many bytes as its shape says', () => {
  for (const datatype of datatypes.filter((name) => name !== 'BYTES')) {
    const size = elementSize(datatype);
    assert.equal(checkTensor(tensor(datatype, [2, 3], new Uint8Array(6 * size))), 6);
    assert.equal(checkTensor(tensor(datatype, [], new Uint8Array(size))), 1, 'a scalar');
    assert.equal(checkTensor(tensor(datatype, [4, 0], new Uint8Array())), 0, 'empty');
    for (const length of [0, 6 * size - 1, 6 * size + 1]) {
      assert.throws(
        () => checkTensor(tensor(datatype, [2, 3], new Uint8Array(length))),
        refused('INFERENCE_TENSOR_INVALID'),
      );
    }
  }
  assert.equal(datatypes.length, 14);
  assert.equal(isDatatype('FP8'), false);
});

test('byte strings fill the data exactly', () => {
  const two = Uint8Array.of(1, 0, 0, 0, 255, 0, 0, 0, 0);
  assert.equal(checkTensor(tensor('BYTES', [2], two)), 2);
  for (const [shape, data] of [
    [[1], two],
    [[3], two],
    [[1], two.subarray(0, 3)],
    [[1], two.subarray(0, 4)],
    [[1], Uint8Array.of(255, 255, 255, 255, 0)],
  ] as const) {
    assert.throws(() => checkTensor(tensor('BYTES', shape, data)), refused('INFERENCE_TENSOR_INVALID'));
  }
});

test('a truth value is 0 or 1', () => {
  assert.throws(() => checkTensor(tensor('BOOL', [2], Uint8Array.of(1, 2))), refused('INFERENCE_TENSOR_INVALID'));
});

test('dimensions that are negative, no integers or huge are refused, and so is an overflow of their product', () => {
  for (const size of [-1, 1.5, Number.NaN]) {
    assert.throws(() => countElements([size]), refused('INFERENCE_TENSOR_INVALID'));
    assert.throws(() => countElements([0, size]), refused('INFERENCE_TENSOR_INVALID'));
  }
  const { maxElements, maxDimensions } = defaultTensorLimits;
  for (const shape of [
    [maxElements + 1],
    [0, maxElements + 1],
    [65_536, 65_536],
    [2 ** 32, 2 ** 32, 0],
    Array.from({ length: maxDimensions + 1 }, () => 1),
    [2 ** 60, 2 ** 60],
  ]) {
    assert.throws(() => countElements(shape), refused('INFERENCE_LIMIT_EXCEEDED'));
  }
  assert.equal(countElements([maxElements]), maxElements);
});

test('limits of bytes and names hold', () => {
  const limits = { ...defaultTensorLimits, maxBytes: 4 };
  assert.equal(checkTensor(tensor('UINT8', [4], new Uint8Array(4)), limits), 4);
  assert.throws(
    () => checkTensor(tensor('UINT8', [5], new Uint8Array(5)), limits),
    refused('INFERENCE_LIMIT_EXCEEDED'),
  );
  for (const name of ['', 'x'.repeat(257)]) {
    const unnamed = { ...tensor('UINT8', [0], new Uint8Array()), name };
    assert.throws(() => checkTensor(unnamed), refused('INFERENCE_TENSOR_INVALID'));
  }
});

test('any product within the limit is exact, any other is refused', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000), { maxLength: 5 }), (shape) => {
      const exact = shape.reduce((product, size) => product * BigInt(size), 1n);
      try {
        assert.equal(BigInt(countElements(shape)), exact);
      } catch (error) {
        assert.ok(isEnclosError(error, 'INFERENCE_LIMIT_EXCEEDED'));
        const positive = shape.filter((size) => size > 0).reduce((product, size) => product * size, 1);
        assert.ok(positive > defaultTensorLimits.maxElements);
      }
    }),
  );
});

test('a shape fits what a model says: fixed and variable dimensions, and none for any', () => {
  assert.ok(fitsShape([2, 3], [2, -1]));
  assert.ok(fitsShape([2, 3], []) && fitsShape([], []));
  assert.ok(!fitsShape([3, 3], [2, -1]));
  assert.ok(!fitsShape([2], [2, -1]) && !fitsShape([], [1]));
});
