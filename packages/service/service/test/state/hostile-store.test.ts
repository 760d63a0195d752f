import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { keyRing } from '@enclos/evidence-kit';
import { type MemoryRow, failsWith } from '@enclos/testkit';
import { recordIssuer } from '../../src/state/index.ts';
import { sealedProtection, createRecordKey, signedProtection, type TestState } from '../records.ts';
import type { StateSnapshot as Snapshot } from '../../src/state/index.ts';
import type { TestDocument } from '../document.ts';

type StateSnapshot = Snapshot<TestDocument>;
import {
  appraiserOn,
  digestOf,
  evidenceFor,
  issuer,
  platformOf,
  sealingOf,
  signedReplica,
  tokenCertificate,
  type ReplicaFacts,
} from '../replicas.ts';
import { adding, scenes, type Scene } from './scene.ts';

/** A replica that knows of two epochs, with the rows of both. */
interface Attacked extends Scene {
  readonly state: TestState;
  readonly served: StateSnapshot;
  readonly first: MemoryRow;
  readonly second: MemoryRow;
}

async function attacked(scene: Scene): Promise<Attacked> {
  const state = await scene.open();
  await state.update(adding('one'));
  const first = scene.store.row;
  const served = await state.update(adding('two'));
  return { ...scene, state, served, first, second: scene.store.row };
}

/** The store gives `row`: it is refused, what is served stays, and the true row is taken afterwards. */
async function refuses(
  { store, state, served, second }: Attacked,
  row: MemoryRow | undefined,
  rule: string,
): Promise<void> {
  store.onRead = () => row;
  await assert.rejects(state.read({ fresh: true }), failsWith('SERVICE_STATE_INVALID', rule));
  assert.deepEqual(await state.read(), served, 'what is served changed');
  await assert.rejects(state.update(adding('three')), failsWith('SERVICE_STATE_INVALID', rule));
  assert.deepEqual(store.row, second, 'a bad row was written over');
  store.onRead = (found) => found;
  assert.deepEqual(await state.read({ fresh: true }), served);
}

