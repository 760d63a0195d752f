import { test } from 'node:test';
import { bigint, maxEncodedBytes } from '../../src/index.ts';
import assert from 'node:assert/strict';
import { encodesTo, refusesBytes, refusesDefinition, refusesValue } from '../expect.ts';

const type = bigint({ maxBytes: 16 });

test('a bigint is a count with the sign, then the shortest magnitude', () => {
  encodesTo(type, 0n, '00');
  encodesTo(type, 1n, '0201');
  encodesTo(type, -1n, '0301');
  encodesTo(type, 0x0102n, '040201');
  encodesTo(type, -(2n ** 128n) + 1n, `21${'ff'.repeat(16)}`);
  assert.equal(maxEncodedBytes(type), 17);
});

test('a magnitude above the bound is refused, by either sign', () => {
  refusesValue(type, 2n ** 128n, 'value: more than 16 bytes of magnitude.');
  refusesValue(type, -(2n ** 128n), 'value: more than 16 bytes of magnitude.');
  refusesBytes(bigint({ maxBytes: 2 }), '06010101', /at most 3 when encoded|4 bytes when encoded, at most 3/);
  refusesBytes(type, `22${'01'.repeat(16)}`, 'value: 17 bytes of magnitude, at most 16.');
});

test('a bigint that is not minimal is refused', () => {
  refusesBytes(type, '01', 'value: a negative zero.');
  refusesBytes(type, '040100', 'value: a number is not in its shortest form.');
  refusesBytes(type, '0200', 'value: a number is not in its shortest form.');
});

test('a bigint that ends early is refused', () => {
  refusesBytes(type, '0401', 'value: the bytes end early: 2 bytes wanted, 1 left.');
});

test('a number is not a bigint', () => {
  refusesValue(type, 3, 'value: not a bigint.');
});

test('bigint() needs a bound from 1 to 65536', () => {
  for (const bounds of [undefined, {}, { maxBytes: 0 }, { maxBytes: 65_537 }, { maxBytes: 1.5 }]) {
    refusesDefinition(/bigint\(\)/, () => Reflect.apply(bigint, undefined, [bounds]));
  }
});
