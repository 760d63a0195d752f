import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { checkFloors } from '../floors/rules.mjs';

const made = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

const table = `| floor | package | what |
|---|---|---|
| 0 | \`@enclos/errors\` | errors |
| 0 | \`@enclos/codec\` | codec |
| 1 | \`@enclos/sgx\` | sgx |
`;

function manifest(name, floor, dependencies = [], devDependencies = []) {
  const versions = (names) => Object.fromEntries(names.map((each) => [each, '0.1.0']));
  return JSON.stringify({
    name: `@enclos/${name}`,
    enclos: { floor },
    exports: { '.': './dist/src/index.js' },
    dependencies: versions(dependencies),
    devDependencies: versions(devDependencies),
  });
}

const references = (...paths) => JSON.stringify({ references: paths.map((path) => ({ path })) });

/** A workspace that keeps every rule, with some files replaced. */
function problemsOf(changes = {}) {
  const files = {
    'package.json': JSON.stringify({ workspaces: ['packages/*', 'tools/testkit'] }),
    'tsconfig.json': references('packages/errors', 'packages/codec', 'packages/sgx', 'tools/testkit'),
    'docs/architecture.md': table,
    'packages/errors/package.json': manifest('errors', 0),
    'packages/errors/tsconfig.json': references(),
    'packages/errors/src/index.ts': "import { inspect } from 'node:util';\nexport const show = inspect;\n",
    'packages/codec/package.json': manifest('codec', 0, ['@enclos/errors']),
    'packages/codec/tsconfig.json': references('../errors'),
    'packages/codec/src/index.ts': "export { show } from '@enclos/errors';\n",
    'packages/sgx/package.json': manifest('sgx', 1, ['@enclos/codec'], ['@enclos/testkit']),
    'packages/sgx/tsconfig.json': references('../codec', '../../tools/testkit'),
    'packages/sgx/src/index.ts': "import type { show } from '@enclos/codec';\nexport type Show = typeof show;\n",
    'packages/sgx/test/sgx.test.ts': "import { vectors } from '@enclos/testkit';\nvectors();\n",
    'tools/testkit/package.json': manifest('testkit', 9),
    'tools/testkit/tsconfig.json': references(),
    ...changes,
  };
  const base = mkdtempSync(join(tmpdir(), 'enclos-floors-'));
  made.push(base);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  return checkFloors(base).problems.map(({ where, what }) => `${where}: ${what}`);
}

function refuses(changes, ...expected) {
  const problems = problemsOf(changes);
  for (const pattern of expected) {
    assert.ok(
      problems.some((problem) => pattern.test(problem)),
      `expected ${pattern} among ${JSON.stringify(problems, null, 2)}`,
    );
  }
}

test('floors: a workspace that keeps the rules has no problems', () => {
  assert.deepEqual(problemsOf(), []);
});

test('floors: an import that is not declared is refused, also of a type, also when it is dynamic', () => {
  for (const code of [
    "import { z } from 'zod';",
    "import type { z } from 'zod';",
    "export * from 'zod';",
    "const z = await import('zod');",
  ]) {
    refuses(
      { 'packages/sgx/src/other.ts': `${code}\n` },
      /^packages\/sgx\/src\/other.ts:1: import of zod, which is not/,
    );
  }
});

