import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../lib/run.mjs';
import { childEnvironment, readJson, root, workspaces } from '../lib/workspace.mjs';
import { tarballProblems } from '../packages/check.mjs';
import { lintProblems } from '../packages/lint.mjs';
import { internalSentence, isPublished, metadataProblems, sharedMetadata } from '../packages/metadata.mjs';
import { publishedReadme } from '../packages/readme.mjs';

const base = mkdtempSync(join(tmpdir(), 'enclos-packages-'));
after(() => rmSync(base, { recursive: true }));

const rootManifest = readJson(join(root, 'package.json'));

test('packages: each published package has the shared fields, and one that lacks or changes one is found', () => {
  const found = workspaces().find(({ name }) => name === '@enclos/gate');
  assert.ok(workspaces().filter(isPublished).length > 20);
  const problemsOf = (changes, readme = internalSentence) =>
    metadataProblems({ ...found, manifest: { ...found.manifest, ...changes } }, { rootManifest, readme }).map(
      ({ what }) => what,
    );
  assert.deepEqual(problemsOf({}), []);
  for (const key of Object.keys(sharedMetadata(found, rootManifest))) {
    assert.match(problemsOf({ [key]: undefined }).join(), new RegExp(`${key} is not `), key);
  }
  assert.match(problemsOf({ keywords: ['tee'] })[0], /^keywords lack attestation, /);
  assert.deepEqual(problemsOf({ files: ['dist/src'] }), ['files lacks src']);
  assert.match(problemsOf({ description: 'Gates.' })[0], /^description does not end with "Internal/);
  assert.match(problemsOf({}, '# gate')[0], /^does not say "Internal/);
  const open = { enclos: { typescript: rootManifest.enclos.typescript } };
  assert.match(problemsOf(open)[0], /^description says that it is internal/);
  assert.deepEqual(problemsOf({ private: true, license: undefined }), []);
});

/** A laid out package, and what is wrong with it when npm says that its tarball has `paths`. */
function packedProblems(changes = {}, leftOut = []) {
  const files = {
    LICENSE: 'Licence',
    NOTICE: 'Notice',
    'README.md': '# one\n\n[other](https://example.org/x) [licence](LICENSE)\n',
    'package.json': JSON.stringify({
      exports: { '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' } },
      bin: { one: 'bin/one.js' },
      dependencies: { '@enclos/two': '1.0.0', ws: '8.0.0' },
    }),
    'bin/one.js': '',
    'dist/src/index.js': '1;\n//# sourceMappingURL=index.js.map\n',
    'dist/src/index.js.map': JSON.stringify({ sources: ['../../src/index.ts'] }),
    'dist/src/index.d.ts': '',
    'src/index.ts': '1;',
    ...changes,
  };
  const folder = mkdtempSync(join(base, 'package-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const paths = Object.keys(files).filter((path) => !leftOut.includes(path));
  return tarballProblems({ folder, paths, published: new Set(['@enclos/two']) });
}

const manifestWith = (changes) => ({ 'package.json': JSON.stringify(changes) });

test('packages: a whole tarball passes, with a command named test and a template with tests', () => {
  assert.deepEqual(packedProblems(), []);
  assert.deepEqual(packedProblems({ 'src/commands/test/index.ts': '', 'templates/app/test/app.test.ts': '' }), []);
  const inside = JSON.stringify({ sources: ['../../elsewhere.ts'], sourcesContent: ['1;'] });
  assert.deepEqual(packedProblems({ 'dist/src/index.js.map': inside }), []);
});

for (const [what, problems, pattern] of [
  ['no licence', () => packedProblems({}, ['LICENSE']), /^LICENSE is missing/],
  ['no notice', () => packedProblems({}, ['NOTICE']), /^NOTICE is missing/],
  [
    'a source map that leads nowhere',
    () => packedProblems({}, ['src/index.ts']),
    /its source \.\.\/\.\.\/src\/index\.ts is not/,
  ],
  [
    'a map that is not there',
    () => packedProblems({}, ['dist/src/index.js.map']),
    /index\.js: its map index\.js\.map is not/,
  ],
  ['a test', () => packedProblems({ 'dist/test/one.js': '' }), /^dist\/test\/one\.js: does not belong/],
  ['a test beside the source', () => packedProblems({ 'src/one.test.ts': '' }), /^src\/one\.test\.ts: does not belong/],
  [
    'a cache of the compiler',
    () => packedProblems({ 'dist/tsconfig.tsbuildinfo': '' }),
    /tsbuildinfo: does not belong/,
  ],
  [
    'an export without its file',
    () => packedProblems({}, ['dist/src/index.d.ts']),
    /package\.json: dist\/src\/index\.d\.ts is/,
  ],
  ['a command without its file', () => packedProblems({}, ['bin/one.js']), /package\.json: bin\/one\.js is not/],
  [
    'a link into the repository',
    () => packedProblems({ 'README.md': '[a](../../docs/a.md)' }),
    /README\.md:1: the link \.\.\//,
  ],
  [
    'a package that is not published',
    () => packedProblems(manifestWith({ dependencies: { '@enclos/testkit': '0.1.0' } })),
    /@enclos\/testkit@0\.1\.0 is not published/,
  ],
  [
    'a package of this machine',
    () => packedProblems(manifestWith({ dependencies: { ws: 'file:../ws' } })),
    /ws@file:\.\.\/ws is not published/,
  ],
]) {
  test(`packages: a tarball with ${String(what)} is refused`, () => {
    const found = problems();
    assert.match(found.join('\n'), pattern);
  });
}

test('packages: the linters of others find a module without types, and a command that is not there', async () => {
  const folder = mkdtempSync(join(base, 'linted-'));
  const manifest = {
    name: 'linted',
    version: '1.0.0',
    type: 'module',
    bin: './none.js',
    exports: { '.': { types: './index.d.ts', default: './index.js' }, './bare': './bare.js' },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const name of ['index.js', 'bare.js']) writeFileSync(join(folder, name), 'export const a = 1;\n');
  writeFileSync(join(folder, 'index.d.ts'), 'export const a: number;\n');
  const packed = await run('npm', ['pack', '--silent'], { cwd: folder, env: childEnvironment() });
  assert.equal(packed.code, 0, packed.output);
  const problems = await lintProblems({ folder, tarball: join(folder, 'linted-1.0.0.tgz') });
  assert.match(problems.join('\n'), /publint: .*none\.js/);
  assert.match(problems.join('\n'), /types: UntypedResolution \.\/bare node16-esm/);
});

test('packages: README links to the repository where the package lacks the file', () => {
  mkdirSync(join(base, 'packages/one/docs'), { recursive: true });
  mkdirSync(join(base, 'docs'), { recursive: true });
  writeFileSync(join(base, 'docs/a.md'), '');
  writeFileSync(join(base, 'packages/one/docs/own.md'), '');
  writeFileSync(join(base, 'packages/one/LICENSE'), '');
  const written = (text) =>
    publishedReadme(text, {
      page: 'packages/one/README.md',
      base,
      homepage: 'https://example.org/enclos',
      isShipped: (path) => path === 'LICENSE',
    });
  assert.equal(
    written(
      '[a](../../docs/a.md#part) [l](LICENSE) [o](docs/own.md), [s](#here) `[c](docs/own.md)`\n\n[r]: ../../docs/\n',
    ),
    '[a](https://example.org/enclos/tree/HEAD/docs/a.md#part) [l](LICENSE) ' +
      '[o](https://example.org/enclos/tree/HEAD/packages/one/docs/own.md), [s](#here) `[c](docs/own.md)`\n\n' +
      '[r]: https://example.org/enclos/tree/HEAD/docs\n',
  );
  assert.throws(() => written('\n[a](none.md)'), /README\.md:2: link none\.md: no such file/);
});

test('vectors: the sources are named, and whether the files are here', async () => {
  const told = async (folder) => {
    const env = childEnvironment({ ENCLOS_VECTORS: folder });
    return (await run(process.execPath, [join(root, 'tools/vectors.mjs')], { env })).output;
  };
  const absent = await told(join(base, 'none'));
  assert.match(absent, /^https:\/\/github\.com\/\S+\/tree\/[0-9a-f]{40} {2}\S+/);
  assert.match(absent, /\nNot here: .* ENCLOS_VECTORS\.\n$/);
  mkdirSync(join(base, 'vectors'));
  writeFileSync(join(base, 'vectors/MANIFEST.md'), '');
  assert.match(await told(join(base, 'vectors')), /\nHere: 1 files in .*\/vectors\.\n$/);
});
