import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Durable, type FileSystem, type OpenFile } from '../src/index.ts';
import { SimulatedDisk, type UnsyncedNames } from './simulated-disk.ts';

/** Power is lost: nothing that the process does afterwards reaches the disk. */
class PowerLoss extends Error {}

interface Change {
  /** What is there before, synced. */
  readonly before?: (files: Durable) => Promise<unknown>;
  readonly work: (files: Durable) => Promise<unknown>;
  readonly path: string;
  /** What the file may have in it: the first before the change, the last after it. */
  readonly contents: readonly [string | undefined, string];
}

const changes: Readonly<Record<string, Change>> = {
  'replace a file': {
    before: (files) => files.replace('/state/file', 'old'),
    work: (files) => files.replace('/state/file', 'new'),
    path: '/state/file',
    contents: ['old', 'new'],
  },
  'replace in new folders': {
    work: (files) => files.replace('/state/a/b/file', 'new', { folderMode: 0o700 }),
    path: '/state/a/b/file',
    contents: [undefined, 'new'],
  },
  'add a file': {
    work: (files) => files.add('/state/file', 'new'),
    path: '/state/file',
    contents: [undefined, 'new'],
  },
  'copy a file': {
    before: async (files) => {
      await files.replace('/state/from', 'new');
      await files.replace('/state/file', 'old');
    },
    work: (files) => files.copy('/state/from', '/state/file'),
    path: '/state/file',
    contents: ['old', 'new'],
  },
  'add a folder': {
    work: (files) => files.addFolder('/state/a/made', async () => ({ 'x/y/file': 'new', 'empty/': '' })),
    path: '/state/a/made/x/y/file',
    contents: [undefined, 'new'],
  },
  'write pieces': {
    before: (files) => files.replace('/state/file', 'old'),
    work: async (files) => {
      const file = await files.begin('/state');
      await file.write('n');
      await file.write(Buffer.from('ew'));
      await file.place('/state/file');
      await files.syncFolder('/state');
    },
    path: '/state/file',
    contents: ['old', 'new'],
  },
  'move a file': {
    before: async (files) => {
      await files.makeFolder('/state/b');
      await files.replace('/state/b/other', 'new');
      await files.replace('/state/file', 'old');
    },
    work: (files) => files.move('/state/b/other', '/state/file'),
    path: '/state/file',
    contents: ['old', 'new'],
  },
};

/** Loses the power before the call with this number. @returns whether the work was done before that */
async function interrupted(change: Change, disk: SimulatedDisk, at: number, files: FileSystem): Promise<boolean> {
  const plain = new Durable({ files: disk });
  await plain.makeFolder('/state');
  await change.before?.(plain);
  const begun = disk.calls.length;
  disk.beforeCall = () => {
    if (disk.calls.length - begun >= at) throw new PowerLoss();
  };
  return change.work(new Durable({ files })).then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof PowerLoss)) throw error;
      return false;
    },
  );
}

/** Every call at which the power can go, with what is there afterwards that ought not to be. */
async function damage(change: Change, through: (disk: SimulatedDisk) => FileSystem): Promise<readonly string[]> {
  const found: string[] = [];
  for (let at = 0; at < 200; at++) {
    const disk = new SimulatedDisk();
    const isDone = await interrupted(change, disk, at, through(disk));
    for (const unsynced of ['written', 'lost'] satisfies UnsyncedNames[]) {
      const content = disk.readAfterPowerLoss(change.path, unsynced);
      const allowed: readonly (string | undefined)[] = isDone ? [change.contents[1]] : change.contents;
      if (!allowed.includes(content)) found.push(`${disk.calls.at(-1)}, names ${unsynced}: ${content ?? 'nothing'}`);
    }
    if (isDone) return found;
  }
  throw new Error('The change does not end.');
}

for (const [name, change] of Object.entries(changes)) {
  test(`a loss of power at any call leaves the old content or the new: ${name}`, async () => {
    assert.deepEqual(await damage(change, (disk) => disk), []);
  });
}

/** The same disk, with a call that does nothing. */
function withoutSync(disk: SimulatedDisk, isSkipped: (path: string) => boolean): FileSystem {
  return {
    open: async (path, flags, mode) => {
      const handle = await disk.open(path, flags, mode);
      return isSkipped(path) ? ({ ...handle, sync: async () => undefined } satisfies OpenFile) : handle;
    },
    copyFile: (from, to) => disk.copyFile(from, to),
    rename: (from, to) => disk.rename(from, to),
    link: (from, to) => disk.link(from, to),
    remove: (path) => disk.remove(path),
    removeFolder: (path) => disk.removeFolder(path),
    makeFolder: (path) => disk.makeFolder(path),
    list: (path) => disk.list(path),
    stat: (path) => disk.stat(path),
  };
}

const folders = new Set(['/state', '/state/a', '/state/a/b', '/state/b']);
const isFolder = (path: string): boolean => folders.has(path);

