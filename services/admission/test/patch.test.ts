import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMembers, appendItems, pointer } from '../src/pod/patch.ts';
import { applyTo } from './reviews.ts';

describe('a patch', () => {
  test('escapes what a JSON Pointer takes for its own', () => {
    assert.equal(pointer('/a', 'b/c~d~1'), '/a/b~1c~0d~01');
    assert.deepEqual(applyTo({ a: {} }, addMembers('/a', {}, { 'b/c~d~1': 1 })), { a: { 'b/c~d~1': 1 } });
  });

  test('makes what is not there, and adds to what is', () => {
    assert.deepEqual(applyTo({}, addMembers('/a', undefined, { b: 1, c: 2 })), { a: { b: 1, c: 2 } });
    assert.deepEqual(applyTo({ a: { d: 3 } }, addMembers('/a', { d: 3 }, { b: 1 })), { a: { d: 3, b: 1 } });
    assert.deepEqual(applyTo({}, appendItems('/a', undefined, [{ b: 1 }])), { a: [{ b: 1 }] });
    assert.deepEqual(applyTo({ a: [{ b: 1 }] }, appendItems('/a', [{ b: 1 }], [{ c: 2 }, { d: 3 }])), {
      a: [{ b: 1 }, { c: 2 }, { d: 3 }],
    });
  });

  test('of nothing is none', () => {
    assert.deepEqual(addMembers('/a', undefined, {}), []);
    assert.deepEqual(appendItems('/a', undefined, []), []);
  });
});
