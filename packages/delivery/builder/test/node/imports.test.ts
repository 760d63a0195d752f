import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { after, test } from 'node:test';

import { allowedBuiltins } from '@enclos/manifest';

import { forbiddenBuiltins, judgeBuiltin } from '../../src/node/builtins.ts';
import type { Diagnostic } from '@enclos/diagnostics';
import { BuildError } from '../../src/diagnostic.ts';
import { projectFolder, withProject } from '../project-folder.ts';
import { bundleOf } from './bundled.ts';

const shared = projectFolder();
after(() => shared.remove());

async function refusalOf(folder: string): Promise<readonly Diagnostic[]> {
  try {
    await bundleOf(folder);
  } catch (error) {
    assert.ok(error instanceof BuildError);
    assert.equal(error.code, 'BUILD_FORBIDDEN_IMPORT');
    return error.diagnostics;
  }
  return assert.fail('bundled');
}

const forbiddenNames = Object.keys(forbiddenBuiltins);
const prefixOnly = new Set(['ffi', 'sea', 'sqlite', 'test']);

test('every module of this Node is either allowed or forbidden', () => {
  for (const name of builtinModules) {
    assert.notEqual(judgeBuiltin(name).kind, 'package', name);
    assert.equal(judgeBuiltin(name).kind, judgeBuiltin(`node:${name.replace('node:', '')}`).kind, name);
  }
});

test('the lists do not overlap, and every forbidden module has a suggestion', () => {
  assert.deepEqual(
    allowedBuiltins.filter((name) => Object.hasOwn(forbiddenBuiltins, name)),
    [],
  );
  for (const suggestion of Object.values(forbiddenBuiltins)) assert.ok(suggestion.length > 10);
});

for (const name of [...forbiddenNames, 'fs/promises', 'dns/promises', 'not_yet_invented']) {
  const spellings = prefixOnly.has(name) || name === 'not_yet_invented' ? [`node:${name}`] : [name, `node:${name}`];
  for (const specifier of spellings) {
    test(`importing ${specifier} is refused with a code frame and a suggestion`, async () => {
      shared.write('src/demo.enclave.ts', `// first line\nimport * as it from '${specifier}';\nexport const x = it;\n`);
      const [problem, ...others] = await refusalOf(shared.folder);
      assert.deepEqual(others, []);
      assert.equal(problem?.text, `"${specifier}" cannot be imported in an enclave`);
      assert.deepEqual([problem?.file, problem?.line, problem?.column], ['src/demo.enclave.ts', 2, 21]);
      assert.equal(problem?.length, specifier.length + 2);
      assert.equal(
        problem?.suggestion,
        forbiddenBuiltins[name.split('/')[0] ?? ''] ?? 'an allowed module, or an untrusted function',
      );
    });
  }
}

test('the allowed modules are asked for by their node: name, however they are imported', async () => {
  const lines = allowedBuiltins.map((name, index) => `import * as m${index} from '${name}';`);
  const list = allowedBuiltins.map((_, index) => `m${index}`).join(', ');
  shared.write(
    'src/demo.enclave.ts',
    `${lines.join('\n')}\nexport const all = [${list}];\nexport const late = import('crypto');`,
  );
  const { builtins } = await bundleOf(shared.folder);
  assert.deepEqual(builtins, allowedBuiltins.map((name) => `node:${name}`).sort());
});