for (const [name, change] of Object.entries(changes)) {
  test(`the simulation notices that a folder is not synced: ${name}`, async () => {
    assert.notDeepEqual(await damage(change, (disk) => withoutSync(disk, isFolder)), []);
  });
  if (name === 'move a file') continue;
  test(`the simulation notices that a file is not synced: ${name}`, async () => {
    assert.notDeepEqual(await damage(change, (disk) => withoutSync(disk, (path) => !isFolder(path))), []);
  });
}

test('a removed file does not come back', async () => {
  const disk = new SimulatedDisk();
  const files = new Durable({ files: disk });
  await files.makeFolder('/a');
  await files.replace('/a/file', 'x');
  await files.remove('/a/file');
  assert.equal(disk.readAfterPowerLoss('/a/file', 'lost'), undefined);
});

test('each new folder is synced in the one above it', async () => {
  const disk = new SimulatedDisk();
  const files = new Durable({ files: disk });
  await files.makeFolder('/a');
  disk.calls.length = 0;
  await files.makeFolder('/a/b/c');
  assert.deepEqual(
    disk.calls.filter((call) => call.startsWith('sync')),
    ['sync /a/b', 'sync /a'],
  );
  disk.calls.length = 0;
  await files.makeFolder('/a/b/c');
  assert.deepEqual(disk.calls, ['folder /a/b/c']);
});

test('a file is written, synced and closed before it gets its name, and its folder is synced after', async () => {
  const disk = new SimulatedDisk();
  const files = new Durable({ files: disk });
  await files.makeFolder('/a');
  disk.calls.length = 0;
  await files.replace('/a/file', 'x', { mode: 0o444, ignoresUmask: true });
  assert.deepEqual(disk.calls, [
    'make /a/NEW 444',
    'chmod /a/NEW 444',
    'write /a/NEW',
    'sync /a/NEW',
    'close /a/NEW',
    'rename /a/NEW /a/file',
    'open /a',
    'sync /a',
    'close /a',
  ]);
});

test('a cache is not synced', async () => {
  const disk = new SimulatedDisk();
  const files = new Durable({ files: disk });
  await files.makeFolder('/a');
  disk.calls.length = 0;
  await files.replace('/a/file', 'x', { isCache: true });
  await files.copy('/a/file', '/a/copy', { isCache: true });
  assert.deepEqual(
    disk.calls.filter((call) => call.startsWith('sync')),
    [],
  );
  assert.equal(disk.read('/a/copy'), 'x');
});

test('files that move together are all in their place before the folders are synced once', async () => {
  const disk = new SimulatedDisk();
  const files = new Durable({ files: disk });
  for (const folder of ['/a', '/b']) await files.makeFolder(folder);
  for (const name of ['x', 'y']) await files.replace(`/a/${name}`, name);
  disk.calls.length = 0;
  await files.moveAll(['x', 'y'], '/a', '/b');
  assert.deepEqual(
    disk.calls.filter((call) => /^(?:rename|sync)/.test(call)),
    ['rename /a/x /b/x', 'rename /a/y /b/y', 'sync /b', 'sync /a'],
  );
});

test('a folder that cannot be synced is an error, unless its file system has no such call', async () => {
  const disk = new SimulatedDisk();
  const files = new Durable({ files: disk });
  await files.makeFolder('/a');
  const failsWith = (code: string): void => {
    disk.beforeCall = (call) => {
      if (call === 'sync /a') throw Object.assign(new Error(code), { code });
    };
  };
  for (const code of ['EINVAL', 'ENOTSUP']) {
    failsWith(code);
    await files.replace('/a/file', code);
    assert.equal(disk.read('/a/file'), code);
  }
  failsWith('EIO');
  await assert.rejects(files.replace('/a/file', 'x'), { code: 'EIO' });
});

for (const code of ['ENOSPC', 'EIO', 'EROFS']) {
  test(`a call that fails with ${code} leaves a whole file and no temporary one`, async () => {
    for (const [name, change] of Object.entries(changes)) {
      for (let at = 0, isDone = false; !isDone; at++) {
        const disk = new SimulatedDisk();
        const plain = new Durable({ files: disk });
        await plain.makeFolder('/state');
        await change.before?.(plain);
        const begun = disk.calls.length;
        let isFailed = false;
        disk.beforeCall = (call) => {
          // A temporary file that cannot be removed stays: that is another test.
          if (isFailed || call.startsWith('remove') || disk.calls.length - begun < at) return;
          isFailed = true;
          throw Object.assign(new Error(code), { code });
        };
        await change.work(plain).then(
          () => undefined,
          (error: unknown) => {
            const refusal = error as NodeJS.ErrnoException;
            assert.equal(refusal.code, code);
            assert.match(refusal.path ?? 'no path', /^\/state(?:\/[a-z]\w*)*$/, `${name}, call ${at}`);
          },
        );
        isDone = !isFailed;
        const content = disk.read(change.path);
        assert.ok(change.contents.includes(content), `${name}, call ${at}: ${content ?? 'nothing'}`);
        const isLeft = (await disk.list('/state')).some((each) => each.startsWith('.'));
        // Pieces are the caller's to discard.
        assert.ok(!isLeft || name === 'write pieces', `${name}, call ${at}: a temporary file is left`);
      }
    }
  });
}
