import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64url } from '@enclos/codec';
import { failsWith } from '@enclos/testkit';
import { decodeStateRecord, stateDigest, type TestStateOptions } from '../records.ts';
import { emptyDocument } from '../document.ts';
import { configurationDigest, digestOf } from '../replicas.ts';
import { adding, certificate, scenes, sealedScene, type Scene } from './scene.ts';

const setPolicy = () => ({ texts: { one: 'a.b.c' }, items: [] });

test('without a row the state is what the configuration says', async () => {
  const state = await sealedScene().open();
  const digest = stateDigest({ configurationDigest, epoch: 0, ancestors: [], document: emptyDocument });
  assert.deepEqual(await state.read(), { epoch: 0, digest, document: emptyDocument });
});

for (const [name, make] of scenes) {
  test(`${name}: a change is there for everybody, one epoch later, and names the state before`, async () => {
    const { open } = await make();
    const [first, second] = [await open(), await open()];
    const before = await first.read();
    const after = await first.update(setPolicy);
    assert.equal(after.epoch, 1);
    assert.deepEqual(after.document, { texts: { one: 'a.b.c' }, items: [] });
    const facts = { configurationDigest, epoch: 1, ancestors: [before.digest], document: after.document };
    assert.equal(after.digest, stateDigest(facts));
    assert.deepEqual(await second.read({ fresh: true }), after);
    assert.deepEqual(await (await open()).read(), after);
    assert.equal((await second.update(adding('c'))).epoch, 2);
    assert.equal((await first.read({ fresh: true })).epoch, 2);
  });
}

test('what is read is used again for a second, and not longer', async () => {
  const { store, clock, open } = sealedScene();
  const [reader, writer] = [await open(), await open()];
  await writer.update(setPolicy);
  const { reads } = store;
  assert.equal((await reader.read()).epoch, 0);
  clock.ms += 999;
  assert.equal((await reader.read()).epoch, 0);
  assert.equal(store.reads, reads);
  assert.equal((await reader.read({ fresh: true })).epoch, 1);
  clock.ms += 1000;
  const readsBefore = store.reads;
  await Promise.all(Array.from({ length: 20 }, () => reader.read()));
  assert.equal(store.reads, readsBefore + 1, 'callers at once share one reading');
});

test('a clock that goes back makes nothing fresh', async () => {
  const { store, clock, open } = sealedScene();
  const reader = await open();
  clock.ms -= 500;
  const { reads } = store;
  await reader.read();
  assert.equal(store.reads, reads + 1);
});

test('a change that changes nothing writes nothing', async () => {
  const { store, open } = sealedScene();
  const state = await open();
  const { epoch } = await state.update((document) => document);
  assert.deepEqual([epoch, store.rows.size], [0, 0]);
});

test('a change that throws changes nothing, and the next one goes on', async () => {
  const { store, open } = sealedScene();
  const state = await open();
  const refused = new Error('not permitted');
  await assert.rejects(
    state.update(() => {
      throw refused;
    }),
    refused,
  );
  assert.equal(store.rows.size, 0);
  assert.equal((await state.update(setPolicy)).epoch, 1);
});