for (const [name, code, expected] of [
  ['require of a forbidden module', "const fs = require('fs'); export const x = fs;", /"fs" cannot be imported/],
  ['import() of a forbidden module', "export const x = import('node:vm');", /"node:vm" cannot be imported/],
  ['a re-export of a forbidden module', "export * from 'node:net';", /"node:net" cannot be imported/],
  ['an import for its effect', "import 'node:inspector';", /"node:inspector" cannot be imported/],
  ['import() of a computed name', 'export const x = (n: string) => import(n);', /not a string literal/],
  ['require of a computed name', 'export const x = (n: string) => require(n);', /not a string literal/],
  ['an alias of require', "const r = require; export const x = r('fs');", /Indirect calls to "require"/],
  ['the Function constructor', "export const x = new Function('return 1');", /Function constructor/],
  ['process.env', 'export const x = process.env.HOME;', /no process environment/],
  ['process.binding', "export const x = process.binding('fs');", /has no process\.binding/],
  ['globalThis.require', "export const x = globalThis.require('fs');", /has no require/],
  ['a native addon', "import addon from './addon.node'; export const x = addon;", /native addon/],
  ['an address', "import x from 'https://example.org/x.js'; export { x };", /not a package or a file/],
] as const) {
  test(`${name} is refused at its place`, async () => {
    shared.write('src/demo.enclave.ts', `\n  ${code}\n`);
    const [problem] = await refusalOf(shared.folder);
    assert.match(problem?.text ?? '', expected);
    assert.deepEqual([problem?.file, problem?.line], ['src/demo.enclave.ts', 2]);
    assert.equal(problem?.lineText, `  ${code}`);
    assert.ok(problem?.suggestion !== undefined);
  });
}

test('a column is in characters, not in bytes', async () => {
  shared.write('src/demo.enclave.ts', "const é = '日本'; import fs from 'fs'; export const x = [é, fs];");
  const [problem] = await refusalOf(shared.folder);
  assert.equal(problem?.lineText?.slice((problem.column ?? 0) - 1).startsWith("'fs'"), true);
});

test('a type-only import of a forbidden module is no import', async () => {
  shared.write('src/demo.enclave.ts', "import type { Socket } from 'node:net'; export const x: Socket | null = null;");
  assert.deepEqual((await bundleOf(shared.folder)).builtins, []);
});

const dependencyFiles = {
  'src/demo.enclave.ts': "import { outer } from 'outer';\nexport const x = outer();",
  'node_modules/outer/package.json':
    '{"name":"outer","version":"1.0.0","type":"module","main":"index.js","sideEffects":false}',
  'node_modules/outer/index.js': "import { inner } from 'inner';\nexport const outer = () => inner();",
  'node_modules/inner/package.json':
    '{"name":"inner","version":"2.0.0","type":"module","main":"index.js","sideEffects":false}',
  'node_modules/inner/index.js':
    "import { readFileSync } from 'fs';\nexport const inner = () => readFileSync('/x');\nexport const pure = () => 1;",
};

test('a forbidden import of a dependency names the way to it', async () => {
  await withProject(dependencyFiles, async ({ folder }) => {
    const [problem, ...others] = await refusalOf(folder);
    assert.deepEqual(others, []);
    assert.deepEqual([problem?.file, problem?.line], ['node_modules/inner/index.js', 1]);
    assert.deepEqual(problem?.notes, [
      'imported through src/demo.enclave.ts → node_modules/outer/index.js → node_modules/inner/index.js → fs',
    ]);
    assert.match(problem?.suggestion ?? '', /mounts/);
  });
});

test('a forbidden import that tree shaking drops from a dependency does no harm', async () => {
  const files = {
    ...dependencyFiles,
    'node_modules/outer/index.js': "import { pure } from 'inner';\nexport const outer = () => pure();",
  };
  await withProject(files, async ({ folder }) => {
    const { builtins, script } = await bundleOf(folder);
    assert.deepEqual(builtins, []);
    assert.ok(!new TextDecoder().decode(script).includes('readFileSync'));
  });
});

test('of the forbidden imports of a dependency only what is left is reported', async () => {
  const inner = "import { connect } from 'net';\nimport { readFileSync } from 'fs';\n";
  const used = 'export const inner = () => readFileSync("/x");\nexport const unused = () => connect(1);';
  await withProject({ ...dependencyFiles, 'node_modules/inner/index.js': inner + used }, async ({ folder }) => {
    assert.deepEqual(
      (await refusalOf(folder)).map(({ text }) => text),
      ['"fs" cannot be imported in an enclave'],
    );
  });
});

