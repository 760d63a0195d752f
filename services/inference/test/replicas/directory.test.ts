import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardText, readCard } from '../../src/replicas/card.ts';
import { ReplicaDirectory } from '../../src/replicas/directory.ts';
import { ReplicaLink } from '../../src/replicas/link.ts';
import { duplexPair } from '@enclos/testkit';
import { manifestDigest, Network } from './scene.ts';

const namesOf = ({ directory }: { readonly directory: ReplicaDirectory }): readonly string[] =>
  directory.all().map(({ card }) => card.replica);

test('each replica finds the others, and not itself, however often the host names them', async () => {
  const network = new Network();
  const [first, second] = [await network.add(), await network.add()];
  network.places.push(second, first);
  await network.lookAll();
  assert.deepEqual([namesOf(first), namesOf(second)], [[second.name], [first.name]]);
  const { connections } = network;
  await network.lookAll();
  assert.equal(network.connections, connections, 'connections are kept, and itself is left alone');
});

test('a replica with another manifest of models is refused, on both sides', async () => {
  const network = new Network();
  const [first, second] = [await network.add(), await network.add({ manifestDigest: 'cd'.repeat(32) })];
  await network.lookAll();
  assert.deepEqual([namesOf(first), namesOf(second)], [[], []]);
  for (const { refused } of [first, second]) assert.deepEqual(refused, ['INFERENCE_REPLICA_REFUSED models']);
  await network.lookAll();
  assert.equal(first.refused.length, 1, 'it is told once, and not asked again at once');
});

test('a replica that goes is left out with the next look, and one that comes back is told anew', async () => {
  const network = new Network();
  const [first, second] = [await network.add(), await network.add()];
  await first.directory.look();
  assert.deepEqual(namesOf(first), [second.name]);
  second.kill();
  await first.directory.look();
  assert.deepEqual(namesOf(first), []);
  assert.equal(first.refused.length, 1);
});

test('one that does not answer is left out', async () => {
  const silent = new ReplicaDirectory({
    own: () => ({ replica: 'a'.repeat(22), modelManifestDigest: manifestDigest, keys: [] }),
    places: async () => 1,
    linkTo: () => new ReplicaLink({ host: 'replica.test', open: async () => duplexPair()[0] }),
    onRefused: () => undefined,
    nowMs: () => performance.now(),
  });
  await silent.look();
  assert.deepEqual(silent.all(), []);
});

test('an address at which nothing answers keeps no other from being found, lost or waited for', async () => {
  const network = new Network();
  const second = await network.add();
  let opened = 0;
  const directory = new ReplicaDirectory({
    own: () => ({ replica: 'a'.repeat(22), modelManifestDigest: manifestDigest, keys: [] }),
    places: async () => 3,
    linkTo: (place) =>
      new ReplicaLink({
        host: 'replica.test',
        open: async () => {
          if (place === 1) opened += 1;
          if (place === 1) return new Promise(() => undefined);
          const [here, there] = duplexPair();
          second.accept(there);
          return here;
        },
      }),
    onRefused: () => undefined,
    nowMs: () => performance.now(),
  });
  await directory.look();
  assert.deepEqual(namesOf({ directory }), [second.name]);
  second.kill();
  second.hangs = true;
  await directory.look();
  assert.deepEqual(namesOf({ directory }), []);
  assert.equal(opened, 1, 'it is tried once at a time');
  directory.close();
});

test('a host that gives no list, or any bits, parts replicas and does no more', async () => {
  const network = new Network();
  const second = await network.add();
  for (const places of [async () => Promise.reject(new Error('no')), async () => 0xffff_ffff]) {
    const told: string[] = [];
    const directory = new ReplicaDirectory({
      own: () => ({ replica: 'a'.repeat(22), modelManifestDigest: manifestDigest, keys: [] }),
      places,
      linkTo: (place) =>
        new ReplicaLink({
          host: 'replica.test',
          open: async () => {
            if (place > 0) throw new Error('no one');
            const [here, there] = duplexPair();
            second.accept(there);
            return here;
          },
        }),
      onRefused: (place) => told.push(String(place)),
      nowMs: () => 0,
    });
    // eslint-disable-next-line no-await-in-loop
    await directory.look();
    assert.equal(directory.all().length, told.includes('-1') ? 0 : 1);
    directory.close();
    assert.deepEqual(directory.all(), []);
  }
});

const card = { replica: 'b'.repeat(22), modelManifestDigest: manifestDigest, keys: [{ kem: 32, keyId: 7 }] };

test('a card is read as it was written', () => {
  assert.deepEqual(readCard(cardText(card)), card);
});

for (const [what, text] of [
  ['no JSON', '{'],
  ['a list', '[]'],
  ['another name', JSON.stringify({ ...card, replica: 'short' })],
  ['another digest', JSON.stringify({ ...card, modelManifestDigest: 'AB'.repeat(32) })],
  ['a key id above 255', JSON.stringify({ ...card, keys: [{ kem: 32, keyId: 256 }] })],
  ['a key with more', JSON.stringify({ ...card, keys: [{ kem: 32, keyId: 7, also: 1 }] })],
  ['more than it has', JSON.stringify({ ...card, more: 1 })],
  ['no keys that are objects', JSON.stringify({ ...card, keys: [1] })],
  ['too many keys', JSON.stringify({ ...card, keys: Array.from({ length: 65 }, () => ({ kem: 32, keyId: 7 })) })],
] as const) {
  test(`a card with ${what} is refused`, async () => {
    assert.throws(() => readCard(text), { code: 'INFERENCE_REPLICA_REFUSED' });
    const network = new Network();
    const first = await network.add();
    await network.add({ cardText: text });
    await first.directory.look();
    assert.deepEqual(namesOf(first), []);
    assert.deepEqual(first.refused, ['INFERENCE_REPLICA_REFUSED card']);
  });
}