for (const [name, make] of scenes) {
  test(`${name}: a row that is lost, or the one before, is refused`, async () => {
    const scene = await attacked(await make());
    await refuses(scene, undefined, 'lost');
    await refuses(scene, scene.first, 'older');
    await refuses(scene, { ...scene.second, bytes: scene.first.bytes }, 'older');
  });

  test(`${name}: when a second has passed, a bad store is not covered up by what was read before`, async () => {
    const { store, clock, state, first } = await attacked(await make());
    store.onRead = () => first;
    clock.ms += 1000;
    await assert.rejects(state.read(), failsWith('SERVICE_STATE_INVALID', 'older'));
  });

  test(`${name}: a row that is cut off at any place, or longer, is refused`, async () => {
    const { store, open, second } = await attacked(await make());
    const { length } = second.bytes;
    const cuts = [0, 1, 11, 12, 27, 28, 30, length - 65, length - 17, length - 1];
    const rows = cuts.map((cut) => second.bytes.subarray(0, cut));
    for (const bytes of [
      ...rows,
      concatBytes(second.bytes, Uint8Array.of(0)),
      concatBytes(second.bytes, second.bytes),
    ]) {
      store.onRead = () => ({ version: second.version, bytes });
      await assert.rejects(open(), failsWith('SERVICE_STATE_INVALID'), `${bytes.length} bytes`);
    }
  });

  test(`${name}: a row with any bit flipped is refused`, async () => {
    const scene = await attacked(await make());
    const { bytes } = scene.second;
    const step = Math.max(1, Math.floor(bytes.length / 150));
    for (let at = 0; at < bytes.length; at += step) {
      const flipped = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte));
      scene.store.onRead = () => ({ version: scene.second.version, bytes: flipped });
      await assert.rejects(scene.state.read({ fresh: true }), failsWith('SERVICE_STATE_INVALID'), `byte ${at}`);
    }
  });

  test(`${name}: the record of another tenant, under its own key or this one's, is refused`, async () => {
    const scene = await make();
    const appraise = appraiserOn(await platformOf());
    const theirProtection =
      name === 'signed'
        ? { protection: await signedReplica(appraise, { issuer: recordIssuer('https://other.example') }) }
        : {};
    const other = await scene.open({ issuer: 'https://other.example', ...theirProtection });
    await other.update(adding('theirs'));
    const theirs = scene.store.row;
    scene.store.rows.clear();
    const rule = name === 'sealed' ? 'protection' : 'writer';
    await refuses(await attacked(scene), theirs, rule);
  });

  test(`${name}: a store with two histories is refused by whoever has seen one of them`, async () => {
    const scene = await make();
    const [first, second] = [await scene.open(), await scene.open()];
    await first.update(adding('common'));
    await second.read({ fresh: true });
    const common = scene.store.row;
    const left = await first.update(adding('left'));
    const leftRow = scene.store.row;
    // The second replica is shown the store as it was, and writes another second epoch.
    scene.store.rows.set(scene.store.key, common);
    await second.update(adding('right'));
    const rightRow = scene.store.row;
    await assert.rejects(first.read({ fresh: true }), failsWith('SERVICE_STATE_INVALID', 'forked'));
    await second.update(adding('more'));
    await assert.rejects(first.read({ fresh: true }), failsWith('SERVICE_STATE_INVALID', 'forked'));
    scene.store.rows.set(scene.store.key, rightRow);
    await assert.rejects(second.read({ fresh: true }), failsWith('SERVICE_STATE_INVALID', 'older'));
    scene.store.rows.set(scene.store.key, leftRow);
    assert.deepEqual(await first.read({ fresh: true }), left);
  });

  test(`${name}: a store that answers differently each time never makes an epoch go back`, async () => {
    const scene = await attacked(await make());
    const answers = [scene.first, undefined, scene.second];
    let turn = 0;
    scene.store.onRead = () => answers[turn++ % answers.length];
    let refused = 0;
    for (let round = 0; round < 30; round++) {
      try {
        assert.deepEqual(await scene.state.read({ fresh: true }), scene.served);
      } catch (error) {
        assert.ok(failsWith('SERVICE_STATE_INVALID')(error));
        refused++;
      }
    }
    assert.equal(refused, 20);
  });

  test(`${name}: a store that says that it wrote, and did not, is refused afterwards`, async () => {
    const { store, open } = await make();
    const state = await open({ store: { ...store.functions, storeWrite: async () => true } });
    const served = await state.update(adding('one'));
    await assert.rejects(state.read({ fresh: true }), failsWith('SERVICE_STATE_INVALID', 'lost'));
    assert.deepEqual(await state.read(), served);
  });

  test(`${name}: bytes that nobody protected are refused`, async () => {
    const scene = await attacked(await make());
    for (const length of [0, 1, 100, 10_000]) {
      await refuses(
        scene,
        { version: 9n, bytes: new Uint8Array(length).fill(0x41) },
        name === 'sealed' ? 'protection' : 'well-formed',
      );
    }
  });
}

test('a record that another machine, signer or policy sealed is refused', async () => {
  const sealing = sealingOf();
  for (const forger of [sealedProtection(sealingOf()), sealedProtection(sealing, 'enclave')]) {
    const [, make] = scenes[0] ?? assert.fail();
    const scene = await make();
    const theirs = await scene.open({ protection: forger });
    await theirs.update(adding('forged'));
    const opened = scene.open({ protection: sealedProtection(sealing) });
    await assert.rejects(opened, failsWith('SERVICE_STATE_INVALID', 'protection'));
  }
});

const forgers: readonly (readonly [string, ReplicaFacts, string])[] = [
  ['another enclave', { report: { mrEnclave: new Uint8Array(32).fill(1) } }, 'writer'],
  ['a debug enclave', { report: { attributes: { flags: 7n, xfrm: 3n } } }, 'writer'],
  ['another platform', { foreignPlatform: true }, 'writer'],
  ['a replica for another tenant', { issuer: recordIssuer('https://other.example') }, 'writer'],
  ['a key that signs tokens', { issuer }, 'writer'],
  ['evidence about other claims', { report: { reportData: new Uint8Array(64) } }, 'writer'],
  ['a replica of another configuration', { configuration: digestOf('another') }, 'configuration'],
];

