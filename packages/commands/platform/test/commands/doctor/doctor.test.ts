import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { checkClock, checkKeys, checkState } from '../../../src/commands/doctor/files.ts';
import { checkPlatforms, probePlatforms, type HardwareView } from '../../../src/commands/doctor/hardware.ts';
import {
  checkIsolation,
  checkSeparatedIsolation,
  probeIsolation,
  probeSeparatedIsolation,
  reportCompanions,
  reportIsolation,
  type IsolationReport,
} from '../../../src/commands/doctor/isolation.ts';
import { checkInterpreter, checkNode } from '../../../src/commands/doctor/runtime.ts';
import { checkDebug, checkInspector, checkSeparation } from '../../../src/commands/doctor/settings.ts';
import { checkSgx, reportSgx } from '../../../src/commands/doctor/sgx.ts';
import { initPlatform } from '../../../src/index.ts';
import { now, temporaryFolder } from '../../support.ts';

const folder = temporaryFolder();
const stateFolder = join(folder, 'state');
await initPlatform({ stateFolder, only: 'vendor', now });

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

const plan = (way: 'bubblewrap' | 'util-linux', active: boolean) =>
  ({
    way,
    prefix: [],
    lastAt: 0,
    starterPath: '/',
    limits: [],
    layers: [
      { name: 'a', active: true, detail: 'On.' },
      { name: 'b', active, detail: `By ${way}.` },
    ],
  }) as const;

test('isolation: each way says what it lacks, and a missing layer is a warning whose fix is every way to it', () => {
  const report = reportIsolation([plan('bubblewrap', false), plan('util-linux', false)]);
  assert.equal(report.strict, false);
  const checks = checkIsolation(report);
  assert.deepEqual(
    checks.map(({ name, status }) => [name, status]),
    [
      ['isolation by bubblewrap', 'info'],
      ['isolation by util-linux', 'info'],
      ['isolation: a', 'ok'],
      ['isolation: b', 'warning'],
      ['passed streams', 'info'],
    ],
  );
  assert.equal(checks[0]?.detail, 'without b; enclaves start by it');
  assert.equal(checks[1]?.detail, 'without b; not used');
  assert.equal(checks[3]?.fix, 'By bubblewrap. Or: By util-linux.');
});

test('isolation: util-linux alone leaves names of files to be seen, bubblewrap does not', () => {
  const alone = checkIsolation(reportIsolation([plan('bubblewrap', false), plan('util-linux', true)]));
  const seen = alone.find(({ name }) => name === 'isolation: names of files');
  assert.match(seen?.detail ?? '', /whether a file exists/);
  const both = checkIsolation(reportIsolation([plan('bubblewrap', true), plan('util-linux', true)]));
  const ofIsolation = both.filter(({ name }) => name !== 'passed streams');
  assert.deepEqual(new Set(ofIsolation.map(({ status }) => status)), new Set(['ok']));
});

test('passed streams: what the trial found, and what to do when a socket does not arrive', () => {
  const report = reportIsolation([plan('util-linux', true)]);
  const checked = (passing: IsolationReport['passing']) =>
    checkIsolation(passing === undefined ? report : { ...report, passing }).find(
      ({ name }) => name === 'passed streams',
    );
  assert.equal(checked({ works: true })?.status, 'ok');
  assert.equal(checked(undefined)?.status, 'info');
  const refused = checked({ works: false, reason: 'It got no socket.' });
  assert.deepEqual([refused?.status, refused?.detail], ['warning', 'It got no socket.']);
  assert.match(refused?.fix ?? '', /SELinux or AppArmor/);
});

test('private networks: whether static programs get one, and why not', () => {
  const report = reportIsolation([plan('util-linux', true)]);
  const checked = (privateNetworks: IsolationReport['privateNetworks']) =>
    checkIsolation({ ...report, ...(privateNetworks === undefined ? {} : { privateNetworks }) }).find(
      ({ name }) => name === 'private networks',
    );
  assert.equal(checked(undefined), undefined);
  assert.equal(checked({ works: true })?.status, 'ok');
  const absent = checked({ works: false, reason: 'There is no relay.' });
  assert.deepEqual([absent?.status, absent?.detail], ['info', 'no static program gets one here: There is no relay.']);
});

