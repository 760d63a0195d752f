import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Durable, durable, isRunning, nodeFileSystem, processMark } from '../src/index.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-durable-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a file is made, and replaced, with nothing left beside it', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'file');
  for (const content of ['text', new Uint8Array([0, 255]), '']) {
    await durable.replace(path, content);
    assert.deepEqual(new Uint8Array(readFileSync(path)), new Uint8Array(Buffer.from(content)));
  }
  await durable.replace(
    path,
    (async function* () {
      yield Buffer.from('in ');
      yield Buffer.from('pieces');
    })(),
  );
  assert.equal(readFileSync(path, 'utf8'), 'in pieces');
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a source of pieces that fails leaves the old file', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'file');
  await durable.replace(path, 'old');
  const failing = (async function* () {
    yield Buffer.from('half');
    throw new Error('the source failed');
  })();
  await assert.rejects(durable.replace(path, failing), /the source failed/);
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a file is for its owner only unless told, and the umask counts unless told', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'file');
  const before = process.umask(0o077);
  try {
    await durable.replace(path, 'x', { mode: 0o644 });
    assert.equal(modeOf(path), 0o600);
    await durable.replace(path, 'x', { mode: 0o555, ignoresUmask: true });
    assert.equal(modeOf(path), 0o555);
    process.umask(0);
    await durable.replace(path, 'x');
    assert.equal(modeOf(path), 0o600);
    await durable.replace(join(folder, 'a/b/file'), 'x', { folderMode: 0o710 });
    assert.deepEqual([modeOf(join(folder, 'a')), modeOf(join(folder, 'a/b'))], [0o710, 0o710]);
  } finally {
    process.umask(before);
  }
});

test('a folder is not made unless told', async (t) => {
  await assert.rejects(durable.replace(join(folderFor(t), 'missing/file'), 'x'), { code: 'ENOENT' });
});

test('a file whose name has all of its 255 bytes is written like any other', async (t) => {
  const path = join(folderFor(t), 'n'.repeat(255));
  await durable.replace(path, 'x');
  assert.equal(await durable.add(path, 'y'), false);
  assert.equal(readFileSync(path, 'utf8'), 'x');
});

test('what others link to is not changed', async (t) => {
  const folder = folderFor(t);
  const [path, hard, soft] = ['file', 'hard', 'soft'].map((name) => join(folder, name)) as [string, string, string];
  writeFileSync(path, 'old');
  linkSync(path, hard);
  symlinkSync(path, soft);
  await durable.replace(soft, 'new');
  await durable.replace(path, 'newer');
  assert.deepEqual(
    [path, hard, soft].map((each) => readFileSync(each, 'utf8')),
    ['newer', 'old', 'new'],
  );
  assert.ok(lstatSync(soft).isFile());
});

test('a file is added once, by the first of many writers', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'sub/file');
  const added = await Promise.all(
    Array.from({ length: 20 }, (_, index) => durable.add(path, String(index), { folderMode: 0o700 })),
  );
  assert.equal(added.filter(Boolean).length, 1);
  assert.equal(readFileSync(path, 'utf8'), String(added.indexOf(true)));
  assert.deepEqual(readdirSync(join(folder, 'sub')), ['file']);
  symlinkSync('/nowhere', join(folder, 'dangling'));
  assert.equal(await durable.add(join(folder, 'dangling'), 'x'), false);
});

test('a name that is found taken is made durable too', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'file');
  writeFileSync(path, 'of another process');
  let syncs = 0;
  const counting = new Durable({
    files: {
      ...nodeFileSystem,
      open: (at, flags, mode) => {
        if (at === folder) syncs += 1;
        return nodeFileSystem.open(at, flags, mode);
      },
    },
  });
  assert.equal(await counting.add(path, 'x'), false);
  assert.equal(syncs, 1);
});

test('a copy is checked before it has its name', async (t) => {
  const folder = folderFor(t);
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'new');
  chmodSync(from, 0o400);
  writeFileSync(to, 'old');
  const check = async (path: string): Promise<void> => {
    assert.deepEqual([readFileSync(path, 'utf8'), readFileSync(to, 'utf8')], ['new', 'old']);
    throw new Error('not this one');
  };
  await assert.rejects(durable.copy(from, to, { check }), /not this one/);
  assert.deepEqual([readFileSync(to, 'utf8'), readdirSync(folder).length], ['old', 2]);
  await durable.copy(from, to, { mode: 0o755, check: async (path) => assert.equal(modeOf(path), 0o755) });
  assert.deepEqual([readFileSync(to, 'utf8'), modeOf(to)], ['new', 0o755]);
  await assert.rejects(durable.copy(join(folder, 'missing'), to), { code: 'ENOENT' });
  assert.deepEqual(readdirSync(folder).toSorted(), ['from', 'to']);
});

