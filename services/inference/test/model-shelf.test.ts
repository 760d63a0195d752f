import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { modelDigestSync, writeKeySupply } from '@enclos/inference-models/node';
import { encryptWrappedJwe } from '@enclos/jose/node';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { tlsKeyPair, until, type KeyBroker } from '@enclos/testkit';
import {
  brokerOf,
  encryptedFile,
  entryOf,
  keySetDigest,
  Machine,
  modelKey,
  modelsScene,
  newOwner,
  plainFile,
  type ModelsScene,
  type SceneOptions,
} from './models-scene.ts';

const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);
const keyId = 'kbs:///default/model/digits';
const digits = entryOf('digits', 7, { keyId });

async function started(t: TestContext, broker: KeyBroker): Promise<KeyBroker> {
  await broker.start();
  t.after(() => broker.kill());
  return broker;
}

/** A scene that ends with its test. */
function sceneOf(t: TestContext, options: SceneOptions): ModelsScene {
  const scene = modelsScene(options);
  t.after(() => scene.models.shelf.close());
  return scene;
}

test('two calls that load one model at once load it once', async (t) => {
  const { models, loaded } = sceneOf(t, {
    manifest: { models: [entryOf('adder', 1)] },
    files: { 'adder-1': plainFile(1) },
  });
  const { shelf } = models;
  await Promise.all([shelf.loadAll(), shelf.load('adder'), shelf.load('adder')]);
  assert.deepEqual([loaded, shelf.list().length, shelf.isReady], [['adder 1'], 1, true]);
  await shelf.unload('adder');
  assert.deepEqual([shelf.isReady, shelf.loadable[0]?.isExpected], [false, false]);
  await shelf.load('adder');
  assert.equal(loaded.length, 2);
});

test('an encrypted model is opened with the key of the broker, and has the digest of its plain bytes', async (t) => {
  const broker = await started(t, brokerOf());
  const scene = sceneOf(t, {
    manifest: { models: [digits] },
    files: { 'digits-1': encryptedFile('digits', 7) },
    broker,
  });
  await scene.models.shelf.load('digits');
  const [served] = scene.models.shelf.list();
  assert.equal(served?.digest, modelDigestSync(plainFile(7)));
  assert.deepEqual(scene.models.list().models, [digits]);
  // Each loading asks again: the enclave keeps no key of a service.
  await scene.models.shelf.unload('digits');
  await scene.models.shelf.load('digits');
  assert.equal(broker.asked.filter((path) => path.includes('/resource/')).length, 2);
});

test('a file under another name, of another model, or by another algorithm is refused before a key is asked for', async (t) => {
  const broker = await started(t, brokerOf());
  const foreign = (change: object): Uint8Array => {
    const [header = '', ...rest] = Buffer.from(encryptedFile('digits', 7)).toString('utf8').split('.');
    const members = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as object;
    return utf8([toBase64url(utf8(JSON.stringify({ ...members, ...change }))), ...rest].join('.'));
  };
  const cases: readonly (readonly [ErrorCode, Uint8Array])[] = [
    ['MODEL_MISMATCH', encryptedFile('letters', 7)],
    ['MODEL_MISMATCH', encryptedFile('digits', 8)],
    ['MODEL_ENCRYPTION_INVALID', foreign({ alg: 'none' })],
    ['MODEL_ENCRYPTION_INVALID', foreign({ alg: 'dir' })],
    ['MODEL_ENCRYPTION_INVALID', foreign({ alg: 'A128KW' })],
    ['MODEL_ENCRYPTION_INVALID', foreign({ enc: 'A128GCM' })],
    ['MODEL_ENCRYPTION_INVALID', plainFile(7)],
  ];
  for (const [code, file] of cases) {
    const { models } = sceneOf(t, { manifest: { models: [digits] }, files: { 'digits-1': file }, broker });
    await assert.rejects(models.shelf.loadAll(), refused(code));
    await assert.rejects(models.shelf.load('digits'), refused(code));
  }
  assert.deepEqual(broker.asked, []);
});

test('the key of another model opens nothing, nor does content that is another than the file says', async (t) => {
  const broker = await started(t, brokerOf({ 'default/model/digits': new Uint8Array(32).fill(1) }));
  const files = { 'digits-1': encryptedFile('digits', 7) };
  const other = sceneOf(t, { manifest: { models: [digits] }, files, broker });
  await assert.rejects(other.models.shelf.load('digits'), refused('MODEL_NOT_OPENED'));
  const good = await started(t, brokerOf());
  // KServe's tools bind no model, and a header can say anything.
  for (const header of [{}, { 'enclos-model': { name: 'digits', digest: digits.digest } }]) {
    const swapped = { 'digits-1': encryptWrappedJwe(plainFile(8), modelKey, header) };
    const scene = sceneOf(t, { manifest: { models: [digits] }, files: swapped, broker: good });
    await assert.rejects(scene.models.shelf.load('digits'), refused('MODEL_MISMATCH'));
    // A host that has the right file later needs no new start.
    scene.files.set('digits-1', encryptedFile('digits', 7));
    await scene.models.shelf.load('digits');
  }
});

