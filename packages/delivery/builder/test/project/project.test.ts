import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { isEnclosError } from '@enclos/errors';

import type { Diagnostic } from '@enclos/diagnostics';
import { BuildError } from '../../src/diagnostic.ts';
import { loadProject, parseProject } from '../../src/project/project.ts';
import { minimalManifest } from '../project-folder.ts';

function diagnosticsOf(json: unknown): readonly Diagnostic[] {
  try {
    parseProject('/project', typeof json === 'string' ? json : JSON.stringify(json, null, 2));
  } catch (error) {
    assert.ok(error instanceof BuildError);
    assert.equal(error.code, 'BUILD_MANIFEST_INVALID');
    return error.diagnostics;
  }
  return assert.fail('accepted');
}

function memoryFiles(files: Readonly<Record<string, string>>) {
  return {
    readFile: async (path: string) => {
      const text = files[path];
      if (text === undefined) throw new Error('ENOENT');
      return new TextEncoder().encode(text);
    },
  };
}

test('loadProject() reads enclave.json through the given file system and fills in defaults', async () => {
  const fs = memoryFiles({ '/project/enclave.json': JSON.stringify(minimalManifest) });
  const project = await loadProject('/project', { fs });
  assert.equal(project.main, 'src/demo.enclave.ts');
  assert.equal(project.interface, 'src/demo.edl.ts');
  assert.equal(project.debug, false);
  assert.equal(project.heapSizeBytes, 128 * 2 ** 20);
  assert.deepEqual(project.attributes, { kss: false });
  assert.ok(Object.isFrozen(project));
});

test('loadProject() names the file when it is absent', async () => {
  await assert.rejects(loadProject('/project', { fs: memoryFiles({}) }), (error) =>
    isEnclosError(error, 'BUILD_FILE_UNREADABLE'),
  );
});

test('loadProject() of a folder without a project says which folder, and what to do', async () => {
  for (const [folder, what] of [
    [tmpdir(), 'enclave.json in '],
    [join(tmpdir(), 'nothing/is/here'), 'folder '],
  ] as const) {
    await assert.rejects(loadProject(folder), (error) => {
      assert.ok(isEnclosError(error, 'BUILD_FILE_UNREADABLE'));
      assert.ok(error.message.startsWith(`There is no ${what}${folder}, `), error.message);
      assert.match(error.message, /so it is not a project: name the folder of one, or make one with `enclos new`\.$/);
      return true;
    });
  }
});

test('loadProject() refuses bytes that are not UTF-8', async () => {
  const fs = { readFile: async () => Uint8Array.of(0x7b, 0xff, 0x7d) };
  await assert.rejects(loadProject('/project', { fs }), (error) => isEnclosError(error, 'BUILD_MANIFEST_INVALID'));
});

test('parseProject() reads every key', () => {
  const project = parseProject(
    '/project',
    JSON.stringify({
      ...minimalManifest,
      $schema: './node_modules/@enclos/build/schema/enclave.schema.json',
      main: 'app/main.ts',
      interface: 'app/demo.edl.ts',
      debug: true,
      attributes: { kss: true, familyId: 'AB'.repeat(16), extendedProductId: '01'.repeat(16) },
      threads: 8,
      heapSize: '2GB',
      files: [{ source: 'data/a.txt', target: '/data/a.txt' }],
      trustedFiles: [{ path: '/model.bin', source: 'models/model.bin' }],
      mounts: [
        { target: '/state', type: 'hostfs', readOnly: true, maxSize: '64 MB' },
        { target: '/tmp', type: 'memfs' },
      ],
      env: [
        { name: 'MODE', value: 'strict' },
        { name: 'HOME', fromHost: true },
      ],
      listen: [
        { name: 'api', port: 8443 },
        { name: 'fast', port: 8444, transport: 'passed' },
      ],
      connect: [{ name: 'store', host: 'store.example', port: 443, transport: 'either' }],
      limits: { maxFrameBytes: 1_048_576, maxDepth: 2 },
      companions: [{ name: 'engine', source: 'src/engine.ts' }],
    }),
  );
  assert.equal(project.heapSizeBytes, 2 ** 31);
  assert.equal(project.attributes.familyId, 'ab'.repeat(16));
  assert.deepEqual(project.mounts, [
    { target: '/state', kind: 'host', readOnly: true, maxBytes: 64n * 2n ** 20n },
    { target: '/tmp', kind: 'memory', readOnly: false, maxBytes: 16n * 2n ** 20n },
  ]);
  assert.deepEqual(project.environment, [{ name: 'MODE', value: 'strict' }, { name: 'HOME' }]);
  assert.deepEqual(project.listen, [
    { name: 'api', port: 8443, transport: 'relayed' },
    { name: 'fast', port: 8444, transport: 'passed' },
  ]);
  assert.deepEqual(project.connect, [{ name: 'store', host: 'store.example', port: 443, transport: 'either' }]);
  assert.equal(project.limits.maxFrameBytes, 1_048_576);
  assert.equal(project.limits.maxQueuedCalls, 1024);
  assert.deepEqual(project.companions, [
    {
      name: 'engine',
      source: 'src/engine.ts',
      processes: 1,
      memoryBytes: 128n * 2n ** 20n,
      threads: 4,
      addons: false,
      files: [],
    },
  ]);
});