test('who was slower changes what the faster one wrote', async () => {
  const { open } = sealedScene();
  const states = await Promise.all(Array.from({ length: 8 }, () => open()));
  const results = await Promise.all(states.map((state, index) => state.update(adding(`${index}`))));
  assert.deepEqual(
    results.map(({ epoch }) => epoch).toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const { document } = await (await open()).read();
  assert.deepEqual(document.items.toSorted(), Array.from({ length: 8 }, (_, i) => certificate(`${i}`)).toSorted());
});

test('changes of one replica at once come one after the other', async () => {
  const { open } = sealedScene();
  const state = await open();
  await Promise.all(Array.from({ length: 40 }, (_, index) => state.update(adding(`${index}`))));
  const { epoch, document } = await state.read();
  assert.deepEqual([epoch, document.items.length], [40, 40]);
});

test('a store that takes no write ends the attempts', async () => {
  const { store, open } = sealedScene();
  const state = await open({ store: { ...store.functions, storeWrite: async () => false } });
  await assert.rejects(state.update(setPolicy), failsWith('SERVICE_STATE_BUSY'));
});

test('a document that fits no record is refused, and the state stays', async () => {
  const { open } = sealedScene();
  const state = await open();
  const large = () => ({ texts: { one: 'x'.repeat(4_000_000) }, items: [] });
  await assert.rejects(state.update(large), failsWith('SERVICE_STATE_TOO_LARGE'));
  assert.equal((await state.read({ fresh: true })).epoch, 0);
});

test('a write whose answer was lost counts when it was made, also when others went on from it', async () => {
  const { store, open } = sealedScene();
  const [state, other] = [await open(), await open()];
  store.onWritten = () => {
    store.onWritten = () => undefined;
    throw new Error('connection lost');
  };
  const first = await state.update(adding('a'));
  assert.deepEqual([first.epoch, (await other.read({ fresh: true })).digest], [1, first.digest]);

  let isOver = false;
  const storeWrite: typeof store.functions.storeWrite = async (row) => {
    const done = await store.functions.storeWrite(row);
    if (isOver) return done;
    isOver = true;
    await other.update(adding('c'));
    throw new Error('connection lost');
  };
  const third = await open({ store: { ...store.functions, storeWrite } });
  const second = await third.update(adding('b'));
  assert.equal(second.epoch, 2);
  const now = await third.read({ fresh: true });
  assert.deepEqual([now.epoch, now.document.items], [3, ['a', 'b', 'c'].map(certificate)]);
});

test('a write that failed is an error, and the next one is as if it had not been', async () => {
  const { store, open } = sealedScene();
  const state = await open();
  store.onWrite = () => {
    throw new Error('disk full');
  };
  await assert.rejects(state.update(setPolicy), failsWith('SERVICE_STORE_UNAVAILABLE'));
  store.onWrite = () => undefined;
  assert.equal((await state.update(setPolicy)).epoch, 1);
});

test('a store that cannot be read is an error of the store, and says nothing about the state', async () => {
  const { store, clock, open } = sealedScene();
  const state = await open();
  await state.update(setPolicy);
  store.onRead = () => {
    throw new Error('connection refused');
  };
  assert.equal((await state.read()).epoch, 1);
  clock.ms += 1000;
  await assert.rejects(state.read(), failsWith('SERVICE_STORE_UNAVAILABLE'));
  store.onRead = (row) => row;
  assert.equal((await state.read()).epoch, 1);
});

test('more states than a record names may be missed', async () => {
  const { open } = sealedScene();
  const [reader, writer] = [await open(), await open()];
  for (let index = 0; index < 70; index++) await writer.update(adding(`${index}`));
  assert.equal((await reader.read({ fresh: true })).epoch, 70);
});

/** A scene whose state has these epochs of the configuration of the tests. */
async function withEpochs(scene: Scene, epochs: number): Promise<readonly { epoch: number; digest: string }[]> {
  const state = await scene.open();
  const known = [];
  for (let index = 0; index < epochs; index++) known.push(await state.update(adding(`${index}`)));
  return known;
}

for (const [name, make] of scenes) {
  test(`${name}: a floor is met by its own state and by what descends from it, and by nothing else`, async () => {
    const scene = await make();
    const [first, second] = await withEpochs(scene, 2);
    assert.ok(first !== undefined && second !== undefined);
    for (const floor of [first, second]) assert.equal((await (await scene.open({ floor })).read()).epoch, 2);
    const refused: readonly (readonly [TestStateOptions['floor'], string])[] = [
      [{ epoch: 3, digest: second.digest }, 'older'],
      [{ epoch: 2, digest: first.digest }, 'forked'],
      [{ epoch: 1, digest: second.digest }, 'forked'],
      [{ epoch: 0, digest: first.digest }, 'forked'],
    ];
    for (const [floor, rule] of refused) {
      await assert.rejects(scene.open({ floor }), failsWith('SERVICE_STATE_INVALID', rule));
    }
    scene.store.rows.clear();
    await assert.rejects(scene.open({ floor: first }), failsWith('SERVICE_STATE_INVALID', 'lost'));
  });
}

test('a state of another configuration is taken over when the floor names it, and by no other way', async () => {
  const scene = sealedScene();
  const [first, second] = await withEpochs(scene, 2);
  assert.ok(first !== undefined && second !== undefined);
  const other = { configurationDigest: digestOf('another configuration') };
  for (const options of [other, { ...other, floor: first }]) {
    await assert.rejects(scene.open(options), failsWith('SERVICE_STATE_INVALID', 'configuration'));
  }
  const taken = await scene.open({ ...other, floor: second });
  assert.deepEqual(await taken.read(), second);
  await taken.renew();
  const third = await taken.update(adding('third'));
  assert.equal(third.epoch, 3);
  assert.deepEqual(await (await scene.open({ ...other, floor: second })).read(), third);
  await assert.rejects(scene.open(), failsWith('SERVICE_STATE_INVALID', 'configuration'));
});

test('a record says whose it is, whatever its protection let pass', async () => {
  const scene = sealedScene({ protect: async (record) => record, open: async (record) => ({ record }) });
  await (await scene.open({ issuer: 'https://other.example' })).update(setPolicy);
  const { bytes } = scene.store.row;
  scene.store.onRead = () => ({ version: 1n, bytes });
  await assert.rejects(scene.open(), failsWith('SERVICE_STATE_INVALID', 'tenant'));
});

test('a replica renews the protection of what another one wrote, and neither epoch nor digest change', async () => {
  const written: string[] = [];
  const scene = sealedScene({
    protect: async (record) => {
      written.push(decodeStateRecord(record).writer);
      return record;
    },
    open: async (record) => ({ record }),
  });
  const [first, second] = [await scene.open(), await scene.open()];
  await first.renew();
  assert.deepEqual(written, []);
  const snapshot = await first.update(setPolicy);
  await first.renew();
  assert.deepEqual(written, ['replica-1']);
  await second.renew();
  assert.deepEqual(written, ['replica-1', 'replica-2']);
  assert.deepEqual(await first.read({ fresh: true }), snapshot);
  assert.equal(fromBase64url(snapshot.digest).length, 32);
});