test('a broker with a certificate of another authority gets no evidence', async (t) => {
  const broker = await started(t, brokerOf());
  const { cert } = tlsKeyPair(selfSignedCertificate, 'keys.test');
  const files = { 'digits-1': encryptedFile('digits', 7) };
  const scene = sceneOf(t, { manifest: { models: [digits] }, files, broker, authorities: [cert] });
  await assert.rejects(scene.models.shelf.load('digits'), refused('MODEL_KEY_SERVICE_UNREACHABLE'));
  assert.deepEqual(broker.asked, []);
});

test('while the key service is dead its model is on its way and the others answer; once it is back the model is loaded', async (t) => {
  const broker = await started(t, brokerOf());
  await broker.kill();
  const files = { 'digits-1': encryptedFile('digits', 7), 'adder-1': plainFile(1) };
  const scene = sceneOf(t, { manifest: { models: [digits, entryOf('adder', 1)] }, files, broker });
  const { shelf } = scene.models;
  await shelf.loadAll();
  await until('the key was asked for', () => shelf.loadable[0]?.reason === 'MODEL_KEY_SERVICE_UNREACHABLE');
  assert.deepEqual([shelf.find('adder')?.name, shelf.isReady, shelf.loadable[0]?.isExpected], ['adder', false, true]);
  await broker.start();
  await until('the model is loaded', () => shelf.isReady);
  // One line for as many attempts as it took, and none of a fault.
  assert.deepEqual([scene.awaited, scene.faults], [['digits 1 MODEL_KEY_SERVICE_UNREACHABLE'], []]);
});

test('a model whose key is with a service that the configuration does not name is refused at the start', () => {
  for (const id of [keyId, 'release:///digits']) {
    const manifest = { models: [entryOf('digits', 7, { keyId: id })] };
    assert.throws(() => modelsScene({ manifest }), refused('INFERENCE_CONFIGURATION_INVALID'));
  }
});

test('a key that is supplied while the enclave looks for it is used at once', async (t) => {
  const owner = newOwner();
  const machine = new Machine();
  const entry = entryOf('digits', 7, { owner: owner.key, keepKey: 'sealed' });
  const files = { 'digits-1': encryptedFile('digits', 7) };
  const { models } = sceneOf(t, { manifest: { models: [entry] }, files, machine });
  const { name, digest } = entry;
  const expected = { name, digest, keySetDigest, challenge: models.keys.challenge(digest) };
  const text = await writeKeySupply(modelKey, expected, owner);
  const looking = models.shelf.load('digits');
  models.keys.supply(digest, text);
  await models.shelf.loadDigest(digest);
  await looking.catch(() => undefined);
  assert.equal(models.shelf.isReady, true);
});

test('the owner supplies the key of a model, and again after a start, unless the manifest has it sealed', async (t) => {
  const owner = newOwner();
  for (const keepKey of [undefined, 'sealed'] as const) {
    const machine = new Machine();
    const entry = entryOf('digits', 7, { owner: owner.key, ...(keepKey === undefined ? {} : { keepKey }) });
    const start = (at: Machine): ModelsScene =>
      sceneOf(t, { manifest: { models: [entry] }, files: { 'digits-1': encryptedFile('digits', 7) }, machine: at });
    const { models } = start(machine);
    await assert.rejects(models.shelf.load('digits'), refused('MODEL_KEY_AWAITED'));
    const supply = async (key: Uint8Array): Promise<void> => {
      const { name, digest } = entry;
      const expected = { name, digest, keySetDigest, challenge: models.keys.challenge(digest) };
      models.keys.supply(digest, await writeKeySupply(key, expected, owner));
      await models.shelf.loadDigest(digest);
    };
    // A key that does not open the model may be replaced, and is not kept.
    await assert.rejects(supply(new Uint8Array(32)), refused('MODEL_NOT_OPENED'));
    assert.equal(machine.store.rows.size, 0);
    await supply(modelKey);
    assert.equal(models.shelf.isReady, true);
    await assert.rejects(supply(modelKey), refused('MODEL_KEY_REFUSED'));
    // A client may unload the model and load it again: the key is still in this enclave.
    await models.shelf.unload('digits');
    await models.shelf.load('digits');
    const again = start(machine).models.shelf.load('digits');
    if (keepKey === undefined) await assert.rejects(again, refused('MODEL_KEY_AWAITED'));
    else await again;
    // Another machine opens no seal of this one.
    const elsewhere = new Machine();
    for (const [key, { bytes }] of machine.store.rows) elsewhere.store.put(key, bytes);
    await assert.rejects(start(elsewhere).models.shelf.load('digits'), refused('MODEL_KEY_AWAITED'));
  }
});