test('companions: their layers, and why enclaves get none', () => {
  const full = plan('util-linux', true);
  const checked = (companions: IsolationReport['companions']) =>
    checkIsolation({ ...reportIsolation([full]), ...(companions === undefined ? {} : { companions }) }).find(
      ({ name }) => name === 'companions',
    );
  assert.equal(checked(undefined), undefined);
  const reported = reportCompanions({ ...full, wayWithFiles: () => ({ prefix: [], lastAt: 0 }) });
  assert.equal(checked(reported)?.status, 'ok');
  for (const { name } of full.layers) assert.ok(checked(reported)?.detail.includes(name), name);
  // What a companion has of a layer is said in its own words.
  assert.match(
    reportCompanions({ layers: [{ name: 'interpreter', active: true, detail: '' }] }).layers[0]?.detail ?? '',
    /--allow-addons/,
  );
  const [first] = full.layers;
  const lacking = reportCompanions({
    layers: [{ name: first?.name ?? '', active: false, detail: 'Missing.' }],
    wayWithFiles: () => ({ prefix: [], lastAt: 0 }),
  });
  assert.match(checked(lacking)?.detail ?? '', new RegExp(`all but ${first?.name ?? ''}$`));
  const none = checked(reportCompanions({ layers: full.layers }));
  assert.deepEqual([none?.status, none?.detail.includes('see the layer file-view')], ['info', true]);
});

test('SGX images: whether they run, by which stub, and why not', () => {
  const stub = { sha256: new Uint8Array(32).fill(0xab), securityVersion: 3, compiler: 'gcc-14 14.2.0' };
  const works = checkSgx(reportSgx({ stub }));
  assert.equal(works.status, 'ok');
  assert.match(
    works.detail,
    /starts here; stub of security version 3, built by gcc-14 14\.2\.0, SHA-256 abababababababab…/,
  );
  const missing = checkSgx(reportSgx({ stub: undefined, obstacle: 'There is no stub.' }));
  assert.deepEqual([missing.status, missing.detail], ['info', 'none runs here: There is no stub.']);
  assert.deepEqual(reportSgx({ stub, obstacle: 'No.' }), {
    works: false,
    stub: { ...stub, sha256: 'ab'.repeat(32) },
    reason: 'No.',
  });
});

test('isolation: is tried in a folder from which programs run, and nothing is left in it', async () => {
  const other = join(folder, 'other');
  mkdirSync(other);
  // No folder can be made in the first.
  const report = await probeIsolation(process.execPath, ['/proc', other]);
  assert.equal(report.layers.find(({ name }) => name === 'descriptors')?.active, true);
  assert.deepEqual(readdirSync(other), []);
});

test('isolation of enclaves with users of their own: both ways, and what is missing', () => {
  const checks = checkSeparatedIsolation(reportIsolation([plan('util-linux', false), plan('bubblewrap', true)]));
  assert.deepEqual(
    checks.map(({ name, status, detail }) => [name, status, detail]),
    [
      ['separated isolation by util-linux', 'info', 'without b; not used'],
      ['separated isolation by bubblewrap', 'ok', 'every layer; enclaves start by it'],
      ['separated passed streams', 'info', 'not without the system call filter: streams are relayed'],
    ],
  );
  const missing = checkSeparatedIsolation(reportIsolation([plan('util-linux', false), plan('bubblewrap', false)]));
  assert.deepEqual(missing.at(-2)?.name, 'separated isolation: b');
  assert.deepEqual(missing.at(-2)?.status, 'warning');
});

test('isolation of enclaves with users of their own cannot be tried without root', async () => {
  assert.equal(await probeSeparatedIsolation(process.execPath, 1000), undefined);
});

test('separation: root could, others share one user', () => {
  assert.match(checkSeparation(0).detail, /root/);
  assert.match(checkSeparation(1000).detail, /not root.* one user/);
});

