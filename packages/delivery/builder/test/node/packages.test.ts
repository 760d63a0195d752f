import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Script } from 'node:vm';

import { allowedBuiltins } from '@enclos/manifest';

import { BuildError } from '../../src/diagnostic.ts';
import type { Bundle } from '../../src/node/bundle.ts';
import { loadInterface } from '../../src/node/load-interface.ts';
import { loadProject } from '../../src/project/project.ts';
import { minimalManifest, withProject } from '../project-folder.ts';
import { bundleOf } from './bundled.ts';

/** What `say` of the main module answers in a script that gets only the modules of an enclave. */
function said({ script }: Bundle): unknown {
  const start = new Script(new TextDecoder().decode(script)).runInThisContext() as (capabilities: unknown) => unknown;
  const asked: string[] = [];
  let answer: unknown;
  const require = (name: string): unknown => {
    asked.push(name);
    if (!allowedBuiltins.includes(name.replace('node:', ''))) throw new Error(`An enclave has no module ${name}.`);
    return process.getBuiltinModule(name);
  };
  const report = (_: unknown, main: { readonly say: () => unknown }) => (answer = main.say());
  start({ require, report });
  return [answer, asked];
}

const main = { 'src/demo.enclave.ts': "import { a } from 'outer'; export const say = () => a();" };

function outer(index: string, manifest: object = {}): Record<string, string> {
  return {
    ...main,
    'node_modules/outer/package.json': JSON.stringify({
      name: 'outer',
      version: '1.0.0',
      main: 'index.js',
      ...manifest,
    }),
    'node_modules/outer/index.js': index,
  };
}

async function answerOf(files: Record<string, string>): Promise<unknown> {
  return withProject(files, async ({ folder }) => said(await bundleOf(folder)));
}

async function refusalOf(files: Record<string, string>): Promise<readonly string[]> {
  return withProject(files, async ({ folder }) => {
    try {
      await bundleOf(folder);
    } catch (error) {
      if (error instanceof BuildError) return error.diagnostics.map(({ text }) => text);
      throw error;
    }
    throw new Error('It was bundled.');
  });
}

for (const [what, index, answer] of [
  ['require', "let fs = 1; try { fs = require('fs'); } catch {} exports.a = () => fs;", [1, ['node:fs']]],
  [
    'require of a package that is not installed',
    "let it = 2; try { it = require('fast-native-thing'); } catch (error) { void error; } exports.a = () => it;",
    [2, ['fast-native-thing']],
  ],
  [
    'a computed require',
    "exports.a = () => { try { return require('f' + exports.a.name.slice(9)); } catch { return 3; } };",
    [3, ['f']],
  ],
  [
    'require that is handed on',
    "const load = typeof require === 'function' ? require : null; exports.a = () => load('crypto') !== null;",
    [true, ['crypto']],
  ],
  ['direct eval', "exports.a = () => { try { return eval('qu' + 'ire'); } catch { return 4; } };", [4, []]],
] as const) {
  test(`a package may catch that there is nothing: ${what}`, async () => {
    assert.deepEqual(await answerOf(outer(index)), answer);
  });
}

for (const [what, index, text] of [
  ['a module that nothing catches', "exports.a = () => require('fs');", '"fs" cannot be imported in an enclave'],
  [
    'a module whose absence is thrown again',
    "try { exports.fs = require('fs'); } catch (error) { throw new Error('no', { cause: error }); } exports.a = () => 1;",
    '"fs" cannot be imported in an enclave',
  ],
  [
    'a module that is caught in one place only',
    "try { exports.fs = require('fs'); } catch {} exports.a = () => require('fs');",
    '"fs" cannot be imported in an enclave',
  ],
  ['a computed require that nothing catches', 'exports.a = (name) => require(name);', 'not a string literal'],
  ['require that is handed on unasked', 'const load = require; exports.a = (name) => load(name);', 'Indirect calls'],
] as const) {
  test(`a package is refused for ${what}`, async () => {
    const texts = await refusalOf(outer(index));
    assert.ok(texts.length > 0 && texts.every((found) => found.includes(text)), texts.join('\n'));
  });
}

test('the project’s own files get no such indulgence', async () => {
  const files = { 'src/demo.enclave.ts': "let fs; try { fs = require('fs'); } catch {} export const say = () => fs;" };
  assert.deepEqual(await refusalOf(files), ['"fs" cannot be imported in an enclave']);
});

const asksNode = "exports.a = () => require('fs').name;";

for (const [what, manifest] of [
  ['a `browser` field that names another main file', { browser: 'browser.js' }],
  ['a `browser` field that replaces a file', { browser: { './index.js': './browser.js' } }],
  ['exports with a condition', { exports: { browser: './browser.js', default: './index.js' } }],
  ['exports with a condition for Node', { exports: { node: './index.js', default: './browser.js' } }],
] as const) {
  test(`a package that needs what an enclave lacks is taken as it is for browsers: ${what}`, async () => {
    const files = { ...outer(asksNode, manifest), 'node_modules/outer/browser.js': "exports.a = () => 'browser';" };
    await withProject(files, async ({ folder }) => {
      const bundle = await bundleOf(folder);
      assert.deepEqual(said(bundle), ['browser', []]);
      assert.deepEqual(bundle.browserPackages, ['outer']);
    });
  });
}

