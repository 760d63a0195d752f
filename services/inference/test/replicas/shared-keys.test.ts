import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelEntry } from '@enclos/inference-models';
import { ModelKeys, type ModelKeysOptions } from '../../src/keys/model-keys.ts';
import { keyFromReplicas } from '../../src/replicas/shared-keys.ts';
import { Network } from './scene.ts';

const digest = '12'.repeat(32);
const key = new Uint8Array(32).fill(7);
const entry = {
  name: 'secret',
  version: '1',
  digest,
  sizeBytes: 1,
  limits: {},
  owner: 'owner',
} as unknown as ModelEntry;

/** The keys of a replica whose desk gives whatever an owner is said to bring. */
function keysOf(fromReplicas?: ModelKeysOptions['fromReplicas']): ModelKeys {
  return new ModelKeys({
    fromBroker: undefined,
    fromRelease: undefined,
    fromReplicas,
    // What the desk verifies is tested with it.
    desk: {
      supply: () => new Uint8Array(key),
      challenge: () => '',
      reopen: () => undefined,
    } as unknown as ModelKeysOptions['desk'],
    kept: () => assert.fail('nothing is kept'),
    onFault: (error) => assert.fail(String(error)),
  });
}

test('a replica gives another one the key that an owner supplied, once it has opened the model', async () => {
  const network = new Network();
  const supplied = keysOf();
  const first = await network.add();
  await network.add({ modelKey: (asked) => supplied.ownersKeyOf(asked) });
  await first.directory.look();
  const asking = keysOf(async (asked) => keyFromReplicas(first.directory, asked));
  await assert.rejects(asking.keyOf(entry), { code: 'MODEL_KEY_AWAITED' });
  supplied.supply(digest, '');
  await assert.rejects(asking.keyOf(entry), { code: 'MODEL_KEY_AWAITED' }, 'it may be a wrong one');
  await supplied.opened(entry);
  assert.deepEqual(await asking.keyOf(entry), key);
  await asking.opened(entry);
  assert.deepEqual(asking.ownersKeyOf(digest), key, 'which it gives on, when the first one is gone');
  supplied.failed(entry);
  assert.equal(supplied.ownersKeyOf(digest), undefined);
});

test('a replica that does not share has no key for others', async () => {
  const network = new Network();
  const first = await network.add();
  await network.add();
  await first.directory.look();
  assert.equal(await keyFromReplicas(first.directory, digest), undefined);
});

test('a key of another length is none, and a replica that is lost is passed over', async () => {
  const network = new Network();
  const first = await network.add();
  const second = await network.add({ modelKey: () => key });
  await network.add({ modelKey: () => key.subarray(1) });
  await network.add({ modelKey: () => new Uint8Array(33) });
  await first.directory.look();
  assert.deepEqual(await keyFromReplicas(first.directory, digest), key);
  second.kill();
  assert.equal(await keyFromReplicas(first.directory, digest), undefined);
});
