import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/json/index.ts';
import { hasMembersWithin } from '../../src/json/members.ts';

/** As `JSON.parse` makes them. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return own + Object.values(value).reduce((sum: number, each) => sum + membersOf(each), 0);
}

test('members are counted in whatever object they are, and whatever is in the texts', () => {
  const value = fc.jsonValue({ maxDepth: 6, stringUnit: fc.constantFrom('"', '\\', ':', '{', 'a', '\u20ac') });
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t'), (given, space) => {
      const text = JSON.stringify(given, undefined, space);
      const members = membersOf(JSON.parse(text));
      assert.ok(hasMembersWithin(text, members));
      if (members > 0) assert.ok(!hasMembersWithin(text, members - 1));
    }),
  );
});

test('too many members are refused before they are compared with each other', () => {
  assert.deepEqual({ ...(parseJson('{"a":1,"b":2}', 100, { maxMembers: 2 }) as object) }, { a: 1, b: 2 });
  // A repeated name is found only where members are made.
  assert.throws(() => parseJson('{"a":1,"a":2}', 100, { maxMembers: 1 }), {
    code: 'CODEC_OUT_OF_RANGE',
    message: 'JSON over 1 members.',
  });
});
