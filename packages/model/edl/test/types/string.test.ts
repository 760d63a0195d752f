import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { array, decodeValue, encodeValue, maxEncodedBytes, string } from '../../src/index.ts';
import { encodesTo, refusesBytes, refusesDefinition, refusesValue } from '../expect.ts';

const type = string({ maxBytes: 1000 });

test('a string is its length in bytes of UTF-8, then the bytes', () => {
  encodesTo(type, '', '00');
  encodesTo(type, 'abc', '03616263');
  encodesTo(type, 'é', '02c3a9');
  encodesTo(type, '😀', '04f09f9880');
});

test('every length around a longer count comes back', () => {
  for (const unit of ['a', 'é', '€', '😀']) {
    for (let length = 0; length * Buffer.byteLength(unit) <= 400; length++) {
      const text = unit.repeat(length);
      const bytes = encodeValue(type, text);
      const size = Buffer.byteLength(text);
      assert.equal(bytes.length, size + (size < 128 ? 1 : 2));
      assert.equal(decodeValue(type, bytes), text);
    }
  }
});

test('a leading byte order mark is a character like any other', () => {
  encodesTo(type, '\ufeffa', '04efbbbf61');
});

test('the bound counts bytes, not characters', () => {
  const short = string({ maxBytes: 4, minBytes: 2 });
  encodesTo(short, 'éé', '04c3a9c3a9');
  refusesValue(short, 'ééé', 'value: 6 bytes, at most 4.');
  refusesValue(short, 'abcde', 'value: 5 bytes, at most 4.');
  refusesValue(short, '€é', 'value: 5 bytes, at most 4.');
  refusesValue(short, '😀a', 'value: 5 bytes, at most 4.');
  refusesValue(short, '😀😀😀', 'value: 12 bytes, at most 4.');
  refusesValue(short, 'a', 'value: 1 byte, at least 2.');
  refusesBytes(array(short, { maxItems: 2 }), '01056162636465', 'value[0]: 5 bytes, at most 4.');
  refusesBytes(short, '0161', 'value: 1 byte, at least 2.');
  assert.equal(maxEncodedBytes(short), 5);
});

test('a lone surrogate is refused, not replaced', () => {
  refusesValue(type, '\ud83d', /lone surrogate/);
  refusesValue(type, 'a\ude00b', /lone surrogate/);
  refusesValue(type, `${'a'.repeat(100)}\ud83d`, /lone surrogate/);
  refusesValue(string({ maxBytes: 1 }), '\ud83d', /lone surrogate/);
});

test('malformed UTF-8 is refused, not replaced', () => {
  for (const hex of ['01ff', '02c080', '03eda080', '04f4908080', '01c3', '02c328', `32${'61'.repeat(49)}80`]) {
    refusesBytes(type, hex, 'value: malformed UTF-8.');
  }
});

test('a count that is not minimal is refused', () => {
  refusesBytes(type, '830061'.replace('61', '616263'), 'value: a number is not in its shortest form.');
  refusesBytes(type, '8000', 'value: a number is not in its shortest form.');
  refusesBytes(type, 'ffffffffff01', 'value: a number takes more than 5 bytes.');
});

test('a count beyond the end is refused before anything is allocated', () => {
  refusesBytes(
    string({ maxBytes: 2 ** 30 }),
    '80808080036161',
    /^value: the bytes end early: 805306368 bytes wanted, 2 left\.$/,
  );
});

test('what is not a string is refused', () => {
  for (const value of [1, null, undefined, utf8('a'), new String('a')]) {
    refusesValue(type, value, 'value: not a string.');
  }
});

test('a decoded string leaves no trace in the next one', () => {
  assert.equal(decodeValue(type, utf8('\u0005hello')), 'hello');
  assert.equal(decodeValue(type, utf8('\u0005world')), 'world');
});

test('string() needs bounds', () => {
  refusesDefinition('string() needs bounds: maxBytes, minBytes.', () => Reflect.apply(string, undefined, []));
  refusesDefinition('string() needs an upper bound.', () => Reflect.apply(string, undefined, [{ minBytes: 3 }]));
  refusesDefinition(/has no bound of that name/, () =>
    Reflect.apply(string, undefined, [{ maxBytes: 3, minbytes: 3 }]),
  );
  refusesDefinition(/maxBytes of string\(\) is not an integer/, () => string({ maxBytes: -1 }));
  refusesDefinition(/maxBytes of string\(\) is not an integer/, () => string({ maxBytes: 0.5 }));
  refusesDefinition(/maxBytes of string\(\) is not an integer/, () => string({ maxBytes: Number.POSITIVE_INFINITY }));
  refusesDefinition('The lower bound of string() is above its upper bound.', () =>
    string({ maxBytes: 3, minBytes: 4 }),
  );
  refusesDefinition(/could take 2147483653 bytes/, () => string({ maxBytes: 2 ** 31 }));
});