test('a project that is reached through a symbolic link has its own files all the same', async () => {
  await withProject({ 'src/demo.enclave.ts': "import 'node:fs';" }, async ({ folder }) => {
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    try {
      assert.equal((await refusalOf(link))[0]?.file, 'src/demo.enclave.ts');
    } finally {
      rmSync(link);
    }
  });
});

test('a CommonJS dependency that requires a forbidden module is refused', async () => {
  const files = {
    ...dependencyFiles,
    'node_modules/outer/package.json': '{"name":"outer","version":"1.0.0","main":"index.js"}',
    'node_modules/outer/index.js':
      "exports.outer = () => { try { return require('fs'); } catch { return require('net'); } };",
  };
  await withProject(files, async ({ folder }) => {
    const [problem] = await refusalOf(folder);
    assert.equal(problem?.text, '"net" cannot be imported in an enclave');
    assert.deepEqual(problem?.notes, ['imported through src/demo.enclave.ts → node_modules/outer/index.js → net']);
  });
});

test('a native addon of a dependency is refused', async () => {
  const files = {
    ...dependencyFiles,
    'node_modules/outer/index.js': "import addon from './build/outer.node';\nexport const outer = () => addon;",
    'node_modules/outer/build/outer.node': 'ELF',
  };
  await withProject(files, async ({ folder }) => {
    assert.match((await refusalOf(folder))[0]?.text ?? '', /native addon/);
  });
});

test('the npm package that shadows a forbidden module is reached by its slash', async () => {
  const files = {
    'src/demo.enclave.ts': "import p from 'punycode/';\nexport const x = p;",
    'node_modules/punycode/package.json': '{"name":"punycode","version":"2.0.0","main":"index.js"}',
    'node_modules/punycode/index.js': 'module.exports = 1;',
  };
  await withProject(files, async ({ folder }) => assert.deepEqual((await bundleOf(folder)).builtins, []));
});

// A package chooses what it imports, and what its field `browser` says. Neither may bring a file of this machine into an image.
for (const [what, manifest, code] of [
  ['an import', {}, "exports.x = require('../../secret.json');"],
  ['an import by way of a folder of its own', {}, "exports.x = require('./a/../../../secret.json');"],
  ['its field browser, for a module of Node', { browser: { fs: './../../secret.json' } }, "exports.x = require('fs');"],
] as const) {
  test(`a package does not reach a file of the project by ${what}`, async () => {
    const files = {
      'secret.json': '{"secret":"of the project"}',
      'node_modules/outer/package.json': JSON.stringify({
        name: 'outer',
        version: '1.0.0',
        main: 'index.js',
        ...manifest,
      }),
      'node_modules/outer/index.js': code,
      'src/demo.enclave.ts': "import * as outer from 'outer';\nexport const answer = JSON.stringify(outer);",
    };
    await withProject(files, async ({ folder }) => {
      const [problem] = await refusalOf(folder);
      assert.equal(problem?.file, 'node_modules/outer/index.js');
      assert.match(
        problem.text,
        /^"[^"]*secret.json" leads out of the package that imports it$|^"fs" cannot be imported/,
      );
    });
  });
}

test('a field browser that leads out of its package does not count', async () => {
  const files = {
    'secret.json': '{"secret":"of the project"}',
    'node_modules/outer/package.json': JSON.stringify({
      name: 'outer',
      version: '1.0.0',
      main: 'index.js',
      browser: { fs: './no-fs.js', './own.js': './../../secret.json' },
    }),
    'node_modules/outer/no-fs.js': '',
    'node_modules/outer/own.js': "exports.own = 'own file';",
    'node_modules/outer/index.js': "exports.x = [require('fs'), require('./own.js')];",
    'src/demo.enclave.ts': "import * as outer from 'outer';\nexport const answer = JSON.stringify(outer);",
  };
  await withProject(files, async ({ folder }) => {
    const text = Buffer.from((await bundleOf(folder)).script).toString();
    assert.match(text, /own file/);
    assert.doesNotMatch(text, /of the project/);
  });
});
