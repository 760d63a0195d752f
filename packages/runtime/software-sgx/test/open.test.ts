import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createVendor } from '@enclos/provisioning';
import { enrol, initializePlatform, openPlatform, stateFolders } from '../src/index.ts';
import { now, temporaryFolder, testKey } from './support.ts';
import { enrolledSite, rejectsCode } from './provisioning-support.ts';

/** A state folder whose vendor has the test key, which spares a second of key generation. */
async function newState(): Promise<string> {
  const folder = join(temporaryFolder(), randomBytes(4).toString('hex'));
  await createVendor(stateFolders(folder).vendorFolder, { now, quotingSigningKey: testKey('vendor') });
  return folder;
}

test('open: a separated machine becomes a separated platform only, and a single-user machine never does', async () => {
  const separation = { hostUsers: [60_000], enclaveUsers: { first: 61_000, last: 61_009 } };
  const { machine } = await enrolledSite('separated');
  await rejectsCode(openPlatform({ machineFolder: machine.folder }), 'PLATFORM_SEPARATION_MISMATCH');
  const single = await enrolledSite('single-user');
  const opening = openPlatform({ machineFolder: single.machine.folder, separation });
  await rejectsCode(opening, 'PLATFORM_SEPARATION_MISMATCH');
});

test('open: users that cannot be kept apart are refused before anything else', async () => {
  const { machine } = await enrolledSite('separated');
  const separation = { hostUsers: [61_000], enclaveUsers: { first: 61_000, last: 61_009 } };
  await rejectsCode(openPlatform({ machineFolder: machine.folder, separation }), 'PLATFORM_USERS_REFUSED');
});

test('open: a machine that is not enrolled does not become a platform', async () => {
  const { machine } = await enrolledSite('single-user');
  rmSync(join(machine.folder, 'pck.json'));
  await rejectsCode(openPlatform({ machineFolder: machine.folder }), 'PLATFORM_NOT_ENROLLED');
});

test('initialize: a machine whose vendor was made anew is enrolled with the new one', async () => {
  const state = await newState();
  const before = await initializePlatform(state, now);
  assert.deepEqual((await initializePlatform(state, now)).machine.pck, before.machine.pck);
  const { vendorFolder } = stateFolders(state);
  rmSync(vendorFolder, { recursive: true });
  const other = await createVendor(vendorFolder, { now, quotingSigningKey: testKey('other') });
  await rejectsCode(enrol(other, before.machine, now), 'ENROLMENT_REFUSED');
  const after = await initializePlatform(state, now);
  assert.notEqual(after.vendor.rootFingerprint, before.vendor.rootFingerprint);
  assert.equal(after.machine.ppid, before.machine.ppid);
  assert.equal(after.machine.pck?.root, after.vendor.rootPem);
  assert.equal(after.machine.rootFingerprint, after.vendor.rootFingerprint);
});

test('initialize: a damaged certificate, and damaged documents, are made again', async () => {
  const state = await newState();
  const before = await initializePlatform(state, now);
  const { vendorFolder, machineFolder } = stateFolders(state);
  writeFileSync(join(machineFolder, 'pck.json'), '{}');
  writeFileSync(join(vendorFolder, 'documents/0000000001.json'), '');
  const after = await initializePlatform(state, now);
  assert.deepEqual(after.machine.pck, before.machine.pck);
  assert.equal(after.vendor.documents.crlNumber, 2);
});
