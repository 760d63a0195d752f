import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createVendor, openVendor, refreshVendor } from '../src/index.ts';
import { enrolledSite, laterBy, pckSerial, tcbInfo } from './provisioning-support.ts';
import { now, testKey } from './support.ts';

test('refresh: nothing before half the lifetime, new documents and CRL number after it', async () => {
  const { vendor } = await enrolledSite();
  assert.deepEqual((await refreshVendor(vendor, laterBy(0))).documents, vendor.documents);
  assert.deepEqual((await refreshVendor(vendor, laterBy(14.9))).documents, vendor.documents);
  const fresh = await refreshVendor(vendor, laterBy(15.1));
  assert.equal(fresh.documents.crlNumber, 2);
  assert.equal(fresh.documents.issueDate.getTime(), laterBy(15.1).getTime());
  assert.equal(tcbInfo(fresh).nextUpdate, '2026-07-16T14:24:00Z');
});

test('refresh: documents of the future, and documents that miss a revocation, are issued again', async () => {
  const { vendor, machine } = await enrolledSite();
  assert.equal((await refreshVendor(vendor, laterBy(-1))).documents.crlNumber, 2);
  const serialNumber = pckSerial(machine);
  // As if another process had been killed between the revocation and the new CRL.
  const content = JSON.stringify({ serialNumber, at: '2026-06-01T12:00:00Z' });
  writeFileSync(join(vendor.folder, 'revoked', `${serialNumber}.json`), content);
  const healed = await refreshVendor(vendor, laterBy(-1));
  assert.equal(healed.documents.crlNumber, 3);
  assert.ok(healed.documents.pckCrl.includes(serialNumber.toLowerCase()));
});

function documentFiles(folder: string): readonly string[] {
  return readdirSync(join(folder, 'documents')).sort();
}

test('refresh: documents that are damaged or missing are issued again, under the next CRL number', async () => {
  const { vendor } = await enrolledSite();
  for (const [round, damage] of [
    '',
    '{}',
    '{"crlNumber":1,"crlNumber":1}',
    JSON.stringify(vendor.documents),
  ].entries()) {
    const newest = documentFiles(vendor.folder).at(-1) ?? assert.fail();
    writeFileSync(join(vendor.folder, 'documents', newest), damage);
    const opened = await openVendor(vendor.folder);
    assert.deepEqual([opened.documents, opened.crlNumber], [undefined, round + 1]);
    assert.equal((await refreshVendor(vendor, now)).documents.crlNumber, round + 2);
  }
  rmSync(join(vendor.folder, 'documents'), { recursive: true });
  const again = await createVendor(vendor.folder, { now, quotingSigningKey: testKey('vendor') });
  assert.equal(again.documents.crlNumber, 1);
});

test('refresh: at once, all get the same documents; a few old ones stay', async () => {
  const { vendor } = await enrolledSite();
  const all = await Promise.all(Array.from({ length: 6 }, () => refreshVendor(vendor, laterBy(16))));
  assert.equal(new Set(all.map(({ documents }) => JSON.stringify(documents))).size, 1);
  assert.equal(all[0]?.documents.crlNumber, 2);
  for (let round = 1; round < 12; round++) await refreshVendor(vendor, laterBy(16 * (round + 1)));
  const files = documentFiles(vendor.folder);
  assert.deepEqual([files.length, files.at(-1)], [8, '0000000013.json']);
});
