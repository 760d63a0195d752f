import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edlRules } from '../src/all-rules.ts';
import { isWarningFamily, warningFamilies } from '../src/warnings/families.ts';
import { boundRules, comparingRules, ruleExamples } from './rule-examples/examples.ts';

const rules = edlRules.flatMap((group) => group.rules);

test('each rule has its own code, and an example', () => {
  const codes = rules.map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code, index) => codes.indexOf(code) !== index || !/^edl(?:-[a-z]+)+$/.test(code)),
    [],
  );
  assert.deepEqual([...Object.keys(ruleExamples), ...boundRules].toSorted(), codes.toSorted());
  assert.ok(comparingRules.every((code) => codes.includes(code)));
});

test('warnings, and only they, belong to a family that can be turned off', () => {
  for (const { code, severity, family } of rules) {
    assert.equal(severity === 'warning', family !== undefined && isWarningFamily(family), code);
  }
  const used = new Set(rules.flatMap(({ family }) => family ?? []));
  assert.deepEqual([...used].toSorted(), Object.keys(warningFamilies).toSorted());
});

test('a text of a compiler belongs to a rule of that compiler', () => {
  for (const { code, dialects, oe, intel } of rules) {
    assert.ok(oe === undefined || dialects.includes('oe'), code);
    assert.ok(intel === undefined || dialects.includes('intel'), code);
  }
});