test('a file in pieces can be given up, or added only if there is none', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'file');
  const first = await durable.begin(folder);
  await first.write('half');
  await first.discard();
  await first.discard();
  assert.deepEqual(readdirSync(folder), []);
  const second = await durable.begin(folder);
  await second.write('whole');
  assert.equal(await second.placeNew(path), true);
  await second.discard();
  const third = await durable.begin(folder);
  assert.equal(await third.placeNew(path), false);
  assert.deepEqual([readdirSync(folder), readFileSync(path, 'utf8')], [['file'], 'whole']);
});

test('a placed file is not removed by a late discard', async (t) => {
  const folder = folderFor(t);
  const file = await durable.begin(folder);
  await file.place(join(folder, 'file'));
  writeFileSync(file.path, 'of another');
  await file.discard();
  assert.ok(existsSync(file.path));
});

test('what a process left of which nothing is known goes after an hour, and nothing else does', async (t) => {
  const folder = folderFor(t);
  // Of a process on another machine.
  const [old, recent, letter, making] = [
    '.enclos-new-1-1-000000000000-0123456789ab',
    '.enclos-new-1-1-000000000000-fedcba987654',
    '.enclos-new-letter',
    '.enclos-new-1-1-000000000000-0000000000ff',
  ].map((name) => join(folder, name)) as [string, string, string, string];
  let now = 0;
  const files = new Durable({ now: () => now });
  const put = (path: string, ageMs: number): void => {
    writeFileSync(path, '');
    utimesSync(path, new Date(), new Date(Date.now() - ageMs));
  };
  put(old, 3_700_000);
  put(recent, 60_000);
  put(letter, 3_700_000);
  mkdirSync(making);
  utimesSync(making, new Date(0), new Date(0));
  await files.replace(join(folder, 'file'), 'x');
  assert.deepEqual([old, recent, letter, making].map(existsSync), [false, true, true, true]);
  put(old, 3_700_000);
  now = 3_599_999;
  await files.replace(join(folder, 'file'), 'x');
  assert.ok(existsSync(old), 'a folder is looked through at most once an hour');
  now = 3_600_001;
  await files.replace(join(folder, 'file'), 'x');
  assert.ok(!existsSync(old));
});

test('what a process left that runs no longer goes at once, and that of one that runs stays', async (t) => {
  const folder = folderFor(t);
  const [own, start, machine] = processMark().split('-');
  const marks = {
    own: processMark(),
    'another process': `${process.ppid}-${start}-${machine}`,
    'an earlier process with this number': `${own}-1-${machine}`,
  };
  assert.deepEqual(Object.values(marks).map(isRunning), [true, false, false]);
  assert.deepEqual(['', 'letter', `${own}-${start}-000000000000`].map(isRunning), [undefined, undefined, undefined]);
  const paths = Object.values(marks).map((mark) => join(folder, `.enclos-new-${mark}-0123456789ab`));
  for (const path of paths) {
    writeFileSync(path, '');
    utimesSync(path, new Date(), new Date(path === paths[0] ? 0 : Date.now()));
  }
  await new Durable().replace(join(folder, 'file'), 'x');
  assert.deepEqual(paths.map(existsSync), [true, false, false]);
});

test('removing a file never removes a folder, not even one that took the place of a left file', async (t) => {
  const folder = folderFor(t);
  const inside = join(folder, 'kept', 'file');
  mkdirSync(join(folder, 'kept'));
  writeFileSync(inside, 'x');
  await assert.rejects(durable.remove(join(folder, 'kept')), { code: 'ERR_FS_EISDIR' });
  assert.ok(existsSync(inside));
  const left = join(folder, `.enclos-new-${process.pid}-1-${processMark().split('-')[2]}-0123456789ab`);
  writeFileSync(left, '');
  const raced = new Durable({
    files: {
      ...nodeFileSystem,
      stat: async (path) => {
        const found = await nodeFileSystem.stat(path);
        // Another user of the folder is faster than the removal.
        rmSync(left);
        mkdirSync(left);
        writeFileSync(join(left, 'file'), 'x');
        return found;
      },
    },
  });
  await raced.replace(join(folder, 'file'), 'x');
  assert.ok(existsSync(join(left, 'file')));
});

test('a folder that is looked through once costs one list for many writes, and the memory of folders is bounded', async (t) => {
  const folder = folderFor(t);
  let lists = 0;
  const files = new Durable({
    now: () => 0,
    files: {
      ...nodeFileSystem,
      list: (path) => {
        lists += 1;
        return nodeFileSystem.list(path);
      },
    },
  });
  for (let index = 0; index < 20; index++) await files.replace(join(folder, 'file'), 'x', { isCache: true });
  assert.equal(lists, 1);
  for (let index = 0; index < 256; index++) {
    await files.replace(join(folder, String(index), 'file'), 'x', { isCache: true, folderMode: 0o700 });
  }
  await files.replace(join(folder, 'file'), 'x', { isCache: true });
  assert.equal(lists, 258, 'the first folder was forgotten, and is looked through again');
});

