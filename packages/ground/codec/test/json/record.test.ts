import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { hex, integer, isoDate, isoSeconds, parseJson, string, strings, JsonRecord } from '../../src/json/index.ts';

const fieldsOf = (value: unknown): JsonRecord => new JsonRecord(parseJson(JSON.stringify(value), 10_000), 'it');
const refuses = (read: () => unknown, message: string): void =>
  assert.throws(read, (error) => {
    assert.ok(isEnclosError(error, 'CODEC_INVALID'), String(error));
    assert.equal(error.message, message);
    return true;
  });

test('a member that is missing is told apart from one that is wrong, also by the name of a method', () => {
  const fields = fieldsOf({ there: 1 });
  assert.deepEqual([fields.has('there'), fields.has('toString')], [true, false]);
  for (const read of [
    () => fields.required('toString', string(9)),
    () => fields.required('absent', integer(0, 9)),
    () => fields.record('absent'),
    () => fields.records('absent', 0, 9),
    () => fields.required('absent', hex(1)),
    () => fields.required('absent', isoDate),
  ]) {
    assert.throws(read, (error) => isEnclosError(error, 'CODEC_TRUNCATED') && error.message.startsWith('it.'));
  }
  assert.equal(fields.optional('absent', string(9)), undefined);
  assert.equal(fields.optional('absent', strings(9, 9)), undefined);
});

test('only an object has members', () => {
  for (const value of [null, 1, 'text', [], true]) refuses(() => fieldsOf(value), 'it is not an object.');
  refuses(() => fieldsOf({ inner: [] }).record('inner'), 'it.inner is not an object.');
  assert.equal(
    fieldsOf({ inner: { deep: 5 } })
      .record('inner')
      .required('deep', integer(0, 5)),
    5,
  );
});

test('strings up to a length', () => {
  const fields = fieldsOf({ empty: '', three: 'abc', number: 3, none: null });
  assert.deepEqual(
    [fields.required('empty', string(0)), fields.required('three', string(3)), fields.optional('three', string(3))],
    ['', 'abc', 'abc'],
  );
  refuses(() => fields.required('three', string(2)), 'it.three is not a string up to 2 characters.');
  for (const name of ['number', 'none']) {
    refuses(() => fields.required(name, string(9)), `it.${name} is not a string up to 9 characters.`);
  }
});

test('integers from 0 to a maximum', () => {
  assert.deepEqual(
    [fieldsOf({ n: 0 }).required('n', integer(0, 0)), fieldsOf({ n: 255 }).required('n', integer(0, 255))],
    [0, 255],
  );
  for (const n of [256, -1, 1.5, '7', null, true, [7]]) {
    refuses(() => fieldsOf({ n }).required('n', integer(0, 255)), 'it.n is not an integer from 0 to 255.');
  }
});

test('hex of a number of bytes, in lower case', () => {
  assert.equal(fieldsOf({ hex: '0aFf' }).required('hex', hex(2)), '0aff');
  for (const wrong of ['0aF', '0a', '', 'x0af', '0afx', '0a-f']) {
    refuses(() => fieldsOf({ hex: wrong }).required('hex', hex(2)), 'it.hex is not 2 bytes of hex.');
  }
  refuses(() => fieldsOf({ hex: '0aff0' }).required('hex', hex(2)), 'it.hex is not 2 bytes of hex.');
});

test('dates of one form that exist', () => {
  for (const date of ['2024-02-29T23:59:59Z', '1970-01-01T00:00:00Z']) {
    assert.equal(fieldsOf({ date }).required('date', isoDate), date);
  }
  for (const date of [
    '2023-02-29T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:00',
    '2024-1-01T00:00:00Z',
    '+012345-01-01T00:00Z',
    '',
  ]) {
    refuses(() => fieldsOf({ date }).required('date', isoDate), 'it.date is not a date like 2025-06-19T10:56:11Z.');
  }
});

test('arrays of objects, and of short strings, within their bounds', () => {
  const fields = fieldsOf({ objects: [{ a: 1 }, { a: 2 }], mixed: [{}, 1], strings: ['ab', 'c'], no: {} });
  assert.deepEqual(
    fields.records('objects', 2, 2).map((item) => item.required('a', integer(0, 9))),
    [1, 2],
  );
  refuses(() => fields.records('objects', 3, 9), 'it.objects is not an array of 3 to 9 items.');
  refuses(() => fields.records('objects', 0, 1), 'it.objects is not an array of 0 to 1 items.');
  refuses(() => fields.records('no', 0, 9), 'it.no is not an array of 0 to 9 items.');
  refuses(() => fields.records('mixed', 0, 9), 'it.mixed[1] is not an object.');
  assert.deepEqual(fields.optional('strings', strings(2, 2)), ['ab', 'c']);
  assert.ok(Object.isFrozen(fields.optional('strings', strings(2, 2))));
  refuses(
    () => fields.optional('strings', strings(1, 2)),
    'it.strings is not an array of up to 1 times a string up to 2 characters.',
  );
  refuses(
    () => fields.optional('strings', strings(2, 1)),
    'it.strings is not an array of up to 2 times a string up to 1 characters.',
  );
  refuses(
    () => fields.optional('mixed', strings(9, 9)),
    'it.mixed is not an array of up to 9 times a string up to 9 characters.',
  );
});

test('a time is told in whole seconds, whichever was told before', () => {
  const times = [0, 999, 1000, 999, -1, -1000, -1001, 0.5, -0.5, 1_750_330_571_999, 1_750_330_571_000];
  for (const time of times) assert.equal(isoSeconds(time), new Date(time).toISOString().replace(/\.\d+Z$/, 'Z'));
  assert.throws(() => isoSeconds(Number.NaN), RangeError);
  assert.equal(isoSeconds(1_750_330_571_000), '2025-06-19T10:56:11Z');
});
