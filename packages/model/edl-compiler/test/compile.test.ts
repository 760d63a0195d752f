import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEdl, type DialectChoice } from '../src/index.ts';
import { edlRules } from '../src/all-rules.ts';
import { warningFamilies } from '../src/warnings/families.ts';
import { comparingRules, ruleExamples } from './rule-examples/examples.ts';

// Warnings only when they are what is looked at: examples of errors are not held to them.
const families = Object.fromEntries(Object.keys(warningFamilies).map((family) => [family, 'off' as const]));

function compile(
  body: string,
  options: {
    name?: string;
    files?: Readonly<Record<string, string>>;
    isWhole?: boolean;
    dialect: DialectChoice;
    family?: string;
  },
) {
  const file = options.name ?? 'a.edl';
  const texts = new Map(
    Object.entries({ ...options.files, [file]: options.isWhole === true ? body : `enclave {\n    ${body}\n};\n` }),
  );
  return compileEdl({
    file,
    read: (path) => texts.get(path),
    dialect: options.dialect,
    warnings: { families: { ...families, ...(options.family === undefined ? {} : { [options.family]: 'warning' }) } },
  });
}

const both = ['oe', 'intel'] as const;
const programs = { oe: 'oeedger8r', intel: 'sgx_edger8r' } as const;

for (const { code, dialects, family } of edlRules.flatMap(({ rules }) => rules)) {
  const example = ruleExamples[code];
  if (example === undefined) continue;
  const { refused, at, also = [], accepted, whole: isWhole = false, files = {}, name } = example;
  const options = {
    files,
    isWhole,
    ...(name === undefined ? {} : { name }),
    ...(family === undefined ? {} : { family }),
  };
  const isOfBoth = comparingRules.includes(code);

  test(`${code}: its example breaks it, for the compilers that have it`, () => {
    for (const dialect of isOfBoth ? (['both'] as const) : both) {
      const { model, diagnostics } = compile(refused, { ...options, dialect });
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
      assert.equal(model === undefined, family === undefined, dialect);
      for (const compiler of dialect === 'both' ? both : [dialect]) {
        const said: readonly string[] = first.notes.filter((note) => note.startsWith(`${programs[compiler]}: `));
        const expected: string | undefined = example[compiler];
        assert.deepEqual(said, expected === undefined ? [] : [`${programs[compiler]}: ${expected}`]);
      }
    }
  });

  test(`${code}: the example of what to write keeps it`, () => {
    // Names of files are not in the text.
    const right = name === undefined ? options : { ...options, name: 'a.edl' };
    const { model, diagnostics } = compile(accepted, { ...right, dialect: 'both' });
    assert.deepEqual(diagnostics, []);
    assert.ok(model !== undefined);
    const strict = dialects.length === 1 ? dialects : both;
    const [one] = strict
      .map((dialect) => compile(accepted, { ...right, dialect }))
      .filter((each) => each.model !== undefined);
    assert.ok(one !== undefined);
  });
}
