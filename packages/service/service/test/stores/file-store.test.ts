import assert from 'node:assert/strict';
import { readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Durable, nodeFileSystem, processMark, type FileSystem } from '@enclos/durable';
import { failsWith } from '@enclos/testkit';
import fc from 'fast-check';
import { storeHandlers } from '../../src/store/index.ts';
import { decodeRowFile, encodeRowFile, openFileStore, openStore } from '../../src/stores/index.ts';
import { checkConcurrency, checkContract } from './contract.ts';
import { service, temporaryFolder } from './folder.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const unavailable = failsWith('SERVICE_STORE_UNAVAILABLE');
const refused = failsWith('SERVICE_STORE_REFUSED');

test('a folder is a store, and is one again after it was closed', async (t) => {
  const folder = join(await temporaryFolder(t), 'made', 'by the store');
  const store = await openStore({ folder }, { service });
  await checkContract(store);
  const before = await store.read('a');
  await store.close();
  await assert.rejects(store.read('a'), unavailable);
  const again = await openFileStore(folder, { service });
  assert.deepEqual(await again.read('a'), before);
  assert.deepEqual(await again.keys('k/'), ['k/B/3', 'k/a/1', 'k/b/2']);
  await again.close();
});

test('eight writers at once lose nothing', async (t) => {
  const store = await openFileStore(await temporaryFolder(t), { service });
  await checkConcurrency(
    Array.from({ length: 8 }, () => store),
    10,
  );
  await store.close();
});

test('a list has the first thousand keys', async (t) => {
  const store = await openFileStore(await temporaryFolder(t), {
    service,
    files: new Durable({ files: diskThat('syncFolder', () => async () => undefined) }),
  });
  for (let index = 0; index < 1005; index++) await store.write(`k/${String(index).padStart(4, '0')}`, 0n, bytes('x'));
  const keys = await store.keys('k/');
  assert.deepEqual([keys.length, keys[0], keys.at(-1)], [1000, 'k/0000', 'k/0999']);
  await store.close();
});

test('a store serves the functions of the interface', async (t) => {
  const store = await openFileStore(await temporaryFolder(t), { service });
  const { storeRead, storeWrite, storeKeys, storeRemove } = storeHandlers(store);
  assert.equal(await storeWrite({ key: 'k', version: 0n, bytes: bytes('x') }, undefined), true);
  const row = await storeRead({ key: 'k' }, undefined);
  assert.deepEqual(row?.bytes, bytes('x'));
  assert.equal(await storeKeys({ prefix: 'k' }, undefined), '["k"]');
  assert.equal(await storeRemove({ key: 'k', version: row?.version ?? 0n }, undefined), true);
  await store.close();
});

test('a folder that is in use is refused, and that of a dead process is taken', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFileStore(folder, { service });
  await assert.rejects(openFileStore(folder, { service }), refused);
  await store.write('a', 0n, bytes('one'));
  await store.close();
  await writeFile(join(folder, 'lock'), '');
  await (await openFileStore(folder, { service })).close();
  await writeFile(join(folder, 'lock.0123'), '');
  const gone = processMark().replace(/-\d+-/, '-1-');
  await writeFile(join(folder, `.enclos-new-${gone}-0123456789ab`), 'half');
  // As in a new process, which has not looked at the folder yet.
  const again = await openFileStore(folder, { service, files: new Durable() });
  assert.deepEqual((await again.read('a'))?.bytes, bytes('one'));
  assert.equal(await again.write('b', 0n, bytes('two')), true);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('new') || name.startsWith('lock.')),
    [],
  );
  await again.close();
});

test('whoever has lost its folder to another process writes nothing any more', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFileStore(folder, { service });
  await store.write('a', 0n, bytes('one'));
  const row = (await store.read('a')) ?? assert.fail();
  const thief = createServer();
  t.after(() => thief.close());
  await new Promise<void>((resolve) => thief.listen(join(folder, 'thief'), resolve));
  await rename(join(folder, 'thief'), join(folder, 'lock'));
  await assert.rejects(store.write('a', row.version, bytes('two')), refused);
  await assert.rejects(store.remove('a', row.version), refused);
  assert.deepEqual((await store.read('a'))?.bytes, bytes('one'));
  await store.close();
  assert.ok((await readdir(folder)).includes('lock'), 'the lock of another process was taken away');
});

test('a folder with a long path is taken by one process, as every folder is', async (t) => {
  const folder = join(await temporaryFolder(t), 'x'.repeat(120));
  const store = await openFileStore(folder, { service });
  await assert.rejects(openFileStore(folder, { service }), refused);
  await store.write('a', 0n, bytes('one'));
  await store.close();
  assert.ok(!(await readdir(folder)).includes('lock'));
});

