import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { claimUsers } from '../../../src/platform/separation/claim.ts';
import { requireRootOnly, requireSecret } from '../../../src/platform/separation/root-only.ts';
import { createRuntimeFolder } from '../../../src/platform/runtime-folder.ts';
import { temporaryFolder } from '../../support.ts';

const unavailable = (message: RegExp) => ({ code: 'PLATFORM_SEPARATION_UNAVAILABLE', message });
const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('what only root can change', { skip }, () => {
  function nested(): { readonly folder: string; readonly file: string } {
    const folder = join(temporaryFolder(), 'folder');
    mkdirSync(folder);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    return { folder, file };
  }

  test('is a file of root below folders of root, also in a shared folder such as /tmp', async () => {
    const { file } = nested();
    assert.equal(await requireRootOnly(file), realpathSync(file));
  });

  test('is told by its real path', async () => {
    const { folder, file } = nested();
    symlinkSync(file, join(folder, 'link'));
    assert.equal(await requireRootOnly(join(folder, 'link')), realpathSync(file));
  });

  test('is not what is missing', async () => {
    await assert.rejects(requireRootOnly('/nonexistent/folder'), unavailable(/is not there/));
  });

  test('is not what belongs to another, nor what lies below that', async () => {
    const { folder, file } = nested();
    chownSync(folder, 4711, 4711);
    for (const path of [folder, file]) await assert.rejects(requireRootOnly(path), unavailable(/User 4711/));
  });

  test('is not what others can write to', async () => {
    const { folder, file } = nested();
    chmodSync(folder, 0o775);
    await assert.rejects(requireRootOnly(file), unavailable(/can write in/));
    // What is in a shared folder is apart from other entries; the folder itself is everybody's.
    chmodSync(folder, 0o1777);
    await requireRootOnly(file);
    await assert.rejects(requireRootOnly(folder), unavailable(/can write in/));
  });

  test('can be passed through when it has to be', async () => {
    const { folder } = nested();
    await assert.rejects(requireRootOnly(folder, { passable: true }), unavailable(/cannot pass through/));
  });

  test('is a secret only when no other user can enter', async () => {
    const { folder } = nested();
    chmodSync(folder, 0o711);
    await assert.rejects(requireSecret(folder), unavailable(/chmod 700/));
    chmodSync(folder, 0o700);
    await requireSecret(folder);
  });
});

describe('a claim of users', () => {
  test('stands beside those of other ranges, and not beside one that overlaps while its platform lives', async () => {
    const parent = temporaryFolder();
    const folders = await Promise.all([1, 2, 3].map(() => createRuntimeFolder(parent)));
    const [first, second, third] = folders.map(({ path }) => path);
    await claimUsers(parent, first ?? '', { first: 100, last: 199 });
    await claimUsers(parent, second ?? '', { first: 200, last: 299 });
    const refused = { code: 'PLATFORM_USERS_REFUSED' };
    await assert.rejects(claimUsers(parent, third ?? '', { first: 199, last: 199 }), refused);
    await assert.rejects(claimUsers(parent, third ?? '', { first: 1, last: 1000 }), refused);
    await folders[0]?.remove();
    await claimUsers(parent, third ?? '', { first: 100, last: 199 });
    await Promise.all(folders.map((folder) => folder.remove()));
  });
});