test('names that only look like a way up are names', () => {
  for (const main of ['..a/b.ts', 'a../b.ts', 'a/..b/c.ts', './a.ts', '...']) {
    assert.equal(parseProject('/p', JSON.stringify({ ...minimalManifest, main })).main, main);
  }
});

test('a heap size is megabytes as a number, and has a unit as text', () => {
  const heap = (heapSize: unknown) =>
    parseProject('/p', JSON.stringify({ ...minimalManifest, heapSize })).heapSizeBytes;
  assert.equal(heap(512), 512 * 2 ** 20);
  assert.equal(heap('512MB'), 512 * 2 ** 20);
  assert.equal(heap('1 GB'), 2 ** 30);
});

test('an unknown key is an error at its place, with a guess', () => {
  const text = '{\n  "name": "demo",\n  "productId": 1,\n  "securityVersion": 2,\n  "heapsize": "64MB"\n}';
  const [problem, ...others] = diagnosticsOf(text);
  assert.deepEqual(others, []);
  assert.equal(problem?.text, 'unknown key "heapsize"');
  assert.equal(problem?.suggestion, '"heapSize" — did you mean that?');
  assert.deepEqual([problem?.file, problem?.line, problem?.column, problem?.length], ['enclave.json', 5, 3, 10]);
  assert.equal(problem?.lineText, '  "heapsize": "64MB"');
});

test('an unknown key of an entry names the known ones when nothing is close', () => {
  const [problem] = diagnosticsOf({ ...minimalManifest, mounts: [{ target: '/a', type: 'memfs', colour: 1 }] });
  assert.equal(problem?.text, 'unknown key "colour" in mounts[0]');
  assert.deepEqual(problem?.notes, ['known keys: target, type, readOnly, maxSize']);
  assert.equal(problem?.lineText?.trim(), '"colour": 1');
});

test('a word that is nearly one of the listed ones is an error at its place, with a guess', () => {
  const listen = [{ name: 'api', port: 1, transport: 'pased' }];
  const [problem, ...others] = diagnosticsOf({ ...minimalManifest, listen });
  assert.deepEqual(others, []);
  assert.match(problem?.text ?? '', /^listen\[0\]\.transport: /);
  assert.equal(problem?.suggestion, '"passed" — did you mean that?');
  assert.equal(problem?.lineText?.trim(), '"transport": "pased"');
});

test('every problem is reported at once', () => {
  assert.equal(diagnosticsOf({ ...minimalManifest, threads: 0, productId: -1, heapsize: 1 }).length, 3);
});

test('a missing key points at the object that lacks it', () => {
  const [problem] = diagnosticsOf('\n{ "name": "demo", "securityVersion": 1 }');
  assert.match(problem?.text ?? '', /^productId: /);
  assert.deepEqual([problem?.line, problem?.column, problem?.length], [2, 1, 1]);
});

