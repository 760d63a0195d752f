import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import fc from 'fast-check';
import { defaultTensorLimits as limits, type Datatype } from '../src/index.ts';
import { JsonByteScanner } from '../src/json/scanner.ts';
import { readTensorData } from '../src/json/tensor-data.ts';
import { refused } from './refused.ts';

const read = (text: string, datatype: Datatype, shape: readonly number[]): Uint8Array => {
  const scanner = new JsonByteScanner(utf8(text));
  const data = readTensorData(scanner, { datatype, shape }, { limits, at: 'x' });
  scanner.end();
  return data;
};
const doubleOf = (text: string): number => new Float64Array(read(`[${text}]`, 'FP64', [1]).buffer)[0] ?? Number.NaN;
const floatOf = (text: string): number => new Float32Array(read(`[${text}]`, 'FP32', [1]).buffer)[0] ?? Number.NaN;

/** Numbers as people and programs write them: long mantissas, long fractions, exponents, zeros on all sides. */
const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .record({
      sign: fc.constantFrom('', '-'),
      whole: fc.oneof(fc.constant('0'), fc.bigInt({ min: 1n, max: 10n ** 25n }).map(String)),
      fraction: fc.stringMatching(/^(?:\.\d{1,30})?$/),
      exponent: fc.stringMatching(/^(?:[eE][+-]?\d{1,2})?$/),
    })
    .map(({ sign, whole, fraction, exponent }) => `${sign}${whole}${fraction}${exponent}`),
);

test('a number is read as JSON.parse reads it, and FP32 as its nearest', () => {
  fc.assert(
    fc.property(numberText, (text) => {
      const value: unknown = JSON.parse(text);
      assert.ok(Object.is(doubleOf(text), value), text);
      const nearest = Math.fround(Number(text));
      if (Number.isFinite(nearest)) assert.ok(Object.is(floatOf(text), nearest), text);
      else assert.throws(() => floatOf(text), refused('INFERENCE_TENSOR_INVALID'));
    }),
    { numRuns: 3000 },
  );
});

test('a number half way between two of FP32 goes to the even one, and one beside it to its side', () => {
  // 1 + 2^-24 lies half way between 1 and 1 + 2^-23.
  assert.equal(floatOf('1.000000059604644775390625'), 1);
  assert.equal(floatOf('1.00000005960464477539062500000000001'), 1);
  assert.equal(floatOf('1.000000059604645'), 1 + 2 ** -23);
  assert.equal(floatOf('1.0000000596046447'), 1);
  assert.equal(floatOf('3.4028235677973362e38'), (2 - 2 ** -23) * 2 ** 127);
});

test('any number half way between two of FP32 is rounded as its double is, although its digits are read approximately', () => {
  const ulp = new Float32Array(1);
  const bits = new Uint32Array(ulp.buffer);
  fc.assert(
    fc.property(fc.integer({ min: 0x3000_0000, max: 0x4f00_0000 }), (lower) => {
      bits[0] = lower;
      const below = ulp[0] ?? 0;
      bits[0] = lower + 1;
      const text = String((below + (ulp[0] ?? 0)) / 2);
      assert.equal(floatOf(text), Math.fround(Number(text)), text);
    }),
    { numRuns: 2000 },
  );
});

test('what is not a number of JSON is refused', () => {
  for (const text of [
    '',
    '-',
    '01',
    '-01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    'NaN',
    'Infinity',
    '0x1',
    '1_0',
    'null',
    '"1"',
    '[1]',
    '--1',
  ]) {
    assert.throws(
      () => doubleOf(text),
      (error) => refused('CODEC_INVALID')(error) || refused('INFERENCE_TENSOR_INVALID')(error),
      text,
    );
  }
  for (const text of ['1e999', '-1e999', `1${'0'.repeat(400)}`]) {
    assert.throws(() => doubleOf(text), refused('CODEC_INVALID'), text);
  }
});

test('integers are exact and in range, and a fraction or an exponent makes none', () => {
  const ranges: readonly (readonly [Datatype, bigint, bigint])[] = [
    ['INT8', -128n, 127n],
    ['UINT8', 0n, 255n],
    ['INT16', -32_768n, 32_767n],
    ['UINT16', 0n, 65_535n],
    ['INT32', -(2n ** 31n), 2n ** 31n - 1n],
    ['UINT32', 0n, 2n ** 32n - 1n],
    ['INT64', -(2n ** 63n), 2n ** 63n - 1n],
    ['UINT64', 0n, 2n ** 64n - 1n],
  ];
  for (const [datatype, minimum, maximum] of ranges) {
    assert.equal(read(`[${minimum},${maximum}]`, datatype, [2]).length > 0, true);
    for (const text of [
      String(minimum - 1n),
      String(maximum + 1n),
      '1.0',
      '1e1',
      '9'.repeat(40),
      `1${'0'.repeat(500)}`,
    ]) {
      assert.throws(() => read(`[${text}]`, datatype, [1]), refused('INFERENCE_TENSOR_INVALID'), `${datatype} ${text}`);
    }
  }
});

test('numbers too large for FP16 and BF16 are refused, not made infinite', () => {
  for (const [datatype, text] of [
    ['FP16', '65520'],
    ['BF16', '3.4e38'],
    ['FP16', '-1e9'],
  ] as const) {
    assert.throws(() => read(`[${text}]`, datatype, [1]), refused('INFERENCE_TENSOR_INVALID'));
  }
});

test('data is flat, or nested by its shape, and nothing else', () => {
  const flat = read('[1,2,3,4,5,6]', 'UINT8', [3, 2]);
  assert.deepEqual(read(' [ [ 1 , 2 ] , [ 3 , 4 ] , [ 5 , 6 ] ] ', 'UINT8', [3, 2]), flat);
  assert.deepEqual(read('[[],[]]', 'UINT8', [2, 0]), new Uint8Array());
  assert.deepEqual(read('[]', 'UINT8', [2, 0]), new Uint8Array());
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['[[1,2,3],[4,5,6]]', [3, 2]],
    ['[[1,2],[3,4]]', [3, 2]],
    ['[[1,2],[3,4],[5]]', [3, 2]],
    ['[[1,2],[3,4],[5,6],[]]', [3, 2]],
    ['[1,2,3,4,5]', [3, 2]],
    ['[1,2,3,4,5,6,7]', [3, 2]],
    ['[]', [1]],
    ['[[1]]', [1]],
    ['[[1]]', []],
    ['[[1],2]', [2, 1]],
    ['[1,[2]]', [2, 1]],
    ['[[[1]],[[2]]]', [2, 1]],
    ['7', []],
    ['{}', [0]],
  ];
  for (const [text, shape] of cases) {
    assert.throws(
      () => read(text, 'UINT8', shape),
      (error) => refused('CODEC_INVALID')(error) || refused('INFERENCE_TENSOR_INVALID')(error),
      text,
    );
  }
});

test('a short text allocates no long tensor', () => {
  assert.throws(() => read('[1]', 'FP64', [8_000_000]), refused('INFERENCE_TENSOR_INVALID'));
  assert.throws(() => read('[1]', 'FP64', [9_000_000]), refused('INFERENCE_LIMIT_EXCEEDED'));
});
