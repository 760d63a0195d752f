import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initPlatform, type DoctorReport } from '../../../src/index.ts';
import { enclos, now, signingKey, temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();
const stateFolder = join(folder, 'state');
await initPlatform({ stateFolder, only: 'vendor', now });
const isRoot = process.getuid?.() === 0;

test('a healthy machine: each line says what it found, and the exit code is 0', async () => {
  const ran = await enclos(['doctor', folder, '--state', stateFolder]);
  assert.equal(ran.code, 0, ran.stdout);
  assert.match(ran.stdout, /^✔ node {4,}Node \d/);
  assert.match(ran.stdout, /\n✔ interpreter +Node 24\.[\d.]+, its SHA-256 is the pinned one\n✔ libraries /);
  assert.match(ran.stdout, /\n[✔⚠] isolation: seccomp /);
  assert.match(ran.stdout, /\n· hardware: SGX, Gramine .*not yet run on hardware\n/);
  assert.match(ran.stdout, /\nNothing is broken; \d+ warnings\.\n$/);
});

test('--json has the same checks, and a failed one makes exit code 1', async () => {
  const project = temporaryFolder();
  writeFileSync(join(project, 'open.pem'), signingKey());
  chmodSync(join(project, 'open.pem'), 0o644);
  const ran = await enclos(['doctor', '--state', stateFolder, '--json'], { cwd: project });
  assert.equal(ran.code, 1);
  const { healthy, checks } = ran.json() as unknown as DoctorReport;
  assert.equal(healthy, false);
  const failed = checks.filter(({ status }) => status === 'failure');
  assert.deepEqual(
    failed.map(({ name, fix }) => [name, fix]),
    [['signing key', `chmod 600 ${join(project, 'open.pem')}`]],
  );
});

test('isolation: --json has it as data, in a shape that stays', async () => {
  const ran = await enclos(['doctor', folder, '--state', stateFolder, '--json']);
  const { isolation } = ran.json() as unknown as DoctorReport;
  assert.ok(isolation);
  const isFiltered = isolation.layers.some(({ name, active }) => name === 'seccomp' && active);
  const tried = isFiltered ? ['passing'] : [];
  assert.deepEqual(Object.keys(isolation).sort(), [
    'chosen',
    'companions',
    'layers',
    ...tried,
    'privateNetworks',
    'sgx',
    'strict',
    'ways',
  ]);
  if (isFiltered) assert.deepEqual(isolation.passing, { works: true });
  assert.deepEqual(
    isolation.ways.map(({ way }) => way),
    ['util-linux', 'bubblewrap'],
  );
  assert.deepEqual(Object.keys(isolation.companions ?? {}).sort(), ['layers', 'works']);
  const [first, second] = isolation.ways;
  assert.deepEqual(Object.keys(first ?? {}).sort(), ['complete', 'layers', 'way']);
  const names = (layers: typeof isolation.layers): readonly string[] => layers.map(({ name }) => name);
  assert.deepEqual(names(first?.layers ?? []), names(isolation.layers));
  assert.deepEqual(names(second?.layers ?? []), names(isolation.layers));
  assert.deepEqual(names(isolation.companions?.layers ?? []), names(isolation.layers));
  for (const layer of isolation.layers) assert.deepEqual(Object.keys(layer).sort(), ['active', 'detail', 'name']);
  assert.equal(
    isolation.strict,
    isolation.layers.every(({ active }) => active),
  );
});

test(
  'isolation of enclaves with users of their own, as root: in --json',
  { skip: !isRoot && 'needs root' },
  async () => {
    const ran = await enclos(['doctor', folder, '--state', stateFolder, '--json']);
    const { separatedIsolation, isolation } = ran.json() as unknown as DoctorReport;
    assert.deepEqual(
      separatedIsolation?.layers.map(({ name }) => name),
      isolation?.layers.map(({ name }) => name),
    );
    assert.deepEqual(
      separatedIsolation?.ways.map(({ way }) => way),
      ['util-linux', 'bubblewrap'],
    );
  },
);

test('hardware: --json has it as data, in a shape that stays', async () => {
  const ran = await enclos(['doctor', folder, '--state', stateFolder, '--json']);
  const { platforms } = ran.json() as unknown as DoctorReport;
  assert.equal(platforms.length, 4);
  for (const report of platforms) {
    assert.deepEqual(Object.keys(report), ['platform', 'place', 'driver', 'complete', 'parts', 'runOnHardware']);
    assert.equal(report.runOnHardware, false);
    assert.equal(
      report.complete,
      report.parts.every(({ present }) => present),
    );
    for (const part of report.parts) assert.deepEqual(Object.keys(part), ['name', 'present', 'purpose']);
  }
});
