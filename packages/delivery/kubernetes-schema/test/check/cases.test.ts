import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dump } from 'js-yaml';
import { kinds } from '../../src/index.ts';
import { refusalsOf } from '../refusals-of.ts';
import { presenceCases, valueCases } from './cases.ts';
import { changed, objects } from './every-kind.ts';
import { rareCases } from './rare-cases.ts';
import { togetherCases } from './together-cases.ts';

describe('objects of every kind', () => {
  for (const [name, object] of objects) {
    it(`takes ${name}`, () => assert.deepEqual(refusalsOf(dump(object)), []));
  }

  it('has every kind that people write', () => {
    const there = new Set([...objects.values()].map(({ kind }) => kind));
    const absent = kinds.filter(({ kind }) => !there.has(kind)).map(({ kind }) => kind);
    assert.deepEqual(absent, ['Binding', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding']);
  });
});

for (const [title, cases] of [
  ['missing, null and empty fields', presenceCases],
  ['forms of values', valueCases],
  ['fields together', togetherCases],
  ['fields together of rarer types', rareCases],
] as const) {
  describe(title, () => {
    for (const row of cases) {
      const [name, path, value, code, text] = row;
      it(`refuses ${name}, ${path}: ${JSON.stringify(value)?.slice(0, 60) ?? 'removed'}`, () => {
        const found = refusalsOf(changed(row));
        const words = found.map((one) => `${one.code} ${one.text}`);
        assert.ok(
          found.some((one) => one.code === code && text.test(one.text)),
          words.join('\n') || 'nothing was found',
        );
      });
    }
  });
}
