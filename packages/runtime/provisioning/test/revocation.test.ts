import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCollateral } from '@enclos/attestation';
import { DerReader, DerTag, fromHex, toHex } from '@enclos/codec';
import {
  collateralFor,
  createMachine,
  enrolmentRequest,
  initialCpuSvn,
  issuePck,
  openVendor,
  refreshVendor,
  revoke,
  setCpuSvn,
  type Vendor,
} from '../src/index.ts';
import { newSerialNumber } from '../src/provisioning/certificates.ts';
import { enrol, enrolledSite, laterBy, pckSerial, rejectsCode } from './provisioning-support.ts';
import { now, temporaryFolder } from './support.ts';

/** The serial numbers of a PCK CRL, upper-case hex. The X.509 library gives up on a large one. */
function revokedBy({ documents }: Vendor): readonly string[] {
  const list = new DerReader(fromHex(documents.pckCrl)).sequence().sequence();
  assert.equal(list.integer(255), 1);
  for (const _part of ['algorithm', 'issuer']) list.sequence();
  for (const _date of ['this update', 'next update']) list.time();
  if (list.peek() !== DerTag.SEQUENCE) return [];
  const serials: string[] = [];
  const entries = list.sequence();
  while (!entries.done) {
    const entry = entries.sequence();
    serials.push(toHex(entry.magnitude(20)).toUpperCase());
    entry.time();
    entry.end();
  }
  return serials;
}

test('revoke: the serial number is in the next CRL, once, and enrolling again does not help', async () => {
  const { vendor, machine } = await enrolledSite();
  const serial = pckSerial(machine);
  const once = await revoke(vendor, serial, now);
  const twice = await revoke(once, serial.toLowerCase(), laterBy(1));
  assert.deepEqual(revokedBy(twice), [serial]);
  assert.equal(twice.documents.crlNumber, 2);
  await rejectsCode(issuePck(twice, enrolmentRequest(machine), { now, allowSeparated: true }), 'ENROLMENT_REFUSED');
});

test('revoke: one serial number takes every certificate of the machine, and no TCB gets another', async () => {
  const { vendor, machine } = await enrolledSite('single-user');
  const renewed = await enrol(vendor, machine, laterBy(6.5 * 365));
  const older = await enrol(vendor, await setCpuSvn(machine, initialCpuSvn('single-user').with(0, 0)));
  const serials = [machine, renewed, older].map(pckSerial);
  assert.equal(new Set(serials).size, 3);
  const bystander = await enrol(
    vendor,
    await createMachine(join(temporaryFolder(), 'm'), { separation: 'single-user' }),
  );
  const revoked = await revoke(vendor, pckSerial(renewed), now);
  assert.deepEqual([...revokedBy(revoked)].sort(), [...serials].sort());
  for (const cpuSvn of [initialCpuSvn('single-user'), initialCpuSvn('single-user').with(0, 0)]) {
    const moved = await setCpuSvn(machine, cpuSvn, { pceSvn: 0 });
    await rejectsCode(issuePck(vendor, enrolmentRequest(moved), { now }), 'ENROLMENT_REFUSED');
  }
  assert.equal(pckSerial(await enrol(vendor, bystander)), pckSerial(bystander));
});

test('revoke: only what was issued, and the form of the number does not matter', async () => {
  const { vendor, machine } = await enrolledSite();
  for (const serial of ['', '00', 'zz', `00${'f'.repeat(30)}`, 'ab'.repeat(40), newSerialNumber(), '../../x']) {
    await rejectsCode(revoke(vendor, serial, now), 'PCK_UNKNOWN');
  }
  const unchanged = await openVendor(vendor.folder);
  assert.deepEqual([unchanged.revoked, unchanged.documents], [[], vendor.documents]);
  const serial = pckSerial(machine);
  const colons = `00:${(serial.match(/../g) ?? []).join(':')}`.toLowerCase();
  assert.deepEqual(revokedBy(await revoke(vendor, colons, now)), [serial]);
});