test('inspector: one in NODE_OPTIONS is a warning', () => {
  assert.equal(checkInspector({}).status, 'ok');
  assert.equal(checkInspector({ NODE_OPTIONS: '--max-old-space-size=64 --no-warnings' }).status, 'ok');
  for (const option of ['--inspect', '--inspect-brk=0.0.0.0:9229', '--no-warnings --inspect-port=1']) {
    const { status, detail } = checkInspector({ NODE_OPTIONS: option });
    assert.equal(status, 'warning', option);
    assert.match(detail, /NODE_OPTIONS has --inspect/);
  }
});

test('debug: a project of debug enclaves is a warning', async () => {
  const project = temporaryFolder();
  const write = (text: string): void => writeFileSync(join(project, 'enclave.json'), text);
  assert.equal((await checkDebug(project)).status, 'info');
  write('{"debug":true}');
  assert.equal((await checkDebug(project)).status, 'warning');
  for (const text of ['{}', '{"debug":false}', '[]', 'null']) {
    write(text);
    assert.equal((await checkDebug(project)).status, 'ok', text);
  }
  write('{');
  assert.equal((await checkDebug(project)).status, 'info');
});

const nothing: HardwareView = {
  detect: () => Promise.resolve([]),
  isUsable: () => Promise.resolve(false),
  hasCommand: () => Promise.resolve(false),
};
const lacking = (reports: Awaited<ReturnType<typeof probePlatforms>>) =>
  reports.map(({ platform, place, complete, parts }) => [
    `${platform} ${place}`,
    complete,
    parts.flatMap(({ name, present }) => (present ? [] : [name])),
  ]);

test('hardware: without any, each platform says all that it lacks, and none of it is a fault', async () => {
  const reports = await probePlatforms(nothing);
  assert.deepEqual(lacking(reports), [
    ['gramine host', false, ['/dev/sgx_enclave', 'gramine-sgx', 'gramine-sgx-sign', '/var/run/aesmd/aesm.socket']],
    ['gramine inside', false, ['interface of gramine']],
    ['tsm inside', false, ['interface of tsm', '/sys/kernel/config/tsm/report']],
    ['azure-vtpm inside', false, ['interface of azure-vtpm', '/dev/tpmrm0', 'tpm2_nvread', 'tpm2_quote']],
  ]);
  const checks = checkPlatforms(reports);
  assert.deepEqual(new Set(checks.map(({ status }) => status)), new Set(['info']));
  for (const { detail } of checks) assert.match(detail, /^missing: .*not yet run on hardware$/);
});

test('hardware: what is here is not missing', async () => {
  const reports = await probePlatforms({
    detect: () => Promise.resolve([{ platform: 'tsm', path: '/sys/kernel/config/tsm/report' }]),
    isUsable: (path) => Promise.resolve(path.startsWith('/sys/') || path === '/dev/sgx_enclave'),
    hasCommand: (name) => Promise.resolve(name.startsWith('gramine')),
  });
  assert.deepEqual(lacking(reports).slice(0, 3), [
    ['gramine host', false, ['/var/run/aesmd/aesm.socket']],
    ['gramine inside', false, ['interface of gramine']],
    ['tsm inside', true, []],
  ]);
  assert.match(checkPlatforms(reports)[2]?.detail ?? '', /^everything is here; .*not yet run on hardware$/);
});

test('state folder: one that cannot be made is a failure that says why', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const [below] = await checkState(join(file, 'state/of/enclos'));
  assert.deepEqual(
    [below?.status, below?.detail, below?.fix],
    [
      'failure',
      `${file}/state/of/enclos does not exist and cannot be made: ${file} is not a folder`,
      'Name another folder with --state.',
    ],
  );
  const asked: string[] = [];
  const [closed] = await checkState(join(folder, 'not/there'), (parent) => {
    asked.push(parent);
    return Promise.resolve('this user may not write there');
  });
  assert.deepEqual([closed?.status, asked], ['failure', [folder]]);
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
