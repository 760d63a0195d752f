import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { checkClock, checkKeys, checkState } from '../src/doctor/files.ts';
import { checkHardware } from '../src/doctor/hardware.ts';
import { checkLayers } from '../src/doctor/isolation.ts';
import { checkInterpreter, checkNode } from '../src/doctor/runtime.ts';
import { initPlatform, type DoctorReport } from '../src/index.ts';
import { enclos, now, signingKey, temporaryFolder } from './cli.ts';

const folder = temporaryFolder();
const stateFolder = join(folder, 'state');
await initPlatform({ stateFolder, only: 'vendor', now });

test('a healthy machine: each line says what it found, and the exit code is 0', async () => {
  const ran = await enclos(['doctor', folder, '--state', stateFolder]);
  assert.equal(ran.code, 0, ran.stdout);
  assert.match(ran.stdout, /^✔ node {4,}Node \d/);
  assert.match(ran.stdout, /\n✔ interpreter +Node 24\.[\d.]+, its SHA-256 is the pinned one\n✔ libraries /);
  assert.match(ran.stdout, /\n[✔⚠] isolation: seccomp /);
  assert.match(ran.stdout, /\n· hardware: Intel SGX /);
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

test('node: old versions fail', () => {
  for (const version of ['18.20.4', '20.18.3']) assert.equal(checkNode(version).status, 'failure');
  for (const version of ['20.19.0', '22.0.0']) assert.equal(checkNode(version).status, 'ok');
});

test('interpreter: missing, changed, or unable to start', async () => {
  const missing = await checkInterpreter(() => Promise.reject(new EnclosError('INTERPRETER_MISSING')));
  assert.deepEqual([missing.path, missing.checks[0]?.status], [undefined, 'failure']);
  assert.match(missing.checks[0]?.fix ?? '', /npm install/);
  const broken = join(folder, 'broken');
  writeFileSync(broken, '#!/bin/sh\necho "libgone.so: cannot open" >&2; exit 127\n', { mode: 0o755 });
  const found = { path: broken, version: '24.0.0', sha256: new Uint8Array(32), recheck: () => Promise.resolve() };
  const { checks } = await checkInterpreter(() => Promise.resolve(found));
  assert.equal(checks[1]?.detail, 'The interpreter does not start: libgone.so: cannot open');
});

test('isolation: a missing layer is a warning whose fix is how to get it', () => {
  const [there, missing] = checkLayers([
    { name: 'a', active: true, detail: 'It is on.' },
    { name: 'b', active: false, detail: 'Install it.' },
  ]);
  assert.deepEqual(there, { name: 'isolation: a', status: 'ok', detail: 'It is on.' });
  assert.deepEqual([missing?.status, missing?.fix], ['warning', 'Install it.']);
});

test('hardware: what is there has no driver yet, what is not is not needed', async () => {
  const checks = await checkHardware((path) => Promise.resolve(path === '/dev/tdx_guest'));
  assert.deepEqual(new Set(checks.map(({ status }) => status)), new Set(['info']));
  assert.match(checks[2]?.detail ?? '', /this version has no driver/);
});

test('state folder: absent is fine, open to others is not', async () => {
  assert.equal((await checkState(join(folder, 'absent')))[0]?.status, 'info');
  assert.equal((await checkState(stateFolder))[0]?.status, 'ok');
  const vendor = join(stateFolder, 'vendor');
  chmodSync(vendor, 0o755);
  const [check] = await checkState(stateFolder);
  assert.deepEqual([check?.status, check?.fix], ['failure', `chmod -R go= ${vendor}`]);
  chmodSync(vendor, 0o700);
});

test('keys: other PEM files are left out, and a project without a key is fine', async () => {
  const project = temporaryFolder();
  writeFileSync(join(project, 'certificate.pem'), '-----BEGIN CERTIFICATE-----\n');
  assert.equal((await checkKeys(project))[0]?.status, 'info');
  assert.equal((await checkKeys(join(project, 'absent')))[0]?.status, 'info');
});

test('clock: before, within and after the dates of the collateral', async () => {
  const dayMs = 86_400_000;
  const at = async (days: number) => (await checkClock(stateFolder, new Date(now.getTime() + days * dayMs))).status;
  assert.deepEqual([await at(-1), await at(1), await at(40)], ['failure', 'ok', 'warning']);
  assert.equal((await checkClock(join(folder, 'absent'), now)).status, 'info');
  const broken = temporaryFolder();
  await initPlatform({ stateFolder: broken, only: 'vendor', now });
  rmSync(join(broken, 'vendor/documents'), { recursive: true });
  assert.equal((await checkClock(broken, now)).status, 'info', 'no collateral to compare with');
  writeFileSync(join(broken, 'vendor/vendor.json'), 'x');
  assert.equal((await checkClock(broken, now)).status, 'failure');
});
