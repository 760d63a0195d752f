import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { bytes, decodeValue, encodeValue, maxEncodedBytes, record, string, type Type, uint8 } from '../../src/index.ts';
import { refusesBytes, refusesDefinition, throwsWith } from '../expect.ts';

const type = record({ name: string({ maxBytes: 200 }) });

test('an encoding above maxBytes is refused', () => {
  const value = { name: 'a'.repeat(99) };
  assert.equal(encodeValue(type, value, { maxBytes: 100 }).length, 100);
  throwsWith('EDL_VALUE_REFUSED', 'value: 100 bytes when encoded, at most 99.', () =>
    encodeValue(type, value, { maxBytes: 99 }),
  );
});

test('an encoding far above maxBytes is refused before it is complete', () => {
  const parts = record({ a: bytes({ maxBytes: 1e6 }), b: bytes({ maxBytes: 1e6 }) });
  const value = { a: new Uint8Array(5000), b: new Uint8Array(1e6) };
  throwsWith('EDL_VALUE_REFUSED', /more than 100 bytes when encoded/, () =>
    encodeValue(parts, value, { maxBytes: 100 }),
  );
});

test('trailing bytes and inputs above the worst case are refused', () => {
  refusesBytes(type, '016162', 'value: 1 byte after the end of the value.');
  refusesBytes(type, '00'.repeat(203), 'value: 203 bytes when encoded, at most 202.');
});

test('the path starts with the given name and is a detail of the error', () => {
  assert.throws(
    () => decodeValue(type, Uint8Array.of(2, 0x61), { path: 'put' }),
    (error: unknown) => isEnclosError(error, 'EDL_VALUE_REFUSED') && error.details['path'] === 'put.name',
  );
});

test('an encoding never carries the value of a refused field', () => {
  assert.throws(
    () => encodeValue<Type>(type, { name: 'top secret '.repeat(30) }),
    (error: unknown) => isEnclosError(error) && !JSON.stringify([error.message, error.details]).includes('secret'),
  );
});

test('an error of a getter passes unchanged, and the encoder works afterwards', () => {
  const failure = new Error('from the getter');
  const value = {
    get name(): string {
      throw failure;
    },
  };
  assert.throws(
    () => encodeValue(type, value),
    (error: unknown) => error === failure,
  );
  assert.deepEqual(encodeValue(type, { name: 'a' }), Uint8Array.of(1, 0x61));
});

test('a getter may encode while its object is being encoded', () => {
  const value = {
    get name(): string {
      return String(encodeValue(type, { name: 'inner' }).length);
    },
  };
  assert.deepEqual(encodeValue(type, value), Uint8Array.of(1, 0x36));
});

test('results do not share memory with each other', () => {
  for (const size of [10, 1000, 100_000]) {
    const large = bytes({ maxBytes: 100_000 });
    const first = encodeValue(large, new Uint8Array(size).fill(1));
    const second = encodeValue(large, new Uint8Array(size).fill(2));
    assert.notEqual(first.buffer, second.buffer);
    assert.equal(first.at(-1), 1);
    assert.deepEqual(decodeValue(large, second), new Uint8Array(size).fill(2));
  }
});

test('what is not a type is refused as such', () => {
  for (const other of [undefined, null, 'uint8', {}, { kind: 'uint8' }, Object.create(uint8())]) {
    refusesDefinition(/not a type made by/, () => Reflect.apply(maxEncodedBytes, undefined, [other]));
    refusesDefinition(/not a type made by/, () => Reflect.apply(encodeValue, undefined, [other, 1]));
    refusesDefinition(/not a type made by/, () => Reflect.apply(decodeValue, undefined, [other, new Uint8Array(1)]));
  }
});

test('types are frozen', () => {
  assert.ok(Object.isFrozen(uint8()));
  assert.ok(Object.isFrozen(type));
  assert.ok(Object.isFrozen(type.fields));
});
