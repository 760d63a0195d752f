import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../src/index.ts';
import { loadEdl } from '../src/loading/load.ts';

interface Options {
  readonly searchPaths?: readonly string[];
  readonly file?: string;
}

const enclave = (...imports: string[]): string =>
  `enclave {\n${imports.map((name) => `from "${name}" import *;`).join('\n')}\n};`;

function load(files: Readonly<Record<string, string>>, { searchPaths = [], file = 'a.edl' }: Options = {}) {
  const findings = new Findings({ dialect: 'both' });
  const reads: string[] = [];
  const read = (path: string): string | undefined => {
    reads.push(path);
    return Object.hasOwn(files, path) ? files[path] : undefined;
  };
  const { loaded, paths } = loadEdl(file, { read, searchPaths, defines: {}, dialect: 'both', findings });
  const diagnostics = findings.diagnostics();
  return {
    loaded,
    paths,
    reads,
    diagnostics,
    codes: diagnostics.map(({ code, file: at, line }) => `${code} ${at ?? ''}:${line ?? ''}`),
  };
}

test('a file that two others import is read and parsed once', () => {
  const { loaded, paths, codes, reads } = load({
    'a.edl': enclave('b.edl', 'c.edl'),
    'b.edl': enclave('d.edl'),
    'c.edl': enclave('./d.edl', 'x/../d.edl'),
    'd.edl': enclave(),
  });
  assert.deepEqual(codes, []);
  assert.deepEqual(paths, ['a.edl', 'b.edl', 'd.edl', 'c.edl']);
  assert.equal(new Set(reads).size, reads.length);
  assert.ok(loaded);
  assert.deepEqual([...loaded.files.keys()], paths);
  assert.equal(loaded.files.get('a.edl'), loaded.root);
  assert.deepEqual(
    [...loaded.imports].map(([item, file]) => [item.at.source.path, file.source.path]),
    [
      ['b.edl', 'd.edl'],
      ['a.edl', 'b.edl'],
      ['c.edl', 'd.edl'],
      ['c.edl', 'd.edl'],
      ['a.edl', 'c.edl'],
    ],
  );
});

test('files are looked for beside the importing file, in the search paths, and as they are written', () => {
  const files = {
    'src/a.edl': enclave('b.edl', 'c.edl', 'sys/d.edl', 'e.edl', '/abs/f.edl'),
    'src/b.edl': enclave(),
    'one/b.edl': enclave(),
    'one/c.edl': enclave(),
    'two/c.edl': enclave(),
    'two/sys/d.edl': enclave('g.edl'),
    'two/sys/g.edl': enclave(),
    'e.edl': enclave(),
    '/abs/f.edl': enclave(),
  };
  const { paths, codes } = load(files, { file: 'src/a.edl', searchPaths: ['one', 'two/'] });
  assert.deepEqual(codes, []);
  assert.deepEqual(paths, [
    'src/a.edl',
    'src/b.edl',
    'one/c.edl',
    'two/sys/d.edl',
    'two/sys/g.edl',
    'e.edl',
    '/abs/f.edl',
  ]);
  assert.deepEqual(load({ 'dir/a.edl': enclave() }, { searchPaths: ['dir'] }).paths, ['dir/a.edl']);
});