test('revoke: at once, each call sees its own entry, and no CRL number is used twice', async () => {
  const { vendor } = await enrolledSite();
  const machines = await Promise.all(
    Array.from({ length: 6 }, async () =>
      enrol(vendor, await createMachine(join(temporaryFolder(), 'm'), { separation: 'single-user' })),
    ),
  );
  const results = await Promise.all(machines.map((machine) => revoke(vendor, pckSerial(machine), now)));
  const byNumber = new Map<number, string>();
  for (const [index, result] of results.entries()) {
    assert.ok(revokedBy(result).includes(pckSerial(machines[index] ?? machines[0] ?? assert.fail())));
    const { crlNumber, pckCrl } = result.documents;
    assert.equal(byNumber.get(crlNumber) ?? pckCrl, pckCrl);
    byNumber.set(crlNumber, pckCrl);
  }
  const last = await refreshVendor(vendor, now);
  assert.equal(revokedBy(last).length, 6);
  assert.equal(last.documents.crlNumber, Math.max(...byNumber.keys()));
});

test('revoke: against an issue at the same moment, nothing that is issued escapes', async () => {
  for (let round = 0; round < 6; round++) {
    const { vendor, machine } = await enrolledSite('single-user');
    const moved = await setCpuSvn(machine, initialCpuSvn('single-user').with(0, 0));
    const [revoked, issued] = await Promise.allSettled([
      revoke(vendor, pckSerial(machine), now),
      issuePck(vendor, enrolmentRequest(moved), { now }),
    ]);
    assert.equal(revoked.status, 'fulfilled');
    if (issued.status === 'rejected') continue;
    const serial = new X509Certificate(issued.value.pck).serialNumber;
    assert.ok(revokedBy(await refreshVendor(vendor, now)).includes(serial));
  }
});

/** Revocations as they are on disk, without the machines. */
function addRevocations(vendor: Vendor, count: number): void {
  for (let index = 0; index < count; index++) {
    const serialNumber = newSerialNumber();
    const content = JSON.stringify({ serialNumber, at: '2026-06-01T12:00:00Z' });
    writeFileSync(join(vendor.folder, 'revoked', `${serialNumber}.json`), content);
  }
}

test('20,000 revocations are served and read; too many are refused before anything is changed', async () => {
  const { vendor, machine } = await enrolledSite();
  const other = await enrol(vendor, await createMachine(join(temporaryFolder(), 'm'), { separation: 'single-user' }));
  addRevocations(vendor, 20_000);
  const refreshed = await refreshVendor(vendor, now);
  assert.ok(parseCollateral(JSON.stringify(collateralFor(refreshed))));
  assert.equal(revokedBy(refreshed).length, 20_000);
  const listed = revokedBy(await revoke(vendor, pckSerial(machine), now));
  assert.ok(listed.length === 20_001 && listed.includes(pckSerial(machine)));
  addRevocations(vendor, 10_500);
  const files = () => ['revoked', 'documents'].map((name) => readdirSync(join(vendor.folder, name)).sort());
  const before = files();
  await rejectsCode(revoke(vendor, pckSerial(other), now), 'COLLATERAL_UNREADABLE');
  await rejectsCode(refreshVendor(vendor, now), 'COLLATERAL_UNREADABLE');
  assert.deepEqual(files(), before);
});

test('a vendor folder without the folders that were empty once is whole', async () => {
  const { vendor, machine } = await enrolledSite();
  rmSync(join(vendor.folder, 'revoked'), { recursive: true });
  assert.deepEqual((await openVendor(vendor.folder)).revoked, []);
  assert.deepEqual(revokedBy(await revoke(vendor, pckSerial(machine), now)), [pckSerial(machine)]);
  mkdirSync(join(vendor.folder, 'revoked', '.unfinished'));
  assert.equal((await openVendor(vendor.folder)).revoked.length, 1);
});
