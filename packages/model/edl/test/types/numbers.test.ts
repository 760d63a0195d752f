import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boolean,
  decodeValue,
  encodeValue,
  float64,
  int16,
  int32,
  int64,
  int8,
  uint16,
  uint32,
  uint64,
  uint8,
} from '../../src/index.ts';
import { encodesTo, refusesBytes, refusesValue } from '../expect.ts';

test('integers are fixed little-endian, two’s complement', () => {
  encodesTo(uint8(), 255, 'ff');
  encodesTo(uint16(), 0x1234, '3412');
  encodesTo(uint32(), 0xfedc_ba98, '98badcfe');
  encodesTo(int8(), -128, '80');
  encodesTo(int16(), -2, 'feff');
  encodesTo(int32(), -2_147_483_648, '00000080');
  encodesTo(uint64(), 0x0102_0304_0506_0708n, '0807060504030201');
  encodesTo(int64(), -1n, 'ffffffffffffffff');
});

test('an integer outside its range is refused', () => {
  for (const [type, below, above] of [
    [uint8(), -1, 256],
    [uint16(), -1, 65_536],
    [uint32(), -1, 2 ** 32],
    [int8(), -129, 128],
    [int16(), -32_769, 32_768],
    [int32(), -(2 ** 31) - 1, 2 ** 31],
    [uint64(), -1n, 2n ** 64n],
    [int64(), -(2n ** 63n) - 1n, 2n ** 63n],
  ] as const) {
    refusesValue(type, below, /^value: outside -?\d+ to \d+ \(u?int\d+\)\.$/);
    refusesValue(type, above, /^value: outside -?\d+ to \d+ \(u?int\d+\)\.$/);
  }
});

test('a number that is no integer is refused', () => {
  for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 1n, '1', null, undefined, true]) {
    refusesValue(uint32(), value, 'value: not an integer (uint32).');
  }
});

test('a 64-bit integer is a bigint and nothing else', () => {
  refusesValue(uint64(), 1, 'value: not a bigint (uint64).');
  refusesValue(int64(), '1', 'value: not a bigint (int64).');
});

test('a boolean is a byte 0 or 1', () => {
  encodesTo(boolean(), false, '00');
  encodesTo(boolean(), true, '01');
  refusesBytes(boolean(), '02', 'value: a boolean is a byte 0 or 1.');
  refusesValue(boolean(), 1, 'value: not a boolean.');
});

test('a float64 keeps infinities and the sign of zero', () => {
  encodesTo(float64(), 1.5, '000000000000f83f');
  encodesTo(float64(), -0, '0000000000000080');
  encodesTo(float64(), Number.NEGATIVE_INFINITY, '000000000000f0ff');
  refusesValue(float64(), 1n, 'value: not a number (float64).');
});

test('every NaN is sent as the canonical one, and no other is accepted', () => {
  encodesTo(float64(), Number.NaN, '000000000000f87f');
  const negative = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0] ?? 0;
  encodesTo(float64(), negative, '000000000000f87f');
  refusesBytes(float64(), '010000000000f87f', 'value: a NaN other than the canonical one.');
  refusesBytes(float64(), '000000000000f8ff', 'value: a NaN other than the canonical one.');
});

test('a negative zero integer is sent as zero', () => {
  assert.ok(Object.is(decodeValue(int32(), encodeValue(int32(), -0)), 0));
});

test('bytes that end early are refused', () => {
  refusesBytes(uint32(), '0102', 'value: the bytes end early: 4 bytes wanted, 2 left.');
});
