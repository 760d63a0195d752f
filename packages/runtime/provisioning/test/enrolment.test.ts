import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex, toHex } from '@enclos/codec';
import {
  createMachine,
  createVendor,
  enrolmentRequest,
  initialCpuSvn,
  installPck,
  issuePck,
  openMachine,
  publishTcb,
  setCpuSvn,
  type Machine,
} from '../src/index.ts';
import { signRequest } from '../src/provisioning/enrolment.ts';
import { pckKeyPair } from '../src/provisioning/machine.ts';
import { enrol, enrolledSite, laterBy, pckSerial, rejectsCode, statusOf } from './provisioning-support.ts';
import { now, temporaryFolder, testKey } from './support.ts';

const site = await enrolledSite();
const allowed = { now, allowSeparated: true };

function newMachine(separation: 'single-user' | 'separated' = 'single-user'): Promise<Machine> {
  return createMachine(join(temporaryFolder(), 'm'), { separation });
}

test('enrolment: asking again gives the same certificate, until its last year', async () => {
  const { vendor, machine } = site;
  const again = await enrol(vendor, machine, laterBy(365));
  assert.equal(pckSerial(again), pckSerial(machine));
  assert.notEqual(pckSerial(await enrol(vendor, machine, laterBy(6.5 * 365))), pckSerial(machine));
});

test('enrolment: a request that was changed in any field is refused', async () => {
  const { vendor, machine } = site;
  const request = enrolmentRequest(machine);
  const other = enrolmentRequest(await createMachine(join(temporaryFolder(), 'm'), { separation: 'separated' }));
  const changes: readonly Record<string, unknown>[] = [
    { format: 'enclos-enrolment-2' },
    { ppid: other.ppid },
    { platformInstanceId: other.platformInstanceId },
    { cpuSvn: toHex(initialCpuSvn('separated').with(0, 9)) },
    { cpuSvn: toHex(initialCpuSvn('separated').with(15, 3)) },
    { pceSvn: 2 },
    { pceSvn: 65_536 },
    { pceSvn: '1' },
    { publicKey: other.publicKey },
    { publicKey: '00'.repeat(64) },
    { proof: other.proof },
    { proof: undefined },
    { extra: 1 },
  ];
  for (const change of changes) {
    await rejectsCode(issuePck(vendor, { ...request, ...change }, allowed), 'ENROLMENT_REFUSED');
  }
  for (const value of [undefined, null, [], 'x', 1]) {
    await rejectsCode(issuePck(vendor, value, allowed), 'ENROLMENT_REFUSED');
  }
});

test('enrolment: a certificate of a clock that was ahead is replaced when the clock is right', async () => {
  const { vendor, machine } = await enrolledSite('separated', laterBy(4000));
  const right = await enrol(vendor, machine, now);
  assert.notEqual(pckSerial(right), pckSerial(machine));
  assert.ok(new Date(new X509Certificate(right.pck?.pck ?? '').validFrom) <= now);
  assert.equal(pckSerial(await enrol(vendor, right, now)), pckSerial(right));
});

test('enrolment: a request holds no secret', () => {
  const { machine } = site;
  const text = JSON.stringify(enrolmentRequest(machine));
  for (const file of ['fuses.bin', 'owner-epoch.bin']) {
    assert.ok(!text.includes(readFileSync(join(machine.folder, file)).toString('hex')));
  }
  assert.ok(!JSON.stringify(machine).includes(readFileSync(join(machine.folder, 'fuses.bin')).toString('hex')));
});

