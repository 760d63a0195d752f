import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { isEnclosError } from '@enclos/errors';

import { bundleEnclave } from '../../src/node/bundle.ts';
import { BuildError, isBuildError } from '../../src/diagnostic.ts';
import { loadProject } from '../../src/project/project.ts';
import { withProject } from '../project-folder.ts';
import { bundleOf } from './bundled.ts';

/** Runs a script as an enclave process would: compiled from bytes, with no code from strings. */
const runner = `
  const { readFileSync } = require('node:fs');
  const { Script } = require('node:vm');
  const start = new Script(readFileSync(process.argv[1], 'utf8'), { filename: 'bundle' }).runInThisContext();
  const asked = [];
  const report = (names, main) => process.stdout.write(JSON.stringify({ names, asked, said: main.say?.() }));
  start({ require: (name) => { asked.push(name); return require(name); }, report });
`;

async function run(folder: string): Promise<unknown> {
  const { script } = await bundleOf(folder);
  const path = join(folder, 'bundle.js');
  writeFileSync(path, script);
  const flags = ['--disallow-code-generation-from-strings', '--disable-proto=throw'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', runner, path], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

test('the script runs from bytes, boots the main module, and requires through its capabilities', async () => {
  const main = `
    import { createHash } from 'crypto';
    import { data } from './data.json';
    import legacy from './legacy.cjs';
    export const say = (): string => createHash('sha256').update(data + legacy.word).digest('hex').slice(0, 8);
  `;
  const files = {
    'src/demo.enclave.ts': main,
    'src/data.json': '{"data":"a"}',
    'src/legacy.cjs': "exports.word = require('node:util').format('%s', 'b');",
  };
  await withProject(files, async ({ folder }) => {
    // SHA-256("ab") begins fb8e20fc.
    assert.deepEqual(await run(folder), { names: ['say'], asked: ['node:crypto', 'node:util'], said: 'fb8e20fc' });
  });
});

test('nothing of the script runs before it is called with capabilities', async () => {
  await withProject({ 'src/demo.enclave.ts': "console.log('loaded'); export const x = 1;" }, async ({ folder }) => {
    const { script } = await bundleOf(folder);
    assert.match(new TextDecoder().decode(script), /^\(function\(enclosCapabilities\)\{"use strict";/);
  });
});

test('a WebAssembly module becomes bytes in the script', async () => {
  const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const main =
    "import code from './add.wasm'; export const say = () => new WebAssembly.Module(code) instanceof WebAssembly.Module;";
  await withProject({ 'src/demo.enclave.ts': main, 'src/add.wasm': wasm }, async ({ folder }) => {
    assert.deepEqual(await run(folder), { names: ['say'], asked: [], said: true });
  });
});

const typicalFiles = {
  'src/demo.enclave.ts':
    "import lib from 'lib'; import { b } from './b.ts'; export const say = () => [lib.word, b]; // comment",
  'src/b.ts': "export const b = await0(); function await0() { throw new Error('b failed'); }",
  'node_modules/lib/package.json': '{"name":"lib","version":"3.2.1","main":"index.js"}',
  'node_modules/lib/index.js': '/*! licence */ exports.word = __filename === undefined ? 1 : 2;',
};

test('the script has no path, comment or source map of the building machine', async () => {
  await withProject(typicalFiles, async ({ folder }) => {
    const { script, sourceMap } = await bundleOf(folder);
    const text = new TextDecoder().decode(script);
    for (const part of [
      folder,
      '/tmp',
      'node_modules',
      'src/b',
      'licence',
      'comment',
      'sourceMappingURL',
      process.cwd(),
    ]) {
      assert.ok(!text.includes(part), part);
    }
    const map: unknown = JSON.parse(new TextDecoder().decode(sourceMap));
    assert.ok(!JSON.stringify(map).includes(folder));
  });
});

test('the same sources in two folders give the same bytes', async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(() => withProject(typicalFiles, ({ folder }) => bundleOf(folder))),
  );
  assert.deepEqual(first?.script, second?.script);
  assert.deepEqual(first?.sourceMap, second?.sourceMap);
});

test('a tsconfig.json of the project does not change the bytes', async () => {
  const files = { 'src/demo.enclave.ts': 'export class A { x = 1; static y = [1, 2]; }' };
  const plain = await withProject(files, ({ folder }) => bundleOf(folder));
  const settings = '{"compilerOptions":{"useDefineForClassFields":false,"target":"es5","jsx":"preserve"}}';
  const configured = await withProject({ ...files, 'tsconfig.json': settings }, ({ folder }) => bundleOf(folder));
  assert.deepEqual(plain.script, configured.script);
});

test('the modules of the bundle are listed by path', async () => {
  await withProject(typicalFiles, async ({ folder }) => {
    const { modules } = await bundleOf(folder);
    assert.deepEqual(modules.map(({ path }) => path).sort(), [
      'node_modules/lib/index.js',
      'src/b.ts',
      'src/boot.js',
      'src/demo.enclave.ts',
    ]);
    assert.ok(modules.every(({ bytesInBundle }) => bytesInBundle > 0));
  });
});

async function failureOf(files: Record<string, string>): Promise<BuildError> {
  return withProject(files, async ({ folder }) => {
    try {
      await bundleOf(folder);
    } catch (error) {
      if (isBuildError(error)) return error;
      throw error;
    }
    throw new Error('It was bundled.');
  });
}

test('top-level await is refused, and the suggestion says where such work goes', async () => {
  const error = await failureOf({ 'src/demo.enclave.ts': 'export const x = await Promise.resolve(1);' });
  assert.equal(error.code, 'BUILD_FAILED');
  assert.match(error.diagnostics[0]?.suggestion ?? '', /start/);
});

test('a syntax error has a place', async () => {
  const error = await failureOf({ 'src/demo.enclave.ts': 'export const x = ;' });
  assert.equal(error.code, 'BUILD_FAILED');
  assert.deepEqual([error.diagnostics[0]?.line, error.diagnostics[0]?.column], [1, 18]);
});

test('a package that is not installed has a place', async () => {
  const error = await failureOf({ 'src/demo.enclave.ts': "\nimport x from 'absent'; export { x };" });
  assert.match(error.message, /Could not resolve "absent"/);
  assert.equal(error.diagnostics[0]?.line, 2);
});

test('sloppy code that strict mode does not have is refused', async () => {
  const error = await failureOf({
    'src/demo.enclave.ts': "import x from './old.cjs'; export { x };",
    'src/old.cjs': 'module.exports = function () { with (Math) { return PI; } };',
  });
  assert.equal(error.code, 'BUILD_FAILED');
});

test('a main module that is not there is named', async () => {
  await withProject({}, async ({ folder, write }) => {
    write('enclave.json', '{"name":"demo","productId":1,"securityVersion":1,"main":"src/gone.ts"}');
    await assert.rejects(
      bundleOf(folder),
      (error) => isEnclosError(error, 'BUILD_FILE_UNREADABLE') && /src\/gone\.ts/.test(error.message),
    );
  });
});

for (const [name, suggestion] of [
  ['@absent/tool', 'npm install, if package.json lists @absent/tool; npm install @absent/tool, if not'],
  // Never "npm install @enclos/absent": anyone can register that name while the packages are not published.
  [
    '@enclos/absent',
    'npm install, if package.json lists @enclos/absent; if not, list it there like the other packages of Enclos',
  ],
] as const) {
  test(`for a package that is not installed the diagnostic says what to do: ${name}`, async () => {
    await withProject({}, async ({ folder }) => {
      const project = await loadProject(folder);
      await assert.rejects(bundleEnclave(project, { bootModule: `${name}/boot` }), (error) => {
        assert.ok(error instanceof BuildError);
        assert.equal(error.diagnostics[0]?.suggestion, suggestion);
        return true;
      });
    });
  });
}
