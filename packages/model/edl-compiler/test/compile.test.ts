import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edlRules } from '../src/all-rules.ts';
import { compileExample } from './rule-examples/compile.ts';
import { comparingRules, ruleExamples } from './rule-examples/examples.ts';

const both = ['oe', 'intel'] as const;
const programs = { oe: 'oeedger8r', intel: 'sgx_edger8r' } as const;

for (const { code, dialects, family } of edlRules.flatMap(({ rules }) => rules)) {
  const example = ruleExamples[code];
  if (example === undefined) continue;
  const { at, also = [] } = example;
  const isComparing = comparingRules.includes(code);

  test(`${code}: its example breaks it, for the compilers that have it`, () => {
    for (const dialect of isComparing ? (['both'] as const) : both) {
      const { model, diagnostics } = compileExample(example, { part: 'refused', dialect, family });
      const found = diagnostics.filter((each) => each.code === code);
      if (dialect !== 'both' && !dialects.includes(dialect)) {
        assert.deepEqual(found, [], dialect);
        continue;
      }
      const others = diagnostics.map((each) => each.code).filter((each) => !also.includes(each));
      assert.deepEqual([...new Set(others)], [code], dialect);
      const [first] = found;
      assert.ok(first !== undefined);
      const column = (first.column ?? 1) - 1;
      assert.equal(first.lineText?.slice(column, column + (first.length ?? 0)), at);
      if (also.length === 0) assert.equal(model === undefined, family === undefined, dialect);
      for (const compiler of dialect === 'both' ? both : [dialect]) {
        const said: readonly string[] = first.notes.filter((note) => note.startsWith(`${programs[compiler]}: `));
        const expected: string | undefined = example[compiler];
        assert.deepEqual(said, expected === undefined ? [] : [`${programs[compiler]}: ${expected}`]);
      }
    }
  });

  test(`${code}: the example of what to write keeps it`, () => {
    const options = { part: 'accepted', family } as const;
    const { model, diagnostics } = compileExample(example, { ...options, dialect: 'both' });
    assert.deepEqual(diagnostics, []);
    assert.ok(model !== undefined);
    const strict = dialects.length === 1 ? dialects : both;
    assert.ok(strict.some((dialect) => compileExample(example, { ...options, dialect }).model !== undefined));
  });
}
