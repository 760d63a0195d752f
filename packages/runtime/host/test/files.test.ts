import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { createCaller, systemInterface, type Caller } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { pinnedInterpreter } from '@enclos/manifest';
import { softwareCapabilities } from '@enclos/tee';
import { manifestFields } from '@enclos/testkit';
import { createFileService } from '../src/services/files.ts';
import { openServices, type HostServices } from '../src/services/services.ts';
import { storageError } from '../src/services/writes.ts';

const manifest = manifestFields(pinnedInterpreter, {
  trustedFiles: [{ path: '/model', sha256: new Uint8Array(32), sizeBytes: 5n }],
  mounts: [
    { target: '/data', kind: 'host', readOnly: false, maxBytes: 1000n },
    { target: '/config', kind: 'host', readOnly: true, maxBytes: 1000n },
    { target: '/scratch', kind: 'memory', readOnly: false, maxBytes: 1000n },
  ],
});

const refused = (error: unknown): boolean => isEnclosError(error, 'HOST_MOUNT_REFUSED');

describe('the host file service', () => {
  let folder = '';
  let service: HostServices;
  let files: Caller<(typeof systemInterface)['untrusted']>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enclos-host-'));
    for (const name of ['data', 'config']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'model'), 'model');
    await writeFile(join(folder, 'outside'), 'outside');
    const folders = {
      mounts: { '/data': join(folder, 'data'), '/config': join(folder, 'config') },
      trustedFiles: { '/model': join(folder, 'model') },
    };
    service = await openServices(manifest, {
      folders,
      streams: { capabilities: softwareCapabilities, listen: {}, connect: {} },
    });
    const { signal } = new AbortController();
    files = createCaller(systemInterface.untrusted, async ({ index, payload }) =>
      service.dispatch(index, payload, { signal }),
    );
  });

  afterEach(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });

  const write = (path: string, content: string, last: 'yes' | 'no' = 'yes', target = '/data') =>
    files.mountWrite({ target, path, write: 1, content: utf8(content), last });

  test('the endorsements of the platform come after what every enclave may ask for, if it has any', async () => {
    const index = Object.keys(systemInterface.untrusted).length;
    const { signal } = new AbortController();
    const asked = (of: HostServices) => of.dispatch(index, new Uint8Array(0), { signal });
    await assert.rejects(async () => asked(service), { code: 'TEE_CAPABILITY_MISSING' });
    // `hostCollateral` of sdk/go/enclave.
    assert.equal(index, 8);
    const streams = { capabilities: softwareCapabilities, listen: {}, connect: {} };
    const folders = {
      mounts: { '/data': folder, '/config': folder },
      trustedFiles: { '/model': join(folder, 'model') },
    };
    const other = await openServices(manifest, { folders, streams, endorsements: async () => '{}' });
    assert.deepEqual(await asked(other), new Uint8Array([2, 0x7b, 0x7d]));
    await other.close();
  });

  test('a folder that cannot be used is refused before an enclave starts, and the message says why', async () => {
    const open = (data: string) =>
      openServices(manifest, {
        folders: {
          mounts: { '/data': join(folder, data), '/config': join(folder, 'config') },
          trustedFiles: { '/model': join(folder, 'model') },
        },
        streams: { capabilities: softwareCapabilities, listen: {}, connect: {} },
      });
    const told = (data: string, why: string) => ({
      code: 'HOST_MOUNT_REFUSED',
      message: `The folder ${join(folder, data)} for the mount /data cannot be used: ${why}.`,
    });
    await assert.rejects(open('absent'), told('absent', 'there is no such folder'));
    await assert.rejects(open('model'), told('model', 'it is not a folder'));
    await assert.rejects(open('model/below'), told('model/below', 'part of the path is not a folder'));
  });

  test('writes in pieces appear at once, with the last piece', async () => {
    await write('a', 'one ', 'no');
    assert.equal(await files.mountStat({ target: '/data', path: 'a' }), undefined);
    assert.deepEqual(await files.mountList({ target: '/data', path: '.' }), []);
    await write('a', 'two');
    assert.equal(await readFile(join(folder, 'data/a'), 'utf8'), 'one two');
    assert.deepEqual({ ...(await files.mountStat({ target: '/data', path: 'a' })) }, { kind: 'file', sizeBytes: 7n });
  });

  test('an unfinished write leaves the old content and, once closed, no trace', async () => {
    await write('a', 'old');
    await write('a', 'new', 'no');
    assert.equal(await readFile(join(folder, 'data/a'), 'utf8'), 'old');
    await service.close();
    assert.deepEqual(await readdir(join(folder, 'data')), ['a']);
  });

  test('a write that fails leaves no trace, and takes no place', async () => {
    await mkdir(join(folder, 'data/folder'));
    for (let i = 0; i < 20; i++) {
      await assert.rejects(write('folder', 'x'), { code: 'EISDIR' });
      await assert.rejects(write('nowhere/a', 'x'), { code: 'ENOENT' });
    }
    await write('a', 'x');
    assert.deepEqual((await readdir(join(folder, 'data'))).toSorted(), ['a', 'folder']);
    assert.deepEqual((await readdir(folder)).toSorted(), ['config', 'data', 'model', 'outside']);
  });

  test('a write removes what a killed host left, and nothing that may still be written', async () => {
    const [old, recent, own] = [
      '.enclos-new-1-1-000000000000-0123456789ab',
      '.enclos-new-1-1-000000000000-fedcba987654',
      'old',
    ].map((name) => join(folder, 'data', name));
    for (const path of [old, recent, own]) await writeFile(path ?? '', 'x');
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
    for (const path of [old, own]) await utimes(path ?? '', hoursAgo, hoursAgo);
    await write('a', 'x');
    assert.deepEqual((await readdir(join(folder, 'data'))).toSorted(), [
      '.enclos-new-1-1-000000000000-fedcba987654',
      'a',
      'old',
    ]);
  });

  test('an unfinished write is not a file to an enclave', async () => {
    await write('a', 'x', 'no');
    const [path = ''] = await readdir(join(folder, 'data'));
    await assert.rejects(files.mountRead({ target: '/data', path, offset: 0n, maxBytes: 1 }), refused);
    await assert.rejects(files.mountRemove({ target: '/data', path }), refused);
    await assert.rejects(write(path, 'x'), refused);
  });

  test('tells a full disk and a folder that may not be written from other failures', () => {
    const told = (code: string): unknown => {
      const error = storageError(Object.assign(new Error(code), { code }));
      return isEnclosError(error) ? error.code : error instanceof Error && error.message;
    };
    assert.deepEqual(['ENOSPC', 'EDQUOT', 'EFBIG'].map(told), Array(3).fill('HOST_STORAGE_FULL'));
    assert.deepEqual(['EROFS', 'EACCES', 'EPERM'].map(told), Array(3).fill('HOST_MOUNT_REFUSED'));
    assert.equal(told('EIO'), 'EIO');
  });

  test('reads, lists and removes', async () => {
    await write('a', 'content');
    assert.deepEqual(await files.mountRead({ target: '/data', path: 'a', offset: 3n, maxBytes: 2 }), utf8('te'));
    assert.deepEqual(
      (await files.mountList({ target: '/data', path: '.' })).map((e) => ({ ...e })),
      [{ name: 'a', kind: 'file' }],
    );
    await files.mountRemove({ target: '/data', path: 'a' });
    await files.mountRemove({ target: '/data', path: 'a' });
    assert.equal(await files.mountStat({ target: '/data', path: 'a' }), undefined);
  });

  test('reads a trusted file that the manifest names, and no other', async () => {
    assert.deepEqual(await files.readTrustedFile({ path: '/model', offset: 0n, maxBytes: 100 }), utf8('model'));
    await assert.rejects(files.readTrustedFile({ path: '/outside', offset: 0n, maxBytes: 100 }), refused);
    await assert.rejects(files.readTrustedFile({ path: '__proto__', offset: 0n, maxBytes: 100 }), refused);
  });

  for (const path of ['.', '../outside', '/etc/passwd', 'a/../../outside', './a', 'a//b', 'a/']) {
    test(`refuses the path ${path}`, async () => {
      await assert.rejects(files.mountRead({ target: '/data', path, offset: 0n, maxBytes: 1 }), refused);
      await assert.rejects(write(path, 'x'), refused);
      await assert.rejects(files.mountRemove({ target: '/data', path }), refused);
    });
  }

  test('follows no link out of the mount, to read or to write', async () => {
    await symlink(join(folder, 'outside'), join(folder, 'data/link'));
    await symlink(folder, join(folder, 'data/up'));
    await assert.rejects(files.mountRead({ target: '/data', path: 'link', offset: 0n, maxBytes: 1 }), refused);
    await assert.rejects(write('up/new', 'x'), refused);
    await assert.rejects(files.mountRemove({ target: '/data', path: 'up/outside' }), refused);
    assert.equal(await readFile(join(folder, 'outside'), 'utf8'), 'outside');
  });

  test('writes nothing to a read-only mount', async () => {
    await assert.rejects(write('a', 'x', 'yes', '/config'), refused);
    await assert.rejects(files.mountRemove({ target: '/config', path: 'a' }), refused);
  });

  test("serves no mount that the manifest does not declare as the host's", async () => {
    await assert.rejects(files.mountStat({ target: '/scratch', path: 'a' }), refused);
    await assert.rejects(files.mountStat({ target: '/other', path: 'a' }), refused);
  });

  test('bounds the writes that an enclave leaves open', async () => {
    for (let i = 0; i < 16; i++) {
      await files.mountWrite({ target: '/data', path: `f${i}`, write: i, content: utf8('x'), last: 'no' });
    }
    await assert.rejects(
      files.mountWrite({ target: '/data', path: 'more', write: 99, content: utf8('x'), last: 'no' }),
      refused,
    );
  });

  test('bounds them also when they begin at once, and opens one file for the pieces of one write', async () => {
    const begin = (i: number) =>
      files.mountWrite({ target: '/data', path: `f${i}`, write: i, content: utf8('x'), last: 'no' });
    const many = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => begin(i)));
    assert.equal(many.filter(({ status }) => status === 'fulfilled').length, 16);
    await Promise.all(Array.from({ length: 40 }, () => begin(0)));
    assert.equal((await readdir(join(folder, 'data'))).length, 16);
    await service.close();
    assert.deepEqual(await readdir(join(folder, 'data')), []);
  });

  test('asks for a folder or file for everything that the manifest declares', () => {
    assert.throws(() => createFileService(manifest, { mounts: {}, trustedFiles: {} }), refused);
    const mounts = { '/data': folder, '/config': folder };
    assert.throws(() => createFileService(manifest, { mounts, trustedFiles: {} }), refused);
  });
});
