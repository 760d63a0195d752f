import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  decodeValue,
  encodeValue,
  enumeration,
  maxEncodedBytes,
  nothing,
  option,
  record,
  string,
  type Type,
  uint16,
  uint32,
  uint8,
  union,
} from '../src/index.ts';
import { encodesTo, refusesBytes, refusesDefinition, refusesValue } from './expect.ts';

const list = array(uint16(), { maxItems: 3, minItems: 1 });

test('an array is its count, then its items', () => {
  encodesTo(list, [1, 2], '0201000200');
  assert.equal(maxEncodedBytes(list), 7);
});

test('an array outside its bounds is refused', () => {
  refusesValue(list, [], 'value: 0 items, at least 1.');
  refusesValue(list, [1, 2, 3, 4], 'value: 4 items, at most 3.');
  refusesValue(list, { length: 1, 0: 1 }, 'value: not an array.');
  refusesValue(list, new Uint16Array(1), 'value: not an array.');
  refusesValue(list, [1, 'two'], 'value[1]: not an integer (uint16).');
  refusesBytes(list, '00', 'value: 0 items, at least 1.');
  refusesBytes(list, '04010002000300', 'value: 4 items, at most 3.');
});

test('a count that the rest of the bytes cannot hold is refused before any item', () => {
  refusesBytes(list, '03010002', 'value: the bytes end early: 3 items do not fit.');
  refusesBytes(
    array(uint8(), { maxItems: 2 ** 30 }),
    'ffffffff0101',
    /^value: the bytes end early: 536870911 items do not fit\.$/,
  );
});

test('array() refuses items that can take no bytes', () => {
  refusesDefinition(/can take no bytes/, () => array(record({}), { maxItems: 3 }));
  refusesDefinition(/can take no bytes/, () => array(record({ inner: record({}) }), { maxItems: 3 }));
  refusesDefinition('The item of array() is nothing(), which only a function can result in.', () =>
    Reflect.apply(array, undefined, [nothing(), { maxItems: 3 }]),
  );
});

test('array() needs bounds', () => {
  refusesDefinition('array() needs bounds: maxItems, minItems.', () => Reflect.apply(array, undefined, [uint8()]));
  refusesDefinition('array() needs an upper bound.', () => Reflect.apply(array, undefined, [uint8(), {}]));
  refusesDefinition('The lower bound of array() is above its upper bound.', () =>
    array(uint8(), { maxItems: 1, minItems: 2 }),
  );
});

test('a worst case above 2^31 bytes is refused', () => {
  refusesDefinition(/this array could take 4294967301 bytes, at most 2147483648/, () =>
    array(uint32(), { maxItems: 2 ** 30 }),
  );
  const half = string({ maxBytes: 2 ** 30 });
  refusesDefinition(/this record could take/, () => record({ a: half, b: half }));
  const large = record({ text: string({ maxBytes: 2 ** 31 - 5 }) });
  assert.equal(maxEncodedBytes(large), 2 ** 31);
  refusesDefinition(/this option could take/, () => option(large));
  refusesDefinition(/this union could take/, () => union('kind', { large }));
});

test('nesting above 64 levels is refused', () => {
  let type: Type<NonNullable<unknown>> = uint8();
  for (let depth = 1; depth < 64; depth++) type = array(type, { maxItems: 1 });
  refusesDefinition('This array is nested more than 64 levels deep.', () => array(type, { maxItems: 1 }));
  refusesDefinition('This record is nested more than 64 levels deep.', () => record({ type }));
});

test('an option is a byte 0, or a byte 1 and the value', () => {
  encodesTo(option(uint8()), undefined, '00');
  encodesTo(option(uint8()), 7, '0107');
  refusesBytes(option(uint8()), '0207', 'value: an option starts with a byte 0 or 1.');
  refusesBytes(option(uint8()), '0007', 'value: 1 byte after the end of the value.');
  refusesValue(option(uint8()), null, 'value: not an integer (uint8).');
  refusesDefinition(/option\(\) of option\(\)/, () => Reflect.apply(option, undefined, [option(uint8())]));
  refusesDefinition(/nothing\(\)/, () => Reflect.apply(option, undefined, [nothing()]));
});