test('install: what is for another machine, another TCB, another chain or another quoting enclave is refused', async () => {
  const { vendor, machine } = site;
  const issued = await issuePck(vendor, enrolmentRequest(machine), allowed);
  const folder = temporaryFolder();
  const other = await createMachine(join(folder, 'other'), { separation: 'separated' });
  await rejectsCode(installPck(other, issued), 'ENROLMENT_REFUSED');
  await rejectsCode(
    installPck(await setCpuSvn(other, initialCpuSvn('separated').with(0, 2)), issued),
    'ENROLMENT_REFUSED',
  );
  const stranger = await createVendor(join(folder, 'stranger'), { now, quotingSigningKey: testKey('other') });
  const changes: readonly Record<string, unknown>[] = [
    { root: stranger.rootPem },
    { platformCa: stranger.platformCaPem },
    { pck: issued.platformCa },
    { quotingImage: `${issued.quotingImage.slice(0, 100)}B${issued.quotingImage.slice(101)}` },
    { quotingSigstruct: Buffer.from(stranger.quotingEnclave.sigstruct).toString('base64').replace(/^B/, 'C') },
    { quotingSigstruct: '' },
    { format: 'x' },
  ];
  for (const change of changes) {
    await rejectsCode(installPck(machine, { ...issued, ...change }), 'ENROLMENT_REFUSED');
  }
});

test('one vendor enrols many machines, single-user ones too', async () => {
  const { vendor } = site;
  const second = await createMachine(join(temporaryFolder(), 'm'), { separation: 'single-user' });
  const enrolled = await enrol(vendor, second);
  assert.equal(enrolled.pck?.root, site.machine.pck?.root);
  assert.equal(statusOf(vendor, fromHex(enrolled.cpuSvn))?.tcbStatus, 'ConfigurationNeeded');
});

test('enrolment: a machine that only says it is separated is refused unless the operator allows it by name', async () => {
  const request = enrolmentRequest(await newMachine('separated'));
  await rejectsCode(issuePck(site.vendor, request, { now }), 'ENROLMENT_REFUSED');
  await rejectsCode(issuePck(site.vendor, request, { now, allowSeparated: false }), 'ENROLMENT_REFUSED');
  assert.ok(await issuePck(site.vendor, request, allowed));
  assert.ok(await issuePck(site.vendor, enrolmentRequest(await newMachine()), { now }));
});

test('enrolment: nothing above the newest published TCB level, component by component and PCESVN', async () => {
  const { vendor, machine } = await enrolledSite('single-user');
  const issueAt = async (cpuSvn: Uint8Array, pceSvn = 1) =>
    issuePck(vendor, enrolmentRequest(await setCpuSvn(machine, cpuSvn, { pceSvn })), { now });
  const initial = initialCpuSvn('single-user');
  for (let index = 0; index < 15; index++) {
    const raised = initial.with(index, (initial[index] ?? 0) + 1);
    await rejectsCode(issueAt(raised), 'ENROLMENT_REFUSED');
  }
  await rejectsCode(issueAt(initial, 2), 'ENROLMENT_REFUSED');
  await rejectsCode(issueAt(new Uint8Array(16).fill(255).with(15, 1), 65_535), 'ENROLMENT_REFUSED');
  assert.ok(await issueAt(initial.with(0, 0), 0), 'a roll-back can be enrolled');
  await publishTcb(vendor, { components: initial.subarray(0, 15).with(3, 2), pceSvn: 2, now });
  assert.ok(await issueAt(initial.with(3, 2), 2), 'publish first, raise second');
  await rejectsCode(issueAt(initial.with(3, 3), 2), 'ENROLMENT_REFUSED');
});

function recordsOf(vendorFolder: string, { ppid }: Machine): readonly Record<string, unknown>[] {
  const folder = join(vendorFolder, 'issued', ppid);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>);
}

test('enrolment: each certificate has a record of its own, which renewal keeps', async () => {
  const { vendor, machine } = await enrolledSite();
  const renewed = await enrol(vendor, machine, laterBy(6.5 * 365));
  const records = recordsOf(vendor.folder, machine);
  assert.deepEqual(
    records.map(({ serialNumber }) => serialNumber),
    [pckSerial(machine), pckSerial(renewed)],
  );
  for (const record of records) {
    assert.equal(record['ppid'], machine.ppid);
    assert.deepEqual([record['cpuSvn'], record['pceSvn']], [machine.cpuSvn, machine.pceSvn]);
    assert.equal(record['publicKey'], toHex(pckKeyPair(machine).publicKey));
  }
});

