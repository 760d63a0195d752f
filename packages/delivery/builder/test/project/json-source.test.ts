import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { BuildError } from '../../src/diagnostic.ts';
import { parseJsonSource } from '../../src/project/json-source.ts';

function problemOf(text: string) {
  try {
    parseJsonSource('enclave.json', text);
  } catch (error) {
    assert.ok(error instanceof BuildError);
    assert.equal(error.code, 'BUILD_MANIFEST_INVALID');
    return error.diagnostics[0];
  }
  return assert.fail('accepted');
}

test('parseJsonSource() reads what JSON.parse reads, to the same value', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      const { value } = parseJsonSource('x', spaced);
      assert.equal(JSON.stringify(value), JSON.stringify(JSON.parse(spaced)));
    }),
  );
});

test('parseJsonSource() throws only BuildError', () => {
  const characters = fc.constantFrom(...'{}[]",:\\ \n0123456789eE.+-truefalsnu/*'.split(''));
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 60 }), (text) => {
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        assert.throws(() => parseJsonSource('x', text), BuildError);
        return;
      }
      try {
        assert.deepEqual(JSON.stringify(parseJsonSource('x', text).value), JSON.stringify(expected));
      } catch (error) {
        // Stricter than JSON.parse: repeated keys, numbers beyond a double.
        assert.ok(error instanceof BuildError && /repeated|too large/.test(error.message));
      }
    }),
    { numRuns: 2000 },
  );
});

test('locate() and locateKey() give the text of a value and of its key', () => {
  const text = '{\n  "a": [1, {"b c": "é\\n"}],\n  "z": true\n}';
  const source = parseJsonSource('x', text);
  const at = ({ start, end }: { start: number; end: number }) => text.slice(start, end);
  assert.equal(at(source.locate(['a', 1, 'b c'])), '"é\\n"');
  assert.equal(at(source.locateKey(['a', 1, 'b c'])), '"b c"');
  assert.equal(at(source.locate(['z'])), 'true');
  assert.equal(at(source.locate(['a', 0, 'none'])), '1');
  assert.equal(at(source.locateKey(['none'])), text);
});

for (const [name, text, line, column, expected] of [
  ['a trailing comma', '{\n  "a": 1,\n}', 3, 1, /key in double quotes/],
  ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', 3, 3, /"}" or ","/],
  ['a comment', '{ // note\n}', 1, 3, /key in double quotes/],
  ['single quotes', "{'a': 1}", 1, 2, /key in double quotes/],
  ['an unclosed string', '{"a": "b\n}', 1, 7, /does not end on its line/],
  ['an invalid escape', '["\\x"]', 1, 2, /invalid escape/],
  ['a repeated key', '{"a": 1,\n "a": 2}', 2, 2, /repeated/],
  ['a leading zero', '[01]', 1, 3, /"]" or ","/],
  ['a number beyond a double', '[1e999]', 1, 2, /too large/],
  ['an early end', '{"a":', 1, 6, /ends too early/],
  ['text after the end', '{} x', 1, 4, /follows the end/],
  ['nothing', '', 1, 1, /ends too early/],
  ['deep nesting', '['.repeat(1000), 1, 34, /deeper than 33/],
  ['a line break first', '\n\n?', 3, 1, /Expected a JSON value/],
] as const) {
  test(`parseJsonSource() points at ${name}`, () => {
    const problem = problemOf(text);
    assert.match(problem?.text ?? '', expected);
    assert.deepEqual([problem?.line, problem?.column], [line, column]);
  });
}

test('the key __proto__ is a key like any other', () => {
  const { value } = parseJsonSource('x', '{"__proto__": {"polluted": true}}');
  assert.deepEqual(Object.keys(value ?? {}), ['__proto__']);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});