for (const [name, facts, rule] of forgers) {
  test(`signed: the record of ${name} is refused`, async () => {
    const scene = await (scenes[1] ?? assert.fail())[1]();
    const appraise = appraiserOn(await platformOf());
    const honest = await attacked(scene);
    // Whoever forges believes all that it finds.
    const theirs = await signedReplica(async () => assert.fail(), facts);
    const forged = await scene.open({ protection: { ...theirs, open: (await signedReplica(appraise)).open } });
    await forged.update(adding('forged'));
    const row = scene.store.row;
    scene.store.rows.set(scene.store.key, honest.second);
    await refuses(honest, row, rule);
  });
}

test('signed: a certificate of a replica is no key to sign with for somebody else', async () => {
  const scene = await attacked(await (scenes[1] ?? assert.fail())[1]());
  const { certificate } = tokenCertificate({ issuer: recordIssuer(issuer) });
  const own = await createRecordKey(async (publicKey) => [evidenceFor(publicKey, { issuer: recordIssuer(issuer) })]);
  const appraise = appraiserOn(await platformOf());
  const forger = signedProtection({ certificate, sign: own.sign }, appraise);
  const place = { key: scene.store.key, issuer };
  const bytes = await forger.protect(new Uint8Array(10), place);
  await refuses(scene, { version: 9n, bytes }, 'protection');
});

test('signed: a key of another curve signs no records', async () => {
  const scene = await attacked(await (scenes[1] ?? assert.fail())[1]());
  const key = keyRing('curve').key('records', 'P-384');
  const { certificate } = tokenCertificate({ key, issuer: recordIssuer(issuer) });
  const appraise = appraiserOn(await platformOf());
  const forger = signedProtection({ certificate, sign: () => new Uint8Array(64) }, appraise);
  const bytes = await forger.protect(new Uint8Array(10), { key: scene.store.key, issuer });
  await refuses(scene, { version: 9n, bytes }, 'writer');
});

test('signed: what cannot be appraised now is not called forged', async () => {
  const scene = await attacked(await (scenes[1] ?? assert.fail())[1]());
  const unavailable = new Error('no endorsements');
  const blind = await signedReplica(() => Promise.reject(unavailable));
  await assert.rejects(scene.open({ protection: blind }), unavailable);
});

test('a key or a tenant is part of what is protected', async () => {
  const appraise = appraiserOn(await platformOf());
  for (const protection of [sealedProtection(sealingOf()), await signedReplica(appraise)]) {
    const place = { key: 'state/a', issuer };
    const bytes = await protection.protect(Uint8Array.of(1, 2, 3), place);
    assert.deepEqual((await protection.open(bytes, place)).record, Uint8Array.of(1, 2, 3));
    await assert.rejects(
      protection.open(bytes, { ...place, key: 'state/b' }),
      failsWith('SERVICE_STATE_INVALID', 'protection'),
    );
    await assert.rejects(
      protection.open(bytes, { ...place, issuer: 'https://b.example' }),
      failsWith('SERVICE_STATE_INVALID'),
    );
  }
});

test('a seal of a later version, or a platform that cannot open now, are told apart', async () => {
  const place = { key: 'state/a', issuer };
  const failing = (code: 'SEAL_SVN_TOO_NEW' | 'TEE_PLATFORM_LOST') =>
    sealedProtection({ ...sealingOf(), unseal: () => Promise.reject(new EnclosError(code)) });
  await assert.rejects(
    failing('SEAL_SVN_TOO_NEW').open(new Uint8Array(), place),
    failsWith('SERVICE_STATE_INVALID', 'protection'),
  );
  await assert.rejects(failing('TEE_PLATFORM_LOST').open(new Uint8Array(), place), { code: 'TEE_PLATFORM_LOST' });
});
