import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createInferenceClient, type InferenceClient } from '@enclos/inference-client';
import { supplyModelKey } from '@enclos/inference-client/node';
import { toHex } from '@enclos/codec';
import { createInferenceApi } from '../src/index.ts';
import { measurement, nowMs, openFetch, url } from './client-scene.ts';
import { encryptedFile, entryOf, modelKey, modelsScene, newOwner, plainFile, type Owner } from './models-scene.ts';
import { apiOptionsOf } from './scene.ts';

const owner = newOwner();
const entry = entryOf('digits', 7, { owner: owner.key });
const { name, digest } = entry;
const files = { 'digits-1': encryptedFile('digits', 7), 'plain-1': plainFile(8) };
const manifest = { models: [entry, entryOf('plain', 8)] };

interface Enclave {
  readonly client: InferenceClient;
  /** Supplies of keys, as they were sealed. */
  readonly supplies: string[];
  readonly isLoaded: () => boolean;
}

/** An enclave that serves a manifest, and a client that accepts its evidence. */
async function start(t: TestContext, models = manifest.models): Promise<Enclave> {
  const own = { keySetDigest: (): string => assert.fail('it is not there yet') };
  const scene = modelsScene({ manifest: { models }, files, ownKeySetDigest: () => own.keySetDigest() });
  const { shelf, keys } = scene.models;
  t.after(() => shelf.close());
  const supplies: string[] = [];
  const api = createInferenceApi({
    ...apiOptionsOf(shelf),
    modelKeys: {
      challenge: (asked) => keys.challenge(asked),
      async supply(asked, text) {
        supplies.push(text);
        keys.supply(asked, text);
        await shelf.loadDigest(asked);
      },
      keySetDigest: () => own.keySetDigest(),
    },
  });
  const { fetch, keySetDigest } = await openFetch(api);
  Object.assign(own, { keySetDigest });
  const client = createInferenceClient({
    url,
    fetch,
    nowMs,
    appraise: async ({ evidence }) => ({ tee: 'sgx', measurement, reportData: toHex(evidence) }),
  });
  t.after(() => client.close());
  return { client, supplies, isLoaded: () => shelf.list().some((model) => model.name === name) };
}

type Asked = Parameters<typeof supplyModelKey>[0];

const supply = async (client: Asked, by: Owner = owner, key = modelKey): Promise<void> =>
  supplyModelKey(client, { url, name, digest, key, owner: by });

const refusedWith = (code: string) => (error: unknown) =>
  isEnclosError(error, 'INFERENCE_CALL_REFUSED') && error.details['code'] === code;

/** Sends a supply that was there before, as anyone can who attests the enclave. */
async function replay({ client }: Enclave, text: string): Promise<string> {
  await client.fetch(`${url}/v1/model-keys/${digest}/challenge`, { method: 'POST' });
  const sent = { method: 'POST', body: text, headers: { 'content-type': 'application/jose' } };
  const response = await client.fetch(`${url}/v1/model-keys/${digest}`, sent);
  return `${response.status} ${/[A-Z]+(?:_[A-Z]+)+/.exec(await response.text())?.[0]}`;
}

test('a stranger is refused, and does not keep the owner out', async (t) => {
  const enclave = await start(t);
  await assert.rejects(supply(enclave.client, newOwner()), refusedWith('MODEL_KEY_REFUSED'));
  assert.equal(enclave.isLoaded(), false);
  await supply(enclave.client);
  assert.equal(enclave.isLoaded(), true);
});

test('a supply for the keys of one enclave is not for another one, whatever challenge the owner was given', async (t) => {
  const [accepted, other] = [await start(t), await start(t)];
  const misled: Asked = { attest: async (how) => accepted.client.attest(how), fetch: other.client.fetch };
  await assert.rejects(supply(misled), refusedWith('MODEL_KEY_REFUSED'));
  assert.equal(other.isLoaded(), false);
  assert.equal(other.supplies.length, 1, 'it got one, which is signed for the keys of the other');
  // An owner that accepted this one would have signed it.
  await supply(other.client);
  assert.equal(other.isLoaded(), true);
});

test('a supply counts once: neither this enclave, nor one that asks again, nor the next one takes its copy', async (t) => {
  const enclave = await start(t);
  await assert.rejects(supply(enclave.client, owner, new Uint8Array(32)), refusedWith('MODEL_NOT_OPENED'));
  const [wrong = ''] = enclave.supplies;
  assert.equal(await replay(enclave, wrong), '403 MODEL_KEY_REFUSED', 'the enclave has another challenge now');
  await supply(enclave.client);
  const right = enclave.supplies.at(-1) ?? '';
  assert.equal(await replay(enclave, right), '403 MODEL_KEY_REFUSED');
  assert.equal(await replay(await start(t), right), '403 MODEL_KEY_REFUSED', 'a start has other keys');
  await assert.rejects(supply(enclave.client), refusedWith('MODEL_KEY_REFUSED'));
});

test('a service without the model, and one that it has in plain, take no key', async (t) => {
  const without = await start(t, [entryOf('plain', 8)]);
  await assert.rejects(supply(without.client), refusedWith('MODEL_KEY_REFUSED'));
  const { digest: plain } = entryOf('plain', 8);
  const given = { url, name: 'plain', digest: plain, key: modelKey, owner };
  await assert.rejects(supplyModelKey((await start(t)).client, given), refusedWith('MODEL_KEY_REFUSED'));
  assert.deepEqual(without.supplies, []);
});

test('a key for another name is refused, also when its owner signed it', async (t) => {
  const enclave = await start(t);
  const given = { url, name: 'plain', digest, key: modelKey, owner };
  await assert.rejects(supplyModelKey(enclave.client, given), refusedWith('MODEL_KEY_REFUSED'));
  await supply(enclave.client);
});
