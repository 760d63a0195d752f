import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { modelManifestDigest } from '@enclos/inference-models';
import { until } from '@enclos/testkit';
import { writeKeySupply } from '@enclos/inference-models/node';
import {
  catalogueOf,
  encryptedFile,
  entryOf,
  keySetDigest,
  Machine,
  modelKey,
  modelsScene,
  newOwner,
  plainFile,
  type ModelsScene,
} from './models-scene.ts';

const signer = newOwner();
const manifest = { models: [entryOf('adder', 1)], catalogue: { keys: [signer.key], floor: 3 } };
const files = { 'adder-1': plainFile(1), 'digits-1': plainFile(7), 'digits-2': plainFile(8) };
const first = entryOf('digits', 7);
const second = entryOf('digits', 8, { version: '2' });

/** What a start of the service does, and its timer later. */
async function start(t: TestContext, catalogue: string, machine = new Machine()): Promise<ModelsScene> {
  const scene = Object.assign(modelsScene({ manifest, files, machine }), { catalogue });
  t.after(() => scene.models.shelf.close());
  await scene.models.refresh();
  await scene.models.shelf.loadAll();
  return scene;
}

async function tend({ models }: ModelsScene): Promise<void> {
  await models.refresh();
  await models.shelf.follow();
}

const served = ({ models }: ModelsScene): readonly string[] =>
  models.shelf.list().map(({ name, version }) => `${name} ${version}`);

test('a catalogue adds models, a newer one takes them away and adds others, and the report has its version', async (t) => {
  const scene = await start(t, await catalogueOf(3, [first], signer));
  assert.deepEqual(served(scene), ['adder 1', 'digits 1']);
  assert.deepEqual(scene.models.list(), { models: [...manifest.models, first], catalogueVersion: 3 });
  scene.catalogue = await catalogueOf(4, [second], signer);
  await tend(scene);
  await until('the new model is loaded', () => served(scene).includes('digits 2'));
  assert.deepEqual([served(scene), scene.unloaded], [['adder 1', 'digits 2'], ['digits 1']]);
  assert.deepEqual(
    await modelManifestDigest(scene.models.list()),
    await modelManifestDigest({ models: [second, ...manifest.models], catalogueVersion: 4 }),
  );
  // What a client unloaded stays so, whatever the timer does.
  await scene.models.shelf.unload('digits');
  await tend(scene);
  assert.deepEqual(served(scene), ['adder 1']);
  await scene.models.shelf.load('digits');
  assert.deepEqual(served(scene), ['adder 1', 'digits 2']);
});

test('an old catalogue, one below the floor, another of the same version, and one of a foreign key change nothing', async (t) => {
  const scene = await start(t, await catalogueOf(4, [first], signer));
  const others = [
    ['MODEL_CATALOGUE_OLD', await catalogueOf(3, [second], signer)],
    ['MODEL_CATALOGUE_INVALID', await catalogueOf(5, [second], newOwner())],
    ['MODEL_CATALOGUE_OLD', await catalogueOf(2, [second], signer)],
    ['MODEL_CATALOGUE_INVALID', 'a.b.c'],
    ['MODEL_CATALOGUE_OLD', await catalogueOf(4, [second], signer)],
  ] as const;
  for (const [code, text] of others) {
    scene.catalogue = text;
    await tend(scene);
    const fault = scene.faults.pop();
    assert.ok(isEnclosError(fault, code), code);
    assert.deepEqual([served(scene), scene.models.list().catalogueVersion], [['adder 1', 'digits 1'], 4]);
  }
  // A refusal is told once.
  await tend(scene);
  assert.equal(scene.faults.length, 0);
});

test('an enclave that starts later knows which catalogue an earlier one took', async (t) => {
  const machine = new Machine();
  await start(t, await catalogueOf(5, [first], signer), machine);
  const old = await start(t, await catalogueOf(4, [second], signer), machine);
  assert.ok(isEnclosError(old.faults[0], 'MODEL_CATALOGUE_OLD'));
  assert.deepEqual(served(old), ['adder 1']);
  const twin = await start(t, await catalogueOf(5, [second], signer), machine);
  assert.ok(isEnclosError(twin.faults[0], 'MODEL_CATALOGUE_OLD'));
  assert.deepEqual(served(await start(t, await catalogueOf(5, [first], signer), machine)), ['adder 1', 'digits 1']);
  // With the defence off, on a machine that kept nothing, the old one is taken: the version in its report tells clients.
  const elsewhere = await start(t, await catalogueOf(4, [second], signer));
  assert.deepEqual([served(elsewhere), elsewhere.models.list().catalogueVersion], [['adder 1', 'digits 2'], 4]);
});

test('a catalogue counts only when its version is kept, and a changed record of it is refused', async (t) => {
  const machine = new Machine();
  machine.store.onWrite = () => {
    throw new Error('The disk is full.');
  };
  const scene = await start(t, await catalogueOf(4, [first], signer), machine);
  assert.ok(isEnclosError(scene.faults[0], 'SERVICE_STORE_UNAVAILABLE'));
  assert.deepEqual(served(scene), ['adder 1']);
  machine.store.onWrite = () => undefined;
  await tend(scene);
  await until('the model is loaded', () => served(scene).includes('digits 1'));
  const { key, row } = machine.store;
  machine.store.put(key, row.bytes.with(20, 255 - (row.bytes[20] ?? 0)));
  const later = await start(t, await catalogueOf(5, [second], signer), machine);
  assert.ok(isEnclosError(later.faults[0], 'SERVICE_STATE_INVALID'));
  assert.deepEqual(served(later), ['adder 1']);
});

test('another replica gets the key of an owner for as long as the catalogue has the model', async (t) => {
  const owner = newOwner();
  const owned = entryOf('digits', 7, { owner: owner.key });
  const scene = modelsScene({ manifest, files: { ...files, 'digits-1': encryptedFile('digits', 7) } });
  t.after(() => scene.models.shelf.close());
  const { models } = scene;
  scene.catalogue = await catalogueOf(3, [owned], signer);
  await tend(scene);
  const { name, digest } = owned;
  const supply = { name, digest, keySetDigest, challenge: models.keys.challenge(digest) };
  models.keys.supply(digest, await writeKeySupply(modelKey, supply, owner));
  await models.shelf.loadDigest(digest);
  assert.deepEqual(models.ownersKeyOf(digest), modelKey);
  assert.equal(models.ownersKeyOf(entryOf('adder', 1).digest), undefined);
  scene.catalogue = await catalogueOf(4, [second], signer);
  await tend(scene);
  // A replica whose host holds back version 4 asks this one in vain.
  assert.equal(models.ownersKeyOf(digest), undefined);
  assert.deepEqual(models.keys.ownersKeyOf(digest), modelKey, 'which has it still');
});

test('a catalogue of many models has one copied, opened and given to the engines at a time', async (t) => {
  const many = Array.from({ length: 20 }, (_, index) => entryOf(`many-${index}`, index + 20));
  const scene = modelsScene({
    manifest,
    files: { ...files, ...Object.fromEntries(many.map(({ name }, index) => [`${name}-1`, plainFile(index + 20)])) },
  });
  t.after(() => scene.models.shelf.close());
  await scene.models.shelf.loadAll();
  scene.catalogue = await catalogueOf(3, many, signer);
  await tend(scene);
  await until('all are loaded', () => served(scene).length === many.length + 1);
  assert.equal(scene.mostAtOnce, 1);
});
