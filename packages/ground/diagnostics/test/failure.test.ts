import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureLines, renderPlace } from '../src/index.ts';

const failure = { code: 'PAINT_EMPTY', message: 'The bucket is empty.', next: 'Fill it.', details: {} };

test('an error is shown with its facts and what to do', () => {
  const details = { path: '/a\u001b[2J', missing: ['red', 'blue'], room: 3 };
  assert.deepEqual(failureLines({ ...failure, details }), [
    '✖ PAINT_EMPTY: The bucket is empty.',
    '  path: /a [2J',
    '  missing: red, blue',
    '  room: 3',
    '  next: Fill it.',
  ]);
});

test('the lines of a message stay lines, and nothing else in it reaches a terminal', () => {
  assert.deepEqual(failureLines({ ...failure, message: 'one\n    at two\r\u009b1m' }), [
    '✖ PAINT_EMPTY: one',
    '      at two  1m',
    '  next: Fill it.',
  ]);
});

test('styles are those of the caller', () => {
  const [first, next] = failureLines(failure, (style, text) => `<${style}>${text}</>`);
  assert.equal(first, '<red>✖ PAINT_EMPTY:</> The bucket is empty.');
  assert.equal(next, '  <dim>next:</> Fill it.');
});

test('a place is shown with its line and a mark', () => {
  const place = { file: 'src/a.ts', line: 7, column: 5, length: 2, lineText: 'let ab = 1;' };
  assert.deepEqual(renderPlace(place), ['  src/a.ts:7:5', '  7 │ let ab = 1;', '    │     ^^']);
});