test('a missing file is reported in the words of both compilers', () => {
  const { diagnostics, codes, loaded } = load({ 'a.edl': enclave('b.edl') });
  assert.deepEqual(codes, ['edl-file-not-found a.edl:2']);
  assert.deepEqual(diagnostics[0]?.notes, [
    'oeedger8r: error: file not found within search paths: b.edl',
    'sgx_edger8r: File not found within search paths: b.edl',
    'looked for b.edl',
  ]);
  const searchPaths = Array.from({ length: 9 }, (_, index) => `p${index}`);
  const deeper = load({ 'd/a.edl': enclave('b.edl') }, { file: 'd/a.edl', searchPaths }).diagnostics[0];
  assert.equal(
    deeper?.notes?.at(-1),
    'looked for d/b.edl, p0/b.edl, p1/b.edl, p2/b.edl, p3/b.edl, p4/b.edl, p5/b.edl, p6/b.edl, and in 3 more places',
  );
  assert.equal(deeper?.suggestion, '--search-path with the folder that it is in');
  for (const [name, folder] of [
    ['openenclave/edl/syscall.edl', '/opt/openenclave/include'],
    ['platform.edl', '/opt/openenclave/include/openenclave/edl/sgx'],
    ['sgx_tstdc.edl', '/opt/intel/sgxsdk/include'],
  ] as const) {
    const hint = load({ 'a.edl': enclave(name) }).diagnostics[0]?.suggestion;
    assert.ok(hint?.endsWith(`(${folder})`), hint);
  }
  assert.equal(loaded?.imports.size, 0);
  const none = load({});
  assert.deepEqual(none.codes, ['edl-file-not-found a.edl:']);
  assert.equal(none.loaded, undefined);
});

test('a circle of imports is reported with its chain, and is not in the result', () => {
  const { diagnostics, codes, loaded } = load({
    'a.edl': enclave('b.edl'),
    'b.edl': enclave('c.edl'),
    'c.edl': enclave('b.edl'),
  });
  assert.deepEqual(codes, ['edl-import-circle c.edl:2']);
  assert.deepEqual(diagnostics[0]?.notes, [
    'oeedger8r: error: recursive import detected',
    "sgx_edger8r: detected circled import for `b.edl'",
    'b.edl imports c.edl',
    'c.edl imports b.edl',
  ]);
  assert.equal(loaded?.imports.size, 2);
  assert.deepEqual(load({ 'a.edl': enclave('./a.edl') }).codes, ['edl-import-circle a.edl:2']);
});

test('broken files are reported once, and the others are read', () => {
  const { codes, loaded, paths } = load({
    'a.edl': enclave('b.edl', 'c.edl', 'b.edl'),
    'b.edl': 'nothing',
    'c.edl': enclave(),
  });
  assert.deepEqual(codes, ['edl-expected b.edl:1']);
  assert.deepEqual(paths, ['a.edl', 'b.edl', 'c.edl']);
  assert.equal(loaded?.imports.size, 1);
});

test('files are bounded in size, number and depth', () => {
  const long = ' '.repeat(4 * 1024 * 1024 - enclave().length);
  assert.deepEqual(load({ 'a.edl': enclave() + long }).codes, []);
  assert.deepEqual(load({ 'a.edl': `${enclave()}${long} ` }).codes, ['edl-file-too-large a.edl:']);
  const many = Array.from({ length: 256 }, (_, index) => `f${index}.edl`);
  const wide = { 'a.edl': enclave(...many), ...Object.fromEntries(many.map((name) => [name, enclave()])) };
  assert.deepEqual(load(wide).codes, ['edl-too-many-files a.edl:257']);
  const large = Object.fromEntries(many.map((name) => [name, enclave() + long]));
  const together = load({ 'a.edl': enclave(...many), ...large });
  assert.deepEqual(together.codes, ['edl-files-too-large a.edl:5']);
  assert.equal(together.reads.length, 5);
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, index) => [
        `${index}.edl`,
        index + 1 < length ? enclave(`${index + 1}.edl`) : enclave(),
      ]),
    );
  assert.deepEqual(load(chain(64), { file: '0.edl' }).codes, []);
  assert.deepEqual(load(chain(65), { file: '0.edl' }).codes, ['edl-import-depth 63.edl:2']);
});

test('a name that no system can have is not looked for', () => {
  for (const name of ['x/'.repeat(3000), 'b\0.edl']) {
    const { codes, reads } = load({ 'a.edl': enclave(name) }, { searchPaths: ['s', 't'] });
    assert.deepEqual(codes, ['edl-file-not-found a.edl:2']);
    assert.deepEqual(reads, ['a.edl']);
  }
});