test('a folder is made whole, once', async (t) => {
  const folder = join(folderFor(t), 'above', 'made');
  const made = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      durable.addFolder(folder, async () => ({ 'a/b': String(index), c: 'c', 'empty/': '' })),
    ),
  );
  assert.equal(made.filter(Boolean).length, 1);
  assert.equal(readFileSync(join(folder, 'a/b'), 'utf8'), String(made.indexOf(true)));
  assert.deepEqual(readdirSync(folder).toSorted(), ['a', 'c', 'empty']);
  assert.deepEqual(readdirSync(join(folder, '..')), ['made']);
  assert.deepEqual([modeOf(folder), modeOf(join(folder, 'a')), modeOf(join(folder, 'c'))], [0o700, 0o700, 0o600]);
});

test('a folder whose content cannot be made is not there', async (t) => {
  const folder = folderFor(t);
  const failing = () => Promise.reject(new Error('out of entropy'));
  await assert.rejects(durable.addFolder(join(folder, 'made'), failing), /out of entropy/);
  assert.deepEqual(readdirSync(folder), []);
});

test('what killed processes left of a folder goes when the folder is there', async (t) => {
  const folder = folderFor(t);
  for (let round = 0; round < 2; round++) {
    mkdirSync(join(folder, '.made.making-0123456789abcdef/part'), { recursive: true });
    assert.equal(await durable.addFolder(join(folder, 'made'), async () => ({ a: 'a' })), round === 0);
    assert.deepEqual(readdirSync(folder), ['made']);
  }
});

test('folders and files move by one rename', async (t) => {
  const folder = folderFor(t);
  await durable.addFolder(join(folder, 'from'), async () => ({ a: 'a', b: 'b' }));
  await durable.makeFolder(join(folder, 'to'), 0o700);
  await durable.moveAll(['a'], join(folder, 'from'), join(folder, 'to'));
  await assert.rejects(durable.move(join(folder, 'from'), join(folder, 'to')), { code: 'ENOTEMPTY' });
  await durable.move(join(folder, 'from'), join(folder, 'moved'));
  assert.deepEqual([readdirSync(join(folder, 'to')), readdirSync(join(folder, 'moved'))], [['a'], ['b']]);
});

test('a disk that is full is the error of the file system', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('no /dev/full');
  const folder = folderFor(t);
  const path = join(folder, 'file');
  await durable.replace(path, 'old');
  const full = new Durable({
    files: {
      ...nodeFileSystem,
      open: async (at, flags, mode) => {
        const handle = await nodeFileSystem.open(at, flags, mode);
        const writeFile = async (): Promise<void> => {
          writeFileSync('/dev/full', 'x');
        };
        return flags === 'r' ? handle : Object.assign(handle, { writeFile });
      },
    },
  });
  await assert.rejects(full.replace(path, 'new'), { code: 'ENOSPC', path, message: /, write '.*file'$/ });
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a device or a pipe is not replaced, nor a link to one in /dev; a link elsewhere is', async (t) => {
  const folder = folderFor(t);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await assert.rejects(durable.replace(pipe, 'text'), { code: 'EINVAL' });
  assert.ok(statSync(pipe).isFIFO());
  const soft = join(folder, 'soft');
  symlinkSync(pipe, soft);
  await durable.replace(soft, 'text');
  assert.ok(lstatSync(soft).isFile());
  const own = join(folder, 'own');
  writeFileSync(own, 'text');
  for (const path of ['/dev/null', '/dev/stdin']) {
    if (statSync(path).isFile()) continue;
    await assert.rejects(nodeFileSystem.rename(own, path), { code: 'EINVAL' });
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ['own', 'pipe', 'soft']);
});

test('a folder that takes no new ones is an error, and not an endless loop', { timeout: 10_000 }, async (t) => {
  if (!existsSync('/proc/self')) return t.skip('no /proc');
  await assert.rejects(durable.makeFolder('/proc/enclos-none/below'), { code: 'ENOENT', path: '/proc/enclos-none' });
});

test('folders are made where they are missing; a file in their place is an error', async (t) => {
  const folder = folderFor(t);
  await durable.makeFolder(join(folder, 'a/b/c'));
  assert.ok(statSync(join(folder, 'a/b/c')).isDirectory());
  assert.equal(await nodeFileSystem.makeFolder(join(folder, 'a/x/y'), 0o700), join(folder, 'a/x'));
  assert.equal(await nodeFileSystem.makeFolder(join(folder, 'a/x/y'), 0o700), undefined);
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(durable.makeFolder(join(folder, 'file')), { code: 'EEXIST' });
  await assert.rejects(durable.makeFolder(join(folder, 'file/below')), { code: 'ENOTDIR' });
});
