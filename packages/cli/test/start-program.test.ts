import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository, temporaryFolder } from './cli.ts';

const programs = {
  enclos: 'packages/cli/bin/enclos.js',
  'create-enclos': 'packages/create-enclos/bin/create-enclos.js',
  'enclos-admission': 'services/admission/bin/enclos-admission.js',
  'enclos-node-agent': 'services/node-agent/bin/enclos-node-agent.js',
};

/** The program as a fresh clone has it: with `npm ci`, without a build. */
function unbuilt(path: string): string {
  const folder = temporaryFolder();
  const copy = join(folder, path);
  mkdirSync(join(copy, '../..'), { recursive: true });
  cpSync(join(repository, path, '..'), join(copy, '..'), { recursive: true });
  cpSync(join(repository, path, '../../package.json'), join(copy, '../../package.json'));
  mkdirSync(join(folder, 'node_modules/@enclos'), { recursive: true });
  symlinkSync(join(repository, 'packages/ground/errors'), join(folder, 'node_modules/@enclos/errors'));
  return copy;
}

function ran(path: string, preload = ''): { readonly status: number | null; readonly said: string } {
  const flags = preload === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, path, '--help'], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

const onNode = (version: string): string =>
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;

test('npm start, npm test and npm run build say first that Node is too old', () => {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  for (const script of ['prestart', 'pretest', 'prebuild', 'prepackages']) {
    assert.equal(scripts[script], '"$npm_node_execpath" tools/node.mjs');
  }
  const program = join(repository, 'tools/node.mjs');
  const said = 'Enclos needs Node 20.19 or later, and this is Node 18.20.4.\n';
  assert.deepEqual(ran(program, onNode('18.20.4')), { status: 1, said });
  assert.deepEqual(ran(program), { status: 0, said: '' });
});

/** What Node reads before it can say anything. */
const firstFiles = [...Object.values(programs), 'tools/node.mjs', 'packages/ground/errors/start-program.mjs'];

test('an old Node can read what it runs first: nothing there is newer than ECMAScript 2019 and import()', async () => {
  const { transform } = await import('esbuild');
  for (const path of firstFiles) {
    const source = readFileSync(join(repository, path), 'utf8').replace(/^#!.*/, '');
    const formOf = async (target: string) =>
      (await transform(source, { target: [target], supported: { 'dynamic-import': true, 'import-meta': true } })).code;
    // The compiler rewrites what the target lacks, or refuses it.
    assert.equal(await formOf('es2019'), await formOf('esnext'), path);
    for (const [, name] of source.matchAll(/^import .* from '(.*)';$/gm)) {
      assert.match(name ?? '', /^(?:@enclos\/errors\/start-program|.*\/start-program\.mjs|node:fs)$/, path);
    }
  }
});

test('a tool of this repository says first that Node is too old', () => {
  for (const tool of ['check', 'docs', 'floors', 'packages', 'test', 'walkthroughs', 'stranger-matrix', 'readme']) {
    const said = 'Enclos needs Node 20.19 or later, and this is Node 18.20.4.\n';
    assert.deepEqual(ran(join(repository, `tools/${tool}.mjs`), onNode('18.20.4')), { status: 1, said });
  }
});

test('npm start, npm test and npm run build say what is missing in a fresh clone, and that the first compilation takes long', () => {
  const clone = temporaryFolder();
  for (const path of ['tools/node.mjs', 'packages/ground/errors/start-program.mjs']) {
    mkdirSync(join(clone, path, '..'), { recursive: true });
    cpSync(join(repository, path), join(clone, path));
  }
  const program = join(clone, 'tools/node.mjs');
  assert.deepEqual(ran(program), { status: 1, said: 'Run `npm ci` first: it installs what Enclos is built with.\n' });
  mkdirSync(join(clone, 'node_modules/typescript'), { recursive: true });
  assert.deepEqual(ran(program), { status: 0, said: 'Compiling: the first time takes up to a minute.\n' });
  mkdirSync(join(clone, 'packages/ground/errors/dist'));
  assert.deepEqual(ran(program), { status: 0, said: '' });
});

for (const [name, path] of Object.entries(programs)) {
  describe(name, () => {
    test('says what to run where nothing is built', () => {
      const said = 'Enclos is not built yet: run `npm run build` in its folder.\n';
      assert.deepEqual(ran(unbuilt(path)), { status: 1, said });
    });

    test('says what to run where a package is missing', () => {
      const copy = unbuilt(path);
      mkdirSync(join(copy, '../../dist/src'), { recursive: true });
      writeFileSync(join(copy, '../../dist/src/main.js'), "import 'a-package-that-is-not-installed';\n");
      const said = 'Enclos is not built yet: run `npm ci && npm run build` in its folder.\n';
      assert.deepEqual(ran(copy), { status: 1, said });
    });

    test('says first that Node is too old, in a sentence', () => {
      for (const version of ['18.20.4', '20.18.3']) {
        const said = `${name} needs Node 20.19 or later, and this is Node ${version}.\n`;
        for (const copy of [unbuilt(path), join(repository, path)]) {
          assert.deepEqual(ran(copy, onNode(version)), { status: 1, said });
        }
      }
    });

    test('starts where it is built, on the Node that package.json names and on later ones', () => {
      const manifest = readFileSync(join(repository, path, '../../package.json'), 'utf8');
      const { engines } = JSON.parse(manifest) as { engines: { node: string } };
      assert.equal(engines.node, '>=20.19');
      for (const version of ['20.19.0', '22.0.0', process.versions.node]) {
        const { said } = ran(join(repository, path), onNode(version));
        assert.doesNotMatch(said, /needs Node|not built|^ +at /m);
      }
    });
  });
}