test('floors: a name of its own that a package gives to a file leads into its sources', () => {
  const file = { 'packages/sgx/src/other.ts': "import { other } from '#other';\n" };
  refuses(file, /^packages\/sgx\/src\/other.ts:1: import of #other, which "imports" of package.json does not lead/);
});

test('floors: an import inside a string or a comment is not an import', () => {
  const code = "// import 'zod';\nexport const text = `import { z } from 'zod';`;\n";
  assert.deepEqual(problemsOf({ 'packages/sgx/src/other.ts': code }), []);
});

test('floors: an upward and a sideways import are refused', () => {
  refuses(
    {
      'packages/codec/package.json': manifest('codec', 0, ['@enclos/errors', '@enclos/sgx']),
      'packages/codec/src/index.ts': "import '@enclos/sgx';\n",
    },
    /^packages\/codec\/src\/index.ts:1: @enclos\/codec \(floor 0\) depends on @enclos\/sgx \(floor 1\)/,
    /^packages\/codec\/package.json: @enclos\/codec \(floor 0\) depends on @enclos\/sgx/,
  );
  refuses(
    { 'packages/codec/package.json': manifest('codec', 1, ['@enclos/errors']) },
    /sgx \(floor 1\) depends on @enclos\/codec \(floor 1\)/,
  );
});

test('floors: errors may not import its neighbour on floor 0', () => {
  refuses(
    { 'packages/errors/package.json': manifest('errors', 0, ['@enclos/codec']) },
    /errors \(floor 0\) depends on @enclos\/codec \(floor 0\)/,
  );
});

test('floors: a deep import and a relative path out of the package are refused', () => {
  const code = "import '@enclos/codec/dist/src/reader.js';\nimport '../../codec/src/index.ts';\n";
  refuses({ 'packages/sgx/src/other.ts': code }, /other.ts:1: .*past the exports/, /other.ts:2: .*leaves the package/);
});

test('floors: src/ may not import the test kit', () => {
  refuses({ 'packages/sgx/src/other.ts': "import '@enclos/testkit';\n" }, /src\/ imports @enclos\/testkit/);
});

test('floors: a package below tests/ ships nothing: its src/ may import the test kit', () => {
  const found = problemsOf({
    'package.json': JSON.stringify({ workspaces: ['packages/*', 'tools/testkit', 'tests/*'] }),
    'tsconfig.json': references('packages/errors', 'packages/codec', 'packages/sgx', 'tools/testkit', 'tests/load'),
    'tests/load/package.json': manifest('load', 10, ['@enclos/testkit']),
    'tests/load/tsconfig.json': references('../../tools/testkit'),
    'tests/load/src/load.ts': "import '@enclos/testkit';\n",
  });
  assert.deepEqual(found, []);
});

const kit = {
  'packages/kit/package.json': JSON.stringify({
    ...JSON.parse(manifest('kit', 1, ['@enclos/codec'])),
    enclos: { floor: 1, for: 'tests' },
  }),
  'packages/kit/tsconfig.json': references('../codec'),
  'tsconfig.json': references('packages/errors', 'packages/codec', 'packages/sgx', 'packages/kit', 'tools/testkit'),
  'docs/architecture.md': `${table}| 1 | \`@enclos/kit\` | for tests |\n`,
};
const usesKit = {
  'packages/sgx/package.json': manifest('sgx', 1, ['@enclos/codec'], ['@enclos/testkit', '@enclos/kit']),
  'packages/sgx/tsconfig.json': references('../codec', '../../tools/testkit', '../kit'),
  'packages/sgx/test/sgx.test.ts': "import '@enclos/kit';\n",
};

test('floors: tests of the same floor may use a package for tests, src/ may not', () => {
  assert.deepEqual(problemsOf({ ...kit, ...usesKit }), []);
  refuses({ ...kit, ...usesKit, 'packages/sgx/src/other.ts': "import '@enclos/kit';\n" }, /src\/ imports @enclos\/kit/);
});

test('floors: tests of a lower floor may not use a package for tests, nor may two such packages lean on each other', () => {
  refuses(
    { ...kit, 'packages/codec/package.json': manifest('codec', 0, ['@enclos/errors'], ['@enclos/kit']) },
    /codec \(floor 0\) depends on @enclos\/kit \(floor 1\)/,
  );
  const other = { ...JSON.parse(manifest('sgx', 1, [], ['@enclos/kit'])), enclos: { floor: 1, for: 'tests' } };
  refuses(
    { ...kit, 'packages/sgx/package.json': JSON.stringify(other) },
    /sgx \(floor 1\) depends on @enclos\/kit \(floor 1\)/,
  );
});

test('floors: references and dependencies are the same list', () => {
  refuses({ 'packages/sgx/tsconfig.json': references('../codec') }, /no reference to tools\/testkit/);
  refuses(
    { 'packages/codec/tsconfig.json': references('../errors', '../sgx') },
    /references packages\/sgx, which package.json does not declare/,
  );
  refuses({ 'tsconfig.json': references('packages/errors', 'tools/testkit') }, /does not reference packages\/codec/);
});

test('floors: the table of rooms lists every package with its floor, and no other', () => {
  refuses({ 'docs/architecture.md': table.replace('| 1 |', '| 2 |') }, /has @enclos\/sgx on floor 2/);
  refuses(
    { 'docs/architecture.md': `${table}| 3 | \`@enclos/host\` | x |\n` },
    /lists @enclos\/host, which does not exist/,
  );
  refuses({ 'packages/sgx/package.json': JSON.stringify({ name: '@enclos/sgx' }) }, /names no floor/);
});

const declares = (...codes) =>
  `import { declareErrors } from '@enclos/errors';\nexport const xErrors = declareErrors({\n${codes
    .map((code) => `  ${code}: ['usage', 'It is wrong.', 'Mend it.'],\n`)
    .join('')}});\n`;
const keeping = (name, ...rest) =>
  JSON.stringify({ ...JSON.parse(manifest(name, ...rest)), sideEffects: ['./dist/src/errors.js'] });
const throwing = (code) => `export const fail = () => {\n  throw new EnclosError('${code}');\n};\n`;
/** A codec that declares a code, and a package above it that throws that code. */
const declared = {
  'packages/codec/package.json': keeping('codec', 0, ['@enclos/errors']),
  'packages/codec/src/errors.ts': declares('CODEC_WRONG'),
  'packages/codec/src/index.ts': "import './errors.ts';\nexport { show } from '@enclos/errors';\n",
  'packages/sgx/src/index.ts': `import { show } from '@enclos/codec';\nshow();\n${throwing('CODEC_WRONG')}`,
};

test('floors: a code is declared in the package that throws it, or below', () => {
  assert.deepEqual(problemsOf(declared), []);
  refuses(
    {
      ...declared,
      'packages/codec/src/index.ts': `import './errors.ts';\nexport { show } from '@enclos/errors';\n${throwing('SGX_WRONG')}`,
      'packages/sgx/package.json': keeping('sgx', 1, ['@enclos/codec'], ['@enclos/testkit']),
      'packages/sgx/src/errors.ts': declares('SGX_WRONG'),
    },
    /^packages\/codec\/src\/index.ts: names the error SGX_WRONG, which @enclos\/sgx declares/,
  );
});

test('floors: an entry that reaches a code loads its declaration; a comparison needs none', () => {
  const without = { ...declared, 'packages/codec/src/index.ts': "export { show } from '@enclos/errors';\n" };
  refuses(without, /^packages\/sgx\/src\/index.ts: src\/index.ts names CODEC_WRONG, and the entry does not load/);
  const typed = { ...declared, 'packages/sgx/src/index.ts': throwing('CODEC_WRONG') };
  refuses(typed, /^packages\/sgx\/src\/index.ts: src\/index.ts names CODEC_WRONG, and the entry does not load/);
  const compares = "export const is = (error: Error) => isEnclosError(error, 'CODEC_WRONG');\n";
  assert.deepEqual(problemsOf({ ...without, 'packages/sgx/src/index.ts': compares }), []);
});

test('floors: an entry that loads a declaration through another module names it too, for its types', () => {
  refuses(
    {
      ...declared,
      'packages/codec/src/index.ts': "export { show } from '@enclos/errors';\nexport * from './parse.ts';\n",
      'packages/codec/src/parse.ts': `import './errors.ts';\n${throwing('CODEC_WRONG')}`,
    },
    /^packages\/codec\/src\/index.ts: the entry loads src\/errors.ts through other modules only/,
  );
});

test('floors: bundlers keep declarations, and no code is declared twice', () => {
  refuses(
    { ...declared, 'packages/codec/package.json': manifest('codec', 0, ['@enclos/errors']) },
    /^packages\/codec\/package.json: bundlers may drop \.\/dist\/src\/errors\.js/,
  );
  refuses(
    { ...declared, 'packages/codec/enclave.json': '{}' },
    /^packages\/codec\/package.json: bundlers may drop \.\/src\/errors\.ts/,
  );
  refuses(
    { ...declared, 'packages/sgx/src/errors.ts': declares('CODEC_WRONG') },
    /^packages\/sgx\/src\/errors.ts: declares CODEC_WRONG again/,
  );
});