test('enrolment: requests at once get one certificate, for the first time and for a renewal', async () => {
  const { vendor } = await enrolledSite();
  const machine = await newMachine();
  const request = enrolmentRequest(machine);
  for (const [at, count] of [
    [now, 1],
    [laterBy(6.5 * 365), 2],
  ] as const) {
    const issued = await Promise.all(Array.from({ length: 6 }, () => issuePck(vendor, request, { now: at })));
    assert.equal(new Set(issued.map(({ pck }) => pck)).size, 1);
    assert.equal(recordsOf(vendor.folder, machine).length, count);
  }
});

test('enrolment: a vendor that died between the record and the signature signs what the record says', async () => {
  const { vendor, machine } = await enrolledSite();
  const serial = pckSerial(machine);
  rmSync(join(vendor.folder, 'issued', machine.ppid, `${serial}.pem`));
  const again = await issuePck(vendor, enrolmentRequest(machine), { now: laterBy(1), allowSeparated: true });
  const [before, after] = [machine.pck?.pck ?? '', again.pck].map((pem) => new X509Certificate(pem));
  assert.ok(before && after);
  assert.deepEqual([after.serialNumber, after.validTo], [before.serialNumber, before.validTo]);
});

test('enrolment: a PPID has one key at a TCB, and a key one PPID', async () => {
  const { vendor, machine } = await enrolledSite('single-user');
  const other = await newMachine();
  const mine = enrolmentRequest(machine);
  const theirs = enrolmentRequest(other);
  const impostor = signRequest({ ...theirs, ppid: machine.ppid }, pckKeyPair(other).privateKey);
  await rejectsCode(issuePck(vendor, impostor, { now }), 'ENROLMENT_REFUSED');
  const renamed = signRequest({ ...mine, ppid: other.ppid }, pckKeyPair(machine).privateKey);
  await rejectsCode(issuePck(vendor, renamed, { now }), 'ENROLMENT_REFUSED');
});

test('install: the first root stays, unless the machine is provisioned anew', async () => {
  const folder = temporaryFolder();
  const good = await createVendor(join(folder, 'good'), { now, quotingSigningKey: testKey('vendor') });
  const evil = await createVendor(join(folder, 'evil'), { now, quotingSigningKey: testKey('other') });
  const fresh = await newMachine();
  const [byGood, byEvil] = await Promise.all(
    [good, evil].map((vendor) => issuePck(vendor, enrolmentRequest(fresh), { now })),
  );
  assert.equal(fresh.rootFingerprint, undefined);
  const expectedRootFingerprint = good.rootFingerprint.toUpperCase();
  await rejectsCode(installPck(fresh, byEvil, { expectedRootFingerprint }), 'ENROLMENT_REFUSED');
  assert.equal((await openMachine(fresh.folder)).rootFingerprint, undefined, 'a refusal leaves nothing');
  const enrolled = await installPck(fresh, byGood, { expectedRootFingerprint });
  assert.equal(enrolled.rootFingerprint, good.rootFingerprint);
  await rejectsCode(installPck(enrolled, byEvil), 'ENROLMENT_REFUSED');
  await rejectsCode(
    installPck(enrolled, byEvil, { expectedRootFingerprint: evil.rootFingerprint }),
    'ENROLMENT_REFUSED',
  );
  assert.equal((await openMachine(fresh.folder)).pck?.root, good.rootPem);
  const moved = await installPck(enrolled, byEvil, { reprovision: true });
  assert.deepEqual([moved.rootFingerprint, moved.pck?.root], [evil.rootFingerprint, evil.rootPem]);
});

test('install: of two roots at once one stays, whole', async () => {
  const folder = temporaryFolder();
  const vendors = await Promise.all(
    (['vendor', 'other'] as const).map((name) =>
      createVendor(join(folder, name), { now, quotingSigningKey: testKey(name) }),
    ),
  );
  const fresh = await newMachine();
  const issued = await Promise.all(vendors.map((vendor) => issuePck(vendor, enrolmentRequest(fresh), { now })));
  const results = await Promise.allSettled(issued.map((pck) => installPck(fresh, pck)));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.ok((await openMachine(fresh.folder)).pck);
});