test('an enumeration is the index of its word', () => {
  const type = enumeration('red', 'green', '3d');
  encodesTo(type, 'red', '00');
  encodesTo(type, '3d', '02');
  refusesValue(type, 'blue', 'value: not one of red, green, 3d.');
  refusesValue(type, 0, 'value: not one of red, green, 3d.');
  refusesValue(type, 'toString', 'value: not one of red, green, 3d.');
  refusesBytes(type, '03', 'value: not an index below 3.');
});

test('an enumeration of more than 128 words has longer indexes, in the shortest form only', () => {
  const [first = '', ...rest] = Array.from({ length: 200 }, (_, index) => `w${index}`);
  const type = enumeration(first, ...rest);
  encodesTo(type, 'w199', 'c701');
  assert.equal(maxEncodedBytes(type), 2);
  refusesBytes(type, '8000', 'value: a number is not in its shortest form.');
});

test('enumeration() refuses words that are missing, repeated or no words', () => {
  refusesDefinition(/from 1 to 1024 names/, () => Reflect.apply(enumeration, undefined, []));
  refusesDefinition('enumeration() names "a" twice.', () => enumeration('a', 'a'));
  for (const word of ['', 'a b', 'a,b', '-a', 'é', 'x'.repeat(65)]) {
    refusesDefinition(/is not a word/, () => enumeration(word));
  }
  refusesDefinition(/is not a word/, () => Reflect.apply(enumeration, undefined, [3]));
});

test('nothing is no bytes', () => {
  encodesTo(nothing(), undefined, '');
  refusesValue(nothing(), 3, 'value: a value where nothing is declared.');
  refusesValue(nothing(), null, 'value: a value where nothing is declared.');
  refusesBytes(nothing(), '00', 'value: 1 byte when encoded, at most 0.');
});

const point = record({ x: uint8(), y: uint8(), label: option(string({ maxBytes: 8 })) });

test('a record is its fields in declaration order, whatever the order of the value', () => {
  encodesTo(point, { x: 1, y: 2 }, '010200');
  encodesTo(point, { label: 'a', y: 2, x: 1 }, '0102010161');
  assert.deepEqual(encodeValue(point, { label: undefined, x: 1, y: 2 }), Uint8Array.of(1, 2, 0));
  assert.equal(maxEncodedBytes(point), 12);
});

test('an absent optional field is absent from the decoded record', () => {
  assert.deepEqual(Object.keys(decodeValue(point, Uint8Array.of(1, 2, 0))), ['x', 'y']);
});

test('a field that is missing, or only inherited, is refused', () => {
  refusesValue(point, { x: 1 }, 'value.y: not an integer (uint8).');
  refusesValue(point, Object.create({ x: 1, y: 2 }), 'value.x: not an integer (uint8).');
  refusesValue(point, Object.assign(Object.create({ label: 3 }), { x: 1, y: 2, z: 3 }), /unknown field/);
  assert.equal(encodeValue<Type>(point, Object.assign(Object.create({ label: 3 }), { x: 1, y: 2 })).length, 3);
});

test('an unknown field is refused without naming it', () => {
  for (const value of [
    { x: 1, y: 2, secret: 3 },
    { secret: 3, x: 1, y: 2 },
    { x: 1, secret: 3, y: 2, label: 'a' },
    { x: 1, y: 2, secret: undefined },
    JSON.parse('{"x":1,"y":2,"__proto__":3}'),
  ]) {
    refusesValue(point, value, 'value: an unknown field; it has x, y, label.');
  }
  refusesValue(record({}), { a: 1 }, 'value: an unknown field; it has none.');
});

test('a field that is not enumerable does not count', () => {
  const hidden = Object.defineProperty({ y: 2, z: 3 }, 'x', { value: 1, enumerable: false });
  refusesValue(point, hidden, 'value.x: not an integer (uint8).');
});

