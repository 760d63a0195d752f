import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex } from '@enclos/codec';
import { createMachine, createVendor, initialCpuSvn, openMachine, openVendor, setCpuSvn } from '../src/index.ts';
import { createFolder } from '../src/provisioning/folder.ts';
import { enrol, enrolledSite, laterBy, rejectsCode } from './provisioning-support.ts';
import { temporaryFolder, testKey } from './support.ts';

const site = await enrolledSite();

test('a machine keeps its separation', async () => {
  const { machine } = site;
  await rejectsCode(setCpuSvn(machine, initialCpuSvn('single-user')), 'TCB_REFUSED');
  await rejectsCode(setCpuSvn(machine, new Uint8Array(15)), 'TCB_REFUSED');
  await rejectsCode(setCpuSvn(machine, initialCpuSvn('separated'), { pceSvn: -1 }), 'TCB_REFUSED');
  await rejectsCode(createMachine(machine.folder, { separation: 'single-user' }), 'PLATFORM_FOLDER_INVALID');
});

test('creating again opens what is there', async () => {
  const { vendor, machine } = site;
  const again = await createVendor(vendor.folder, { now: laterBy(1), quotingSigningKey: testKey('other') });
  assert.equal(again.rootFingerprint, vendor.rootFingerprint);
  assert.equal((await createMachine(machine.folder, { separation: 'separated' })).ppid, machine.ppid);
});

test('files are 0600 and folders 0700, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const { folder } = await enrolledSite();
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
      assert.equal(mode, entry.isDirectory() ? 0o700 : 0o600, join(entry.parentPath, entry.name));
    }
  } finally {
    process.umask(before);
  }
});

test('a folder with any file missing, empty or garbled is not accepted', async () => {
  const { vendor, machine } = await enrolledSite();
  const needed = {
    [vendor.folder]: [
      'vendor.json',
      'root-ca.pem',
      'platform-ca.pem',
      'tcb-signing.pem',
      'quoting.sig',
      'quoting.sgxs',
      'tcb/0000000001.json',
    ],
    [machine.folder]: ['machine.json', 'fuses.bin', 'owner-epoch.bin'],
  };
  for (const [folder, names] of Object.entries(needed)) {
    const open = () => (folder === vendor.folder ? openVendor(folder) : openMachine(folder));
    for (const name of names) {
      const path = join(folder, name);
      const content = readFileSync(path);
      rmSync(path);
      await rejectsCode(open(), 'PLATFORM_FOLDER_INVALID');
      writeFileSync(path, content.subarray(1));
      await rejectsCode(open(), 'PLATFORM_FOLDER_INVALID');
      writeFileSync(path, content);
      await open();
    }
  }
  await rejectsCode(openVendor(join(vendor.folder, 'nothing')), 'PLATFORM_FOLDER_INVALID');
  await rejectsCode(openMachine(vendor.folder), 'PLATFORM_FOLDER_INVALID');
});

test('a pck.json that is damaged or outdated is not an enrolment, and the fuses stay within reach', async () => {
  const { vendor, machine } = await enrolledSite();
  const path = join(machine.folder, 'pck.json');
  const content = readFileSync(path, 'utf8');
  const duplicate = content.replace('{', '{"pceSvn":1,');
  for (const damaged of ['', '{}', '[]', content.replace('-----BEGIN', '-----BEGUN'), content.slice(1), duplicate]) {
    writeFileSync(path, damaged);
    const opened = await openMachine(machine.folder);
    assert.deepEqual([opened.pck, opened.ppid], [undefined, machine.ppid]);
    const created = await createMachine(machine.folder, { separation: 'separated' });
    assert.deepEqual((await enrol(vendor, created)).pck, machine.pck);
  }
  writeFileSync(path, content);
  assert.ok((await openMachine(machine.folder)).pck);
  assert.equal((await setCpuSvn(machine, fromHex(machine.cpuSvn).with(2, 1))).pck, undefined);
});

test('a folder that cannot be made leaves nothing behind', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(createMachine(join(folder, 'file', 'machine'), { separation: 'separated' }));
  const failing = () => Promise.reject(new Error('out of entropy'));
  await assert.rejects(createFolder(join(folder, 'machine'), failing), /out of entropy/);
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a file that says something twice is not read as either', async () => {
  const { vendor, machine } = await enrolledSite();
  for (const [path, open] of [
    [join(vendor.folder, 'vendor.json'), () => openVendor(vendor.folder)],
    [join(machine.folder, 'machine.json'), () => openMachine(machine.folder)],
    [join(machine.folder, 'root.json'), () => openMachine(machine.folder)],
  ] as const) {
    const content = readFileSync(path, 'utf8');
    const [, key = ''] = /^\{("\w+":[^,}]+)/.exec(content) ?? [];
    writeFileSync(path, content.replace('{', `{${key},`));
    await rejectsCode(open(), 'PLATFORM_FOLDER_INVALID');
    writeFileSync(path, content);
    appendFileSync(path, '\n');
    await rejectsCode(open(), 'PLATFORM_FOLDER_INVALID');
    writeFileSync(path, content);
    await open();
  }
});