test('a package leaves out in browsers what its `browser` field says, and keeps the modules that enclaves have', async () => {
  const index =
    "exports.a = () => [typeof require('fs').readFile, typeof require('crypto').createHash, require('./own').b];";
  const files = {
    ...outer(index, { browser: { fs: false, crypto: false, './own.js': './other.js' } }),
    'node_modules/outer/own.js': "exports.b = 'own';",
    'node_modules/outer/other.js': "exports.b = 'other';",
  };
  assert.deepEqual(await answerOf(files), [['undefined', 'function', 'other'], ['node:crypto']]);
});

test('a package that works as it is stays as it is for Node', async () => {
  const files = {
    ...outer("exports.a = () => require('node:path').sep;", { browser: 'browser.js' }),
    'node_modules/outer/browser.js': "exports.a = () => 'browser';",
  };
  assert.deepEqual(await answerOf(files), ['/', ['node:path']]);
});

test('only the package that needs it changes, also when another brings it, and of two copies only the one', async () => {
  const variants = { browser: 'browser.js' };
  const files = {
    ...outer("exports.a = () => [require('./b').b, require('inner').a(), require('middle').a()];", variants),
    'node_modules/outer/b.js': "exports.b = 'node';",
    'node_modules/outer/browser.js': "exports.a = () => 'never';",
    'node_modules/inner/package.json': JSON.stringify({ name: 'inner', main: 'index.js', ...variants }),
    'node_modules/inner/index.js': asksNode,
    'node_modules/inner/browser.js': "exports.a = () => 'browser';",
    'node_modules/middle/index.js': "exports.a = () => require('inner').a();",
    'node_modules/middle/node_modules/inner/package.json': JSON.stringify({
      name: 'inner',
      main: 'index.js',
      ...variants,
    }),
    'node_modules/middle/node_modules/inner/index.js': "exports.a = () => 'copy';",
    'node_modules/middle/node_modules/inner/browser.js': "exports.a = () => 'never';",
  };
  assert.deepEqual(await answerOf(files), [['node', 'browser', 'copy'], []]);
});

test('a package that needs it in browsers too is refused with its place', async () => {
  const files = { ...outer(asksNode, { browser: 'browser.js' }), 'node_modules/outer/browser.js': asksNode };
  assert.deepEqual(await refusalOf(files), ['"fs" cannot be imported in an enclave']);
});

test('the interface is taken from the same files as the image', async () => {
  const files = {
    ...outer(asksNode, { browser: 'browser.js' }),
    'node_modules/outer/browser.js': "exports.a = () => 'greet';",
    'src/demo.edl.ts': `
      import { defineInterface, func } from '@enclos/edl';
      import { a } from 'outer';
      export const demo = defineInterface({ name: 'demo', trusted: { [a()]: func({}) }, untrusted: {} });
    `,
  };
  await withProject(files, async ({ folder }) => {
    assert.deepEqual(Object.keys((await loadInterface(await loadProject(folder))).trusted), ['greet']);
  });
});

test('what the bundler warns about in a linked package counts when its code is in the script', async () => {
  const linked = {
    'package.json': '{"name":"outer","version":"1.0.0","type":"module","main":"index.js","sideEffects":false}',
    'index.js': "export { b } from './b.js'; export const a = () => 1;",
    'b.js': 'export const b = () => import.meta.url;',
  };
  await withProject(linked, async (other) => {
    const warningsOf = async (source: string): Promise<number> =>
      withProject({ 'src/demo.enclave.ts': source }, async ({ folder }) => {
        symlinkSync(other.folder, join(folder, 'node_modules/outer'));
        return (await bundleOf(folder)).warnings.length;
      });
    assert.equal(await warningsOf("import { a } from 'outer'; export const say = () => a();"), 0);
    assert.equal(await warningsOf("import { b } from 'outer'; export const say = () => b();"), 1);
  });
});

const absentFiles = (absent: readonly string[]): Record<string, string> => ({
  ...outer(
    "const { b } = require('fs'); const more = require('heavy/more'); exports.a = () => [typeof b, Object.keys(more)];",
  ),
  'enclave.json': JSON.stringify({ ...minimalManifest, absent }),
});

test('a module that the project wants absent is empty, and a package stands for its files', async () => {
  assert.deepEqual(await answerOf(absentFiles(['fs', 'heavy'])), [['undefined', []], []]);
  assert.deepEqual(await answerOf(absentFiles(['node:fs', 'heavy/more'])), [['undefined', []], []]);
});

test('what is not in the list stays refused', async () => {
  assert.deepEqual(await refusalOf(absentFiles(['heavy'])), ['"fs" cannot be imported in an enclave']);
  assert.match((await refusalOf(absentFiles(['fs', 'heav']))).join(), /Could not resolve "heavy\/more"/);
});

test('an absent module that nothing imports is a warning', async () => {
  await withProject({ 'enclave.json': JSON.stringify({ ...minimalManifest, absent: ['fs'] }) }, async ({ folder }) => {
    const { warnings, modules } = await bundleOf(folder);
    assert.deepEqual(
      warnings.map(({ text, file }) => [text, file]),
      [['nothing imports "fs", which `absent` lists', 'enclave.json']],
    );
    assert.deepEqual(
      modules.map(({ path }) => path),
      ['src/demo.enclave.ts', 'src/boot.js'].sort().reverse(),
    );
  });
});
