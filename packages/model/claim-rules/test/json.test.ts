import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('whole numbers keep every digit', () => {
  assert.equal(finish(parseJson('12345678901234567890', new Budget(limitsOf()))), 12345678901234567890n);
});

for (const text of [String.raw`"\ud800"`, '"\ud800"', '"\n"', '01', '{"a":1,"a":1}', '[1,]', 'nul', '1 1', '']) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => finish(parseJson(text, new Budget(limitsOf()))), JsonFault);
  });
}