for (const [name, change, text] of [
  ['a name with capitals', { name: 'Demo' }, /^name: /],
  ['a name that climbs out of the folder', { name: '../x' }, /^name: /],
  ['a product id beyond 16 bits', { productId: 65_536 }, /^productId: /],
  ['a security version that is not an integer', { securityVersion: 1.5 }, /^securityVersion: /],
  ['debug as text', { debug: 'no' }, /^debug: expected boolean/],
  ['no thread', { threads: 0 }, /^threads: /],
  ['too many threads', { threads: 257 }, /^threads: /],
  ['a heap without unit', { heapSize: '64' }, /^heapSize: expected a size/],
  ['a heap that is too small', { heapSize: '8MB' }, /^heapSize: expected a heap of/],
  ['a heap that is too large', { heapSize: '65GB' }, /^heapSize: expected a heap of/],
  ['an absolute source', { files: [{ source: '/etc/passwd', target: '/p' }] }, /^files\[0\]\.source: /],
  ['a main module above the project', { main: '../other/main.ts' }, /^main: .*without "\.\."/],
  ['an interface above the project', { interface: 'src/../../x.edl.ts' }, /^interface: /],
  ['a source that climbs at its end', { files: [{ source: 'a/..', target: '/p' }] }, /^files\[0\]\.source: /],
  [
    'a trusted file above the project',
    { trustedFiles: [{ source: '..', path: '/p' }] },
    /^trustedFiles\[0\]\.source: /,
  ],
  ['a companion above the project', { companions: [{ name: 'a', source: '../a.ts' }] }, /^companions\[0\]\.source: /],
  [
    'two companions of one name',
    {
      companions: [
        { name: 'a', source: 'a.ts' },
        { name: 'a', source: 'b.ts' },
      ],
    },
    /^companions\[1\]\.name: the name "a" is used twice/,
  ],
  [
    'two files of one name in a companion',
    {
      companions: [
        {
          name: 'a',
          source: 'a.ts',
          files: [
            { path: 'b', source: 'b' },
            { path: 'b', source: 'c' },
          ],
        },
      ],
    },
    /^companions\[0\]\.files\[1\]\.path: the name "b" is used twice/,
  ],
  [
    'a file of a companion in a folder',
    { companions: [{ name: 'a', source: 'a.ts', files: [{ path: 'b/c', source: 'b' }] }] },
    /^companions\[0\]\.files\[0\]\.path: /,
  ],
  [
    'addons without a file',
    { companions: [{ name: 'a', source: 'a.ts', addons: true }] },
    /^companions\[0\]\.addons: /,
  ],
  [
    'a companion with too little memory',
    { companions: [{ name: 'a', source: 'a.ts', memory: '8MB' }] },
    /^companions\[0\]\.memory: expected a memory of/,
  ],
  [
    'companions of a program',
    { program: { file: 'a' }, companions: [{ name: 'a', source: 'a.ts' }] },
    /^companions: a program has no companions/,
  ],
  ...(['files', 'trustedFiles', 'mounts'] as const).map(
    (key) =>
      [
        `one of the ${key} in the folder of the platform`,
        {
          [key]: [
            key === 'mounts'
              ? { target: '/.enclos', type: 'memfs' }
              : { [key === 'files' ? 'target' : 'path']: '/.enclos/companions/a.js', source: 'a' },
          ],
        },
        /"\/\.enclos" is for the platform/,
      ] as const,
  ),
  ['a relative target', { files: [{ source: 'a', target: 'p' }] }, /^files\[0\]\.target: /],
  ['a target with dots', { files: [{ source: 'a', target: '/a/../p' }] }, /^files\[0\]\.target: /],
  ['a target that ends in a slash', { mounts: [{ target: '/a/', type: 'memfs' }] }, /^mounts\[0\]\.target: /],
  ['an unknown mount type', { mounts: [{ target: '/a', type: 'nfs' }] }, /^mounts\[0\]\.type: /],
  [
    'a target used twice',
    { files: [{ source: 'a', target: '/a' }], trustedFiles: [{ path: '/a', source: 'b' }] },
    /^trustedFiles\[0\]\.path: the target "\/a" is used twice/,
  ],
  [
    'a mount inside another',
    {
      mounts: [
        { target: '/a', type: 'memfs' },
        { target: '/a/b', type: 'memfs' },
      ],
    },
    /^mounts\[1\]\.target: .* inside the mount/,
  ],
  ['a variable without source', { env: [{ name: 'A' }] }, /^env\[0\]: expected either/],
  ['a variable with two sources', { env: [{ name: 'A', value: '', fromHost: true }] }, /^env\[0\]: expected either/],
  ['fromHost: false', { env: [{ name: 'A', fromHost: false }] }, /^env\[0\]\.fromHost: /],
  ['a variable name with a dash', { env: [{ name: 'A-B', value: '' }] }, /^env\[0\]\.name: /],
  [
    'a variable declared twice',
    {
      env: [
        { name: 'A', value: '' },
        { name: 'A', fromHost: true },
      ],
    },
    /^env\[1\]\.name: .*twice/,
  ],
  ['port 0', { listen: [{ name: 'api', port: 0 }] }, /^listen\[0\]\.port: /],
  [
    'an unknown transport',
    { listen: [{ name: 'a', port: 1, transport: 'raw' }] },
    /^listen\[0\]\.transport: .*"either"/,
  ],
  [
    'a list of transports',
    { connect: [{ name: 'a', host: 'b', port: 1, transport: ['passed'] }] },
    /^connect\[0\]\.transport: /,
  ],
  ['a destination without host', { connect: [{ name: 'a', port: 1 }] }, /^connect\[0\]\.host: /],
  ['a frame bound that is too small', { limits: { maxFrameBytes: 100 } }, /^limits\.maxFrameBytes: /],
  ['a family id without KSS', { attributes: { familyId: '00'.repeat(16) } }, /^attributes\.familyId: .*needs "kss"/],
  ['a family id of another length', { attributes: { kss: true, familyId: '00' } }, /^attributes\.familyId: /],
  ['a list in place of an object', { limits: [] }, /^limits: /],
] as const) {
  test(`parseProject() refuses ${name}, and points at it`, () => {
    const [problem, ...others] = diagnosticsOf({ ...minimalManifest, ...change });
    assert.deepEqual(others, []);
    assert.match(problem?.text ?? '', text);
    const [key = ''] = Object.keys(change).slice(-1);
    assert.ok((problem?.line ?? 0) > 1);
    assert.ok(problem?.lineText?.includes(key) || problem?.lineText?.startsWith('    '), problem?.lineText);
  });
}

test('parseProject() refuses a value that is not an object', () => {
  assert.equal(diagnosticsOf('[]')[0]?.column, 1);
  assert.equal(diagnosticsOf('null').length, 1);
});

test('parseProject() refuses __proto__ as a key', () => {
  const text = `{"name":"demo","productId":1,"securityVersion":2,"__proto__":{"debug":true}}`;
  assert.equal(diagnosticsOf(text)[0]?.text, 'unknown key "__proto__"');
});
