import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { utf8 } from '../../src/index.ts';
import {
  isJsonObject,
  maximumJsonValues,
  parseJson,
  parseJsonBytes,
  parseJsonMembers,
  parseJsonSource,
} from '../../src/json/index.ts';

const limit = 10_000;

test('strict JSON reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      if (text.length <= limit) assert.equal(JSON.stringify(parseJson(text, limit)), JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 300 },
  );
});

const refusedTexts = [
  '',
  ' ',
  '{',
  '[',
  '"',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,',
  '{"a":1,}',
  '[1,]',
  '[1 2]',
  '{a:1}',
  "'a'",
  '{"a" 1}',

  '01',
  '+1',
  '1.',
  '.5',
  '1e',
  '-',
  '0x1',
  'NaN',
  'Infinity',
  '1e999',
  'tru',
  'nul',
  'undefined',
  '1 2',
  '{} {}',
  '[]x',
  '{"a":1,"a":1}',
  '{"x":{"b":1,"b":2}}',
  '{"\\u0061":1,"a":2}',
  '{"__proto__":1,"__proto__":2}',
  '"\n"',
  '"\\x"',
  '"\\u12"',
  '"\\ud800"',
  '"\ud800"',
  '"\\',
  '"\\"',
  '\ufeff1',
  '['.repeat(34) + ']'.repeat(34),
];

test('what is not strict JSON is refused', () => {
  for (const text of refusedTexts) {
    assert.throws(
      () => parseJson(text, limit),
      (error) => isEnclosError(error),
      JSON.stringify(text),
    );
  }
});

test('32 levels below the outermost are read, with what is in the last of them, and no more', () => {
  const nest = (levels: number, innermost: string): string => '{"a":'.repeat(levels) + innermost + '}'.repeat(levels);
  const readers = [
    (text: string) => parseJson(text, limit),
    (text: string) => parseJsonBytes(utf8(text), limit),
    (text: string) => parseJsonMembers(text, limit),
    parseJsonSource,
  ];
  for (const read of readers) {
    for (const scalar of ['1', '"a"', 'null']) assert.doesNotThrow(() => read(nest(33, scalar)));
    for (const container of ['{}', '[]', '{"a":1}', '[1]']) {
      assert.doesNotThrow(() => read(nest(32, container)));
      assert.throws(() => read(nest(33, container)), { code: 'CODEC_OUT_OF_RANGE', message: /deeper than 33 levels/ });
    }
  }
});

test('text over the limit is refused before it is read', () => {
  assert.throws(
    () => parseJson(' '.repeat(limit + 1), limit),
    (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
  );
});

test('bytes over the limit are refused before they are decoded: a character has three at most', () => {
  const notText = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(0xff);
  assert.throws(() => parseJsonBytes(notText(3 * 10 + 1), 10), { code: 'CODEC_OUT_OF_RANGE', message: /over 10 char/ });
  assert.throws(() => parseJsonBytes(notText(3 * 10), 10), { code: 'CODEC_INVALID' });
  // The longest text, in characters of three bytes.
  assert.equal(parseJsonBytes(utf8(`"${'\u20ac'.repeat(8)}"`), 10), '\u20ac'.repeat(8));
});

test('as many values as the bound says are read, and one more is refused', () => {
  const list = (items: number): string => `[${Array.from({ length: items }, () => '1').join()}]`;
  assert.doesNotThrow(() => parseJson(list(32_768), 100_000));
  assert.throws(() => parseJson(list(32_769), 100_000), { code: 'CODEC_OUT_OF_RANGE' });
});

test('a mistake is named', () => {
  for (const [text, code, message] of [
    ['{a:1}', 'CODEC_INVALID', 'Not strict JSON: expected a key in double quotes.'],
    ['{"a" 1}', 'CODEC_INVALID', 'Not strict JSON: expected ":" after the key.'],
    ['"a', 'CODEC_INVALID', /string does not end on its line, or holds an invalid escape/],
    ['"\\ud800"', 'CODEC_INVALID', /string does not end on its line, or holds an invalid escape/],
    ['x', 'CODEC_INVALID', 'Not strict JSON: expected a JSON value.'],
    ['[', 'CODEC_INVALID', 'Not strict JSON: the text ends too early.'],
    ['1 2', 'CODEC_TRAILING', 'Not strict JSON: text follows the end of the value.'],
    ['1e999', 'CODEC_INVALID', 'Not strict JSON: this number is too large.'],
  ] as const) {
    assert.throws(() => parseJson(text, limit), { code, message }, text);
  }
});

test('no name is special', () => {
  const value = parseJson('{"__proto__":{"polluted":1},"toString":2}', limit);
  assert.deepEqual(isJsonObject(value) && Object.keys(value), ['__proto__', 'toString']);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('members are found where they are', () => {
  const text = ' {"a" : {"b":[1, 2]} ,"c":"}"}';
  const { spans } = parseJsonMembers(text, limit);
  const slices = [...spans].map(([name, { start, end }]) => [name, text.slice(start, end)]);
  assert.deepEqual(slices, [
    ['a', '{"b":[1, 2]}'],
    ['c', '"}"'],
  ]);
  assert.throws(
    () => parseJsonMembers('[]', limit),
    (error) => isEnclosError(error, 'CODEC_INVALID'),
  );
});

test('more values than the bound are refused before anything of the text is read', () => {
  // The first character is a mistake, which a reader that begins to read finds first.
  const flood = `!${'{},'.repeat(maximumJsonValues)}`;
  const tooMany = { code: 'CODEC_OUT_OF_RANGE', message: /values/ };
  assert.throws(() => parseJson(flood, flood.length), tooMany);
  assert.throws(() => parseJsonBytes(utf8(flood), flood.length), tooMany);
  assert.throws(() => parseJsonMembers(flood, flood.length), tooMany);
  for (const wide of ['1,'.repeat(8), '"a":1,'.repeat(8)]) {
    assert.throws(() => parseJson(`!${wide}`, limit, { maxValues: 7 }), tooMany);
    assert.throws(() => parseJson(`!${wide}`, limit, { maxValues: 8 }), { code: 'CODEC_INVALID' });
  }
  assert.equal(JSON.stringify(parseJson('[1,2,3]', limit, { maxValues: 3 })), '[1,2,3]');
});

test('arbitrary text throws nothing but typed errors', () => {
  const tokens = fc.array(
    fc.constantFrom('{', '}', '[', ']', ':', ',', '"a"', '"', '\\', '1', 'true', ' ', 'null', '-', 'e'),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        tokens.map((parts) => parts.join('')),
      ),
      (text) => {
        let ours: string | undefined;
        try {
          ours = JSON.stringify(parseJson(text, limit));
        } catch (error) {
          assert.ok(isEnclosError(error));
        }
        // What is read must be what the engine reads: strict is a subset, never another meaning.
        if (ours !== undefined) assert.equal(ours, JSON.stringify(JSON.parse(text)));
      },
    ),
    { numRuns: 2_000 },
  );
});
