import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rmSync } from 'node:fs';
import { isBuildError } from '@enclos/build/diagnostics';
import { egoExecutable, newConfig, parseConfig } from '../../src/config/config.ts';

const least = { exe: 'server', key: 'private.pem', debug: true, heapSize: 512, productID: 1, securityVersion: 1 };

const folder = mkdtempSync(join(tmpdir(), 'enclos-ego-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function parse(config: object) {
  return parseConfig('/project/enclave.json', JSON.stringify(config));
}

/** What the diagnostics of a configuration say. */
function problemsOf(config: unknown): readonly string[] {
  try {
    parseConfig('/project/enclave.json', typeof config === 'string' ? config : JSON.stringify(config, undefined, 1));
  } catch (error) {
    assert.ok(isBuildError(error) && error.code === 'EGO_CONFIG_INVALID', String(error));
    return error.diagnostics.map(({ text }) => text);
  }
  return [];
}

test('reads a configuration with every key of EGo', () => {
  const config = parse({
    ...least,
    executableHeap: false,
    mounts: [
      { source: '/home/user', target: '/data', type: 'hostfs', readOnly: false },
      { source: 'relative', target: '/other', type: 'hostfs', readOnly: true },
      { target: '/tmp', type: 'memfs' },
      { source: '/ignored', target: '/memory', type: 'memfs' },
    ],
    env: [
      { name: 'LANG', fromHost: true },
      { name: 'PWD', value: '/data' },
      { name: 'MODE', value: 'fallback', fromHost: true },
    ],
    files: [
      { source: 'some_datafile', target: '/some/path/to/datafile' },
      { source: '/etc/ssl/certs/ca-certificates.crt', target: '/etc/ssl/certs/ca-certificates.crt' },
    ],
  });
  assert.deepEqual(
    [config.exe, config.key, config.heapSizeBytes],
    ['/project/server', '/project/private.pem', 2 ** 29],
  );
  assert.deepEqual(config.mounts, [
    { target: '/data', readOnly: false, source: '/home/user' },
    { target: '/other', readOnly: true, source: 'relative' },
    { target: '/tmp', readOnly: false, source: undefined },
    { target: '/memory', readOnly: false, source: undefined },
  ]);
  assert.deepEqual(config.environment[2], { name: 'MODE', value: 'fallback', fromHost: true });
  assert.deepEqual(
    config.files.map(({ source }) => source),
    ['/project/some_datafile', '/etc/ssl/certs/ca-certificates.crt'],
  );
  assert.deepEqual([config.network, config.listen, config.connect, config.arguments], ['declared', [], [], []]);
});

test('reads lists that Go has written as null, and takes what is not there as Go does', () => {
  const { mounts, debug, productId } = parse({
    exe: 'a',
    key: 'k.pem',
    heapSize: 16,
    mounts: null,
    env: null,
    files: null,
  });
  assert.deepEqual([mounts, debug, productId], [[], false, 0]);
});

test('reads the keys that are ours', () => {
  const listen = [{ name: 'https', port: 8080 }];
  const connect = [{ name: 'db', host: 'db.example', port: 5432 }];
  const config = parse({ ...least, network: 'any', listen, connect, arguments: ['server', '-v'] });
  assert.deepEqual([config.network, config.listen, config.connect], ['any', listen, connect]);
  assert.deepEqual(config.arguments, ['server', '-v']);
});

test('reads what it writes for an executable without a configuration', () => {
  assert.deepEqual(JSON.parse(newConfig('helloworld')), { ...least, exe: 'helloworld' });
  assert.deepEqual(problemsOf(newConfig('helloworld')), []);
});

const { exe: _exe, ...withoutExe } = least;
const { key: _key, ...withoutKey } = least;
const { heapSize: _heap, ...withoutHeap } = least;
const hostfs = { source: '/a', target: '/data', type: 'hostfs' };

const refused: readonly (readonly [what: string, config: unknown, problem: RegExp])[] = [
  ['no JSON', '{', /./],
  ['a list', [], /object/],
  ['an unknown key', { ...least, heapsize: 1 }, /^unknown key "heapsize"/],
  ['an unknown key of a mount', { ...least, mounts: [{ ...hostfs, mode: 1 }] }, /^unknown key "mode" in mounts/],
  [
    'an unknown key of a variable',
    { ...least, env: [{ name: 'A', value: '', from: 1 }] },
    /^unknown key "from" in env/,
  ],
  [
    'an unknown key of a file',
    { ...least, files: [{ source: 'a', target: '/a', content: '' }] },
    /^unknown key "content"/,
  ],
  ['no exe', withoutExe, /^exe: /],
  ['an exe that is a number', { ...least, exe: 1 }, /^exe: /],
  ['no key', withoutKey, /^key: /],
  ['an empty key', { ...least, key: '' }, /^key: /],
  ['a debug that is text', { ...least, debug: 'true' }, /^debug: /],
  ['no heap', withoutHeap, /^heapSize: /],
  ['a heap of no size', { ...least, heapSize: 0 }, /^heapSize: .*16 MB/],
  ['a heap that is text', { ...least, heapSize: '512MB' }, /^heapSize: /],
  ['a heap that is not whole', { ...least, heapSize: 512.5 }, /^heapSize: /],
  ['a heap beyond every machine', { ...least, heapSize: 65_537 }, /^heapSize: /],
  [
    'an executable heap',
    { ...least, executableHeap: true },
    /^executableHeap: no memory of a program becomes executable/,
  ],
  ['a product below zero', { ...least, productID: -1 }, /^productID: /],
  ['a product above 65535', { ...least, productID: 65_536 }, /^productID: /],
  ['a security version that is text', { ...least, securityVersion: '1' }, /^securityVersion: /],
  ['a mount without a target', { ...least, mounts: [{ source: '/a', type: 'hostfs' }] }, /^mounts\[0\]\.target: /],
  ['a mount at a relative path', { ...least, mounts: [{ ...hostfs, target: 'data' }] }, /absolute path/],
  ['a mount of another type', { ...least, mounts: [{ ...hostfs, type: 'ext4' }] }, /^mounts\[0\]\.type: /],
  ['a mount without a type', { ...least, mounts: [{ source: '/a', target: '/b' }] }, /^mounts\[0\]\.type: /],
  [
    'a folder of the host without a source',
    { ...least, mounts: [{ target: '/b', type: 'hostfs' }] },
    /needs a "source"/,
  ],
  ['a folder of the host as /', { ...least, mounts: [{ ...hostfs, target: '/' }] }, /\/ is private memory/],
  [
    'a mount in a mount',
    { ...least, mounts: [hostfs, { target: '/data/x', type: 'memfs' }] },
    /is inside the mount "\/data"/,
  ],
  ['a target that is used twice', { ...least, mounts: [hostfs, hostfs] }, /"\/data" is used twice/],
  [
    'an embedded file in a folder of the host',
    { ...least, mounts: [hostfs], files: [{ source: 'a', target: '/data/certs/ca.pem' }] },
    /"\/data\/certs\/ca.pem" is inside the mount "\/data", where the host could give another file/,
  ],
  ['a readOnly that is text', { ...least, mounts: [{ ...hostfs, readOnly: 'no' }] }, /^mounts\[0\]\.readOnly: /],
  ['mounts that are an object', { ...least, mounts: {} }, /^mounts: /],
  ['a variable without a name', { ...least, env: [{ value: '1' }] }, /^env\[0\]\.name: /],
  ['a name that is not one of a variable', { ...least, env: [{ name: 'A B', value: '1' }] }, /^env\[0\]\.name: /],
  ['a name that stands for many', { ...least, env: [{ name: 'A*', fromHost: true }] }, /^env\[0\]\.name: /],
  ['a variable of nothing', { ...least, env: [{ name: 'A' }] }, /"value", or "fromHost": true/],
  [
    'a variable twice',
    {
      ...least,
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    /"A" is used twice/,
  ],
  ['a fromHost that is text', { ...least, env: [{ name: 'A', fromHost: 'yes' }] }, /^env\[0\]\.fromHost: /],
  ['a file without a source', { ...least, files: [{ target: '/a' }] }, /^files\[0\]\.source: /],
  ['a file at a relative path', { ...least, files: [{ source: 'a', target: 'a' }] }, /absolute path/],
  [
    'a file twice',
    {
      ...least,
      files: [
        { source: 'a', target: '/a' },
        { source: 'b', target: '/a' },
      ],
    },
    /is used twice/,
  ],
  ['a private network', { ...least, network: 'private' }, /^network: /],
  ['listeners without a network', { ...least, network: 'none', listen: [{ name: 'a', port: 1 }] }, /^network: /],
  ['a listener without a port', { ...least, listen: [{ name: 'a' }] }, /^listen\[0\]\.port: /],
  [
    'a listener twice',
    {
      ...least,
      listen: [
        { name: 'a', port: 1 },
        { name: 'a', port: 2 },
      ],
    },
    /"a" is used twice/,
  ],
  ['a destination without a host', { ...least, connect: [{ name: 'a', port: 1 }] }, /^connect\[0\]\.host: /],
  ['an argument that is a number', { ...least, arguments: [1] }, /^arguments\[0\]: /],
];

for (const [what, config, problem] of refused) {
  test(`refuses ${what}`, () => {
    const problems = problemsOf(config);
    assert.ok(
      problems.some((text) => problem.test(text)),
      JSON.stringify(problems),
    );
  });
}

test('knows a configuration of EGo from one of ours', async () => {
  const write = (text: string): void => writeFileSync(join(folder, 'enclave.json'), text);
  assert.equal(await egoExecutable(join(folder, 'nowhere')), undefined);
  write('{"name": "app", "productId": 1, "securityVersion": 1}');
  assert.equal(await egoExecutable(folder), undefined);
  write('{');
  assert.equal(await egoExecutable(folder), undefined);
  write(newConfig('bin/server'));
  assert.equal(await egoExecutable(folder), join(folder, 'bin/server'));
});
