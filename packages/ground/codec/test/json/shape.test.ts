import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { integer, parseJson, readShape, string } from '../../src/json/index.ts';

const shape = { name: string(8), svn: integer(0, 255) };

function read(text: string): unknown {
  return readShape(parseJson(text, 1024), 'tcb', shape);
}

test('a shape reads exactly its members, frozen', () => {
  const members = read('{"svn":7,"name":"a"}');
  assert.deepEqual(members, { name: 'a', svn: 7 });
  assert.ok(Object.isFrozen(members));
});

for (const [what, text, code, message] of [
  ['a missing member', '{"name":"a"}', 'CODEC_TRUNCATED', 'tcb.svn is missing.'],
  ['a wrong member', '{"name":"a","svn":256}', 'CODEC_INVALID', 'tcb.svn is not an integer from 0 to 255.'],
  ['an unknown member', '{"name":"a","svn":1,"more":1}', 'CODEC_INVALID', 'tcb.more is not known.'],
  [
    'a member with the name of a method',
    '{"name":"a","svn":1,"toString":1}',
    'CODEC_INVALID',
    'tcb.toString is not known.',
  ],
  ['an array', '[1]', 'CODEC_INVALID', 'tcb is not an object.'],
  ['null', 'null', 'CODEC_INVALID', 'tcb is not an object.'],
] as const) {
  test(`a shape refuses ${what}`, () => {
    assert.throws(
      () => read(text),
      (error) => isEnclosError(error, code) && error.message === message,
    );
  });
}
