import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withinMs } from '@enclos/testkit';
import { keptFolders, openDeviceFolders } from '../../src/devices/device-folders.ts';
import { openFolderRecord } from '../../src/devices/folder-record.ts';
import { temporaryFolder } from '../support.ts';

const refused = { code: 'AGENT_FOLDER_REFUSED' };

describe('the folders of devices', () => {
  test('are new ones each time, open to the pods that they are given to, in one that is closed', async () => {
    const root = join(temporaryFolder(), 'devices');
    const folders = await openDeviceFolders({ root });
    const [first, second] = [await folders.create(3), await folders.create(3)];
    assert.notEqual(first.folder, second.folder);
    assert.equal(statSync(root).mode & 0o777, 0o700);
    assert.equal(statSync(first.folder).mode & 0o777, 0o755);
    assert.deepEqual(await folders.existing(3), [first.folder, second.folder]);
    assert.deepEqual(await folders.existing(4), []);
  });

  test('are found again by the next agent, in their order', async () => {
    const root = join(temporaryFolder(), 'devices');
    const made = [];
    const folders = await openDeviceFolders({ root });
    for (let i = 0; i < 12; i += 1) made.push((await folders.create(0)).folder);
    mkdirSync(join(root, '0', 'something-else'));
    assert.deepEqual(await (await openDeviceFolders({ root })).existing(0), made);
  });

  test('are there again after a reboot, under the names that the kubelet has in its checkpoint', async () => {
    const parent = temporaryFolder();
    const root = join(parent, 'devices');
    const path = join(parent, 'state/device-folders');
    const before = await openDeviceFolders({ root, record: openFolderRecord(path) });
    const first = await before.create(0);
    const second = await before.create(1);
    const third = await before.create(1);
    await before.remove(second.folder);
    rmSync(root, { recursive: true });
    const after = await openDeviceFolders({ root, record: openFolderRecord(path) });
    assert.deepEqual(await after.existing(0), [first.folder]);
    assert.deepEqual(await after.existing(1), [third.folder]);
    assert.equal(statSync(first.folder).mode & 0o777, 0o755);
    assert.equal(statSync(root).mode & 0o777, 0o700);
    // A new pod gets none of them.
    assert.ok((await after.create(0)).folder > first.folder);
  });

  test('are made all the same when they cannot be recorded, which is told', async () => {
    const parent = temporaryFolder();
    writeFileSync(join(parent, 'file'), '');
    const told: unknown[] = [];
    const record = openFolderRecord(join(parent, 'file/device-folders'));
    const folders = await openDeviceFolders({
      root: join(parent, 'devices'),
      record,
      unrecorded: (error) => told.push(error),
    });
    assert.ok(existsSync((await folders.create(0)).folder));
    assert.equal(told.length, 1);
  });

  test('are not taken from a record that is not one', async () => {
    const parent = temporaryFolder();
    const path = join(parent, 'record');
    writeFileSync(path, '../00000001\n0/00000002\n0/../../x\n99999/00000001\n');
    assert.deepEqual(await openFolderRecord(path).names(), ['0/00000002']);
    writeFileSync(path, '0/00000002\n'.repeat(200_000));
    assert.deepEqual(await openFolderRecord(path).names(), []);
  });

  for (const [what, make] of [
    ['has no end', (path: string): void => symlinkSync('/dev/zero', path)],
    ['makes its reader wait', (path: string): void => void execFileSync('mkfifo', [path])],
  ] as const) {
    test(`are not looked for in a record that ${what}`, async () => {
      const parent = temporaryFolder();
      const path = join(parent, 'record');
      make(path);
      const root = join(parent, 'devices');
      const folders = await withinMs(60_000, openDeviceFolders({ root, record: openFolderRecord(path) }));
      assert.ok(existsSync((await folders.create(0)).folder));
    });
  }

  test('are kept until as many came after them as a pod has containers', async () => {
    const folders = await openDeviceFolders({ root: join(temporaryFolder(), 'devices') });
    const made = [];
    for (let i = 0; i < keptFolders; i += 1) {
      const { folder, old } = await folders.create(0);
      made.push(folder);
      assert.deepEqual(old, []);
    }
    const { old } = await folders.create(0);
    assert.deepEqual(old, [made[0]]);
    await folders.remove(old[0] ?? '');
    assert.ok(!existsSync(made[0] ?? ''));
    assert.equal((await folders.existing(0)).length, keptFolders);
  });

  test('are refused in a place that others can reach, or that is a link', async () => {
    const parent = temporaryFolder();
    const open = join(parent, 'open');
    mkdirSync(open);
    chmodSync(open, 0o711);
    await assert.rejects(openDeviceFolders({ root: open }), refused);
    const link = join(parent, 'link');
    mkdirSync(join(parent, 'target'), { mode: 0o700 });
    symlinkSync(join(parent, 'target'), link);
    await assert.rejects(openDeviceFolders({ root: link }), refused);
    writeFileSync(join(parent, 'file'), '');
    await assert.rejects(openDeviceFolders({ root: join(parent, 'file') }), refused);
  });

  test('say so when their place has been opened to others, or is gone', async () => {
    const root = join(temporaryFolder(), 'devices');
    const folders = await openDeviceFolders({ root });
    await folders.check();
    chmodSync(root, 0o755);
    await assert.rejects(folders.check(), refused);
    rmSync(root, { recursive: true });
    await assert.rejects(folders.check(), refused);
  });

  test('are all that can be removed', async () => {
    const root = join(temporaryFolder(), 'devices');
    const folders = await openDeviceFolders({ root });
    for (const path of [root, '/', join(root, '0'), join(root, '0', '..'), join(root, '0', '1')]) {
      await assert.rejects(folders.remove(path), RangeError, path);
    }
  });
});
