import assert from 'node:assert/strict';
import { failsWith } from '@enclos/testkit';
import type { Store } from '../../src/store/index.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

async function there(store: Store, key: string) {
  return (await store.read(key)) ?? assert.fail(`nothing under ${key}`);
}

/** What every store does. Given an empty one. */
export async function checkContract(store: Store): Promise<void> {
  assert.equal(await store.read('a'), undefined);
  assert.deepEqual(await store.keys('a'), []);
  assert.equal(await store.write('a', 1n, bytes('x')), false, 'what is not there has no version');
  assert.equal(await store.write('a', 0n, bytes('one')), true);
  const one = await there(store, 'a');
  assert.deepEqual(one.bytes, bytes('one'));
  assert.ok(one.version > 0n);
  assert.equal(await store.write('a', 0n, bytes('x')), false, 'it is there by now');
  assert.equal(await store.write('a', one.version + 1n, bytes('x')), false);
  assert.equal(await store.write('a', one.version, bytes('two')), true);
  const two = await there(store, 'a');
  assert.deepEqual([two.bytes, two.version !== one.version], [bytes('two'), true]);
  assert.equal(await store.write('a', one.version, bytes('x')), false);
  await checkRemoval(store, one.version);
  await checkKeys(store);
  await checkBounds(store);
}

async function checkRemoval(store: Store, oldVersion: bigint): Promise<void> {
  const { version } = await there(store, 'a');
  assert.equal(await store.remove('a', oldVersion), false);
  assert.equal(await store.remove('b', version), false);
  assert.equal(await store.remove('a', version), true);
  assert.equal(await store.remove('a', version), false);
  assert.equal(await store.read('a'), undefined);
  assert.equal(await store.write('a', 0n, bytes('again')), true);
  const again = await there(store, 'a');
  assert.ok(again.version !== version && again.version !== oldVersion, 'a version came again');
}

async function checkKeys(store: Store): Promise<void> {
  for (const key of ['k/b/2', 'k/a/1', 'k/B/3', 'k_/x', 'l/z']) await store.write(key, 0n, bytes(key));
  assert.deepEqual(await store.keys('k/'), ['k/B/3', 'k/a/1', 'k/b/2']);
  assert.deepEqual(await store.keys('k_'), ['k_/x'], 'no character of a prefix stands for others');
  assert.deepEqual(await store.keys('nothing'), []);
}

async function checkBounds(store: Store): Promise<void> {
  const large = new Uint8Array(4_194_304).fill(7);
  await store.write('large', 0n, large);
  assert.deepEqual((await there(store, 'large')).bytes, large);
  await store.write('empty', 0n, new Uint8Array());
  assert.equal((await there(store, 'empty')).bytes.length, 0);
  await store.write('x'.repeat(256), 0n, bytes('long'));
  assert.deepEqual((await there(store, 'x'.repeat(256))).bytes, bytes('long'));
  const refused = failsWith('SERVICE_STORE_REFUSED');
  for (const key of ['', 'x'.repeat(257), 'a b', '\0', 'é']) {
    await assert.rejects(async () => store.write(key, 0n, bytes('x')), refused, key);
    await assert.rejects(async () => store.read(key), refused, key);
  }
  await assert.rejects(async () => store.write('z', 0n, new Uint8Array(4_194_305)), refused);
}

/** Many writers of one row, each with its own view of the store: each change is made once, on top of the one before. */
export async function checkConcurrency(stores: readonly Store[], rounds: number): Promise<void> {
  const append = async (store: Store, name: string): Promise<void> => {
    for (;;) {
      const row = await store.read('counter');
      const next = bytes(`${Buffer.from(row?.bytes ?? new Uint8Array()).toString()}${name};`);
      if (await store.write('counter', row?.version ?? 0n, next)) return;
    }
  };
  const writers = stores.map(async (store, index) => {
    for (let round = 0; round < rounds; round++) await append(store, `${index}.${round}`);
  });
  await Promise.all(writers);
  const [store] = stores;
  const names = Buffer.from((await store?.read('counter'))?.bytes ?? new Uint8Array())
    .toString()
    .split(';')
    .slice(0, -1);
  assert.equal(names.length, stores.length * rounds);
  assert.equal(new Set(names).size, names.length);
}