test('what is not a record is refused', () => {
  for (const value of [null, undefined, 3, 'x', []]) refusesValue(point, value, 'value: not an object.');
  refusesValue(record({}), [], 'value: not an object.');
});

test('a refusal names the whole path', () => {
  const type = record({ entries: array(record({ name: string({ maxBytes: 4 }) }), { maxItems: 9 }) });
  const entries = [{ name: 'a' }, { name: 'b' }, { name: 'abcdef' }];
  refusesValue(type, { entries }, 'value.entries[2].name: 6 bytes, at most 4.');
  refusesBytes(type, '020161056162636465', 'value.entries[1].name: 5 bytes, at most 4.');
});

test('decoded records are plain objects that cannot be polluted', () => {
  const decoded = decodeValue(point, Uint8Array.of(1, 2, 0));
  assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '_x',
    '1x',
    'a-b',
    '',
    'é',
    'x'.repeat(65),
  ]) {
    refusesDefinition(/cannot name a field|name of a field is not an identifier/, () =>
      record(Object.fromEntries([[name, uint8()]])),
    );
  }
});

test('record() refuses what is not a type', () => {
  refusesDefinition(/Field "a" is not a type/, () => Reflect.apply(record, undefined, [{ a: 'uint8' }]));
  refusesDefinition(/Field "a" is not a type/, () => Reflect.apply(record, undefined, [{ a: { kind: 'uint8' } }]));
  refusesDefinition(/Field "a" is nothing/, () => Reflect.apply(record, undefined, [{ a: nothing() }]));
  refusesDefinition('fields are given as an object.', () => Reflect.apply(record, undefined, [undefined]));
  refusesDefinition('fields are given as an object.', () => Reflect.apply(record, undefined, [[uint8()]]));
  refusesDefinition('1025 fields, at most 1024.', () =>
    record(Object.fromEntries(Array.from({ length: 1025 }, (_, index) => [`f${index}`, uint8()]))),
  );
});

const shape = union('kind', { dot: record({}), circle: record({ radius: uint16() }) });

test('a union is the index of the variant, then its fields', () => {
  encodesTo(shape, { kind: 'dot' }, '00');
  encodesTo(shape, { kind: 'circle', radius: 258 }, '010201');
  assert.deepEqual(
    encodeValue(
      shape,
      Object.fromEntries([
        ['radius', 3],
        ['kind', 'circle'],
      ]) as never,
    ),
    Uint8Array.of(1, 3, 0),
  );
  assert.equal(maxEncodedBytes(shape), 3);
});

test('a union with another tag, other fields or no tag is refused', () => {
  refusesValue(shape, { kind: 'square' }, 'value.kind: not one of dot, circle.');
  refusesValue(shape, { kind: 'toString' }, 'value.kind: not one of dot, circle.');
  refusesValue(shape, { radius: 3 }, 'value.kind: not one of dot, circle.');
  refusesValue(shape, Object.create({ kind: 'dot' }), 'value.kind: not one of dot, circle.');
  refusesValue(shape, { kind: 'dot', radius: 3 }, 'value: an unknown field; it has none.');
  refusesValue(shape, { kind: 'circle', radius: -1 }, 'value.radius: outside 0 to 65535 (uint16).');
  refusesValue(shape, 'dot', 'value: not an object.');
  refusesBytes(shape, '02', 'value.kind: not an index below 2.');
  refusesBytes(shape, '8100', 'value: a number is not in its shortest form.');
});

test('union() refuses variants that are missing, no records, or hide the tag', () => {
  refusesDefinition('union() has no variants.', () => union('kind', {}));
  refusesDefinition('Variant "a" is not a record().', () => Reflect.apply(union, undefined, ['kind', { a: uint8() }]));
  refusesDefinition(/Variant "a" has a field "kind"/, () => union('kind', { a: record({ kind: uint8() }) }));
  refusesDefinition(/cannot name the tag/, () => union('constructor', { a: record({}) }));
  refusesDefinition(/cannot name a variant/, () => union('kind', Object.fromEntries([['constructor', record({})]])));
});
