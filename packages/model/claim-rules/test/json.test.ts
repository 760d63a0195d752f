import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson as parseOfCodec } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { Budget } from '../src/budget.ts';
import { JsonFault, parseJson } from '../src/json/parse.ts';
import { limitsOf } from '../src/limits.ts';
import { finish } from '../src/work.ts';

function stepsOf(text: string): number {
  const budget = new Budget(limitsOf());
  finish(parseJson(text, budget));
  return budget.steps;
}

for (const [text, steps] of [
  ['"plain"', 2],
  [String.raw`"\n"`, 2 + 2],
  [String.raw`"\\\\"`, 2 + 4],
  [String.raw`"\\\"\u0041"`, 2 + 6],
  [String.raw`"${String.raw`\n`.repeat(100)}"`, 1 + 12 + 1 + 200],
  [String.raw`{"\n":"\t"}`, 1 + 1 + 4 + 2 + 2 + 1 + 2],
  ['[1,null]', 1 + 1 + 3 + 2 + 1],
] as const) {
  test(`reading ${text.slice(0, 20)} costs ${steps} steps`, () => {
    assert.equal(stepsOf(text), steps);
  });
}

const nest = (levels: number, innermost: string): string => '['.repeat(levels) + innermost + ']'.repeat(levels);

test('what is nested is counted as the codec counts it: only objects and arrays, and whatever is in the last one is read', () => {
  const maxDepth = 33;
  const readers: readonly ((text: string) => unknown)[] = [
    (text) => parseOfCodec(text, text.length, { maxDepth }),
    (text) => finish(parseJson(text, new Budget(limitsOf({ maxDepth })))),
  ];
  for (const read of readers) {
    for (const scalar of ['', '1', '"a"', 'null', '[],{}', '1,{"a":2}']) {
      assert.doesNotThrow(() => read(nest(/[[{]/.test(scalar) ? 32 : 33, scalar)), scalar);
    }
    for (const container of ['[]', '{}', '1,[]', '{"a":1}']) {
      assert.throws(
        () => read(nest(33, container)),
        (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE') || isEnclosError(error, 'CLAIM_RULES_LIMIT'),
        container,
      );
    }
  }
});

test('whole numbers keep every digit', () => {
  assert.equal(finish(parseJson('12345678901234567890', new Budget(limitsOf()))), 12345678901234567890n);
});

for (const text of [String.raw`"\ud800"`, '"\ud800"', '"\n"', '01', '{"a":1,"a":1}', '[1,]', 'nul', '1 1', '']) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => finish(parseJson(text, new Budget(limitsOf()))), JsonFault);
  });
}