async function theFile(folder: string): Promise<string> {
  const [name, ...others] = (await readdir(folder)).filter((each) => each.endsWith('.row'));
  assert.ok(name !== undefined && others.length === 0);
  return join(folder, name);
}

test('a damaged file is named, when it is read and when the store is opened', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFileStore(folder, { service });
  await store.write('a', 0n, bytes('one'));
  const path = await theFile(folder);
  const good = new Uint8Array(await readFile(path));
  for (const bad of [
    good.subarray(0, -1),
    good.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
    new Uint8Array(),
  ]) {
    await writeFile(path, bad);
    await assert.rejects(store.read('a'), (error) => refused(error) && String(error).includes(path));
  }
  await store.close();
  await assert.rejects(openFileStore(folder, { service }), refused);
  await writeFile(path, good);
  await rename(
    path,
    path.replace(/.\.row$/, (end) => (end === '0.row' ? '1.row' : '0.row')),
  );
  await assert.rejects(openFileStore(folder, { service }), refused);
});

type Step = 'write' | 'sync' | 'rename' | 'syncFolder';

/** The disk of this machine, with something that is done instead of one of its calls, unless it is undefined. */
function diskThat(step: Step, instead: () => (() => Promise<void>) | undefined): FileSystem {
  return {
    ...nodeFileSystem,
    async open(path, flags, mode) {
      const handle = await nodeFileSystem.open(path, flags, mode);
      const work = instead();
      if (work === undefined) return handle;
      if (step === 'write' && flags === 'wx') handle.writeFile = work;
      if (step === (flags === 'r' ? 'syncFolder' : 'sync')) handle.sync = work;
      return handle;
    },
    rename: (from, to) => ((step === 'rename' && instead()) || (() => nodeFileSystem.rename(from, to)))(),
  };
}

/** A store whose disk fails at one step, when it is told to. */
async function failing(t: TestContext, step: Step, code: string) {
  const folder = await temporaryFolder(t);
  let isFailing = false;
  const fail = async (): Promise<void> => {
    throw Object.assign(new Error(code), { code });
  };
  const files = new Durable({ files: diskThat(step, () => (isFailing ? fail : undefined)) });
  const store = await openFileStore(folder, { service, files });
  await store.write('a', 0n, bytes('one'));
  const row = (await store.read('a')) ?? assert.fail();
  return { folder, store, row, fails: (value: boolean) => (isFailing = value) };
}

for (const [step, code] of [
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
  ['rename', 'EIO'],
] as const) {
  test(`a disk that is full or broken at ${step} is an error, and loses nothing`, async (t) => {
    const { folder, store, row, fails } = await failing(t, step, code);
    fails(true);
    await assert.rejects(store.write('a', row.version, bytes('two')), unavailable);
    await assert.rejects(store.write('b', 0n, bytes('two')), unavailable);
    assert.deepEqual(await store.read('a'), row);
    assert.equal(await store.read('b'), undefined);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('new')),
      [],
    );
    fails(false);
    assert.equal(await store.write('a', row.version, bytes('two')), true);
    await store.close();
  });
}

test('a change whose name is not yet durable is an error, and is there when it is asked for', async (t) => {
  const { store, row, fails } = await failing(t, 'syncFolder', 'EIO');
  fails(true);
  await assert.rejects(store.write('a', row.version, bytes('two')), unavailable);
  assert.deepEqual((await store.read('a'))?.bytes, bytes('two'));
  fails(false);
  assert.equal(await store.write('a', row.version, bytes('x')), false);
  await store.close();
});

test('a file that somebody took away is an error', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFileStore(folder, { service });
  await store.write('a', 0n, bytes('one'));
  await unlink(await theFile(folder));
  await assert.rejects(store.read('a'), unavailable);
  await store.close();
});

test('a row comes back from its file, and from no other bytes', () => {
  const rows = fc.record({
    key: fc.stringMatching(/^[a-z/]{1,20}$/),
    version: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    bytes: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(rows, fc.nat(), fc.integer({ min: 1, max: 255 }), (row, place, mask) => {
      const file = encodeRowFile(service, row);
      const { key, version, bytes: content } = decodeRowFile(service, file);
      assert.deepEqual([key, version, content], [row.key, row.version, row.bytes]);
      const at = place % file.length;
      assert.throws(() =>
        decodeRowFile(
          service,
          file.map((byte, index) => (index === at ? byte ^ mask : byte)),
        ),
      );
      assert.throws(() => decodeRowFile(service, file.subarray(0, at)));
    }),
  );
});
