import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, fromBase64url } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { keyRing, publicKeyInfo } from '@enclos/evidence-kit';
import { MemoryStore, failsWith } from '@enclos/testkit';
import {
  rememberAppraisals,
  type AppraiseCertificate,
  peerKey,
  newReplicaName,
  PeerDirectory,
  type PeerDirectoryOptions,
} from '../../src/peers/index.ts';
import { recordIssuer } from '../../src/state/index.ts';
import { issuerKey } from '../../src/store/index.ts';
import type { PublishedKey } from '../../src/peers/index.ts';
import {
  appraiserOn,
  configurationDigest,
  digestOf,
  issuer,
  now,
  platformOf,
  tokenCertificate,
  type CertificateFacts,
} from '../replicas.ts';

const keyIdOf = (publicKey: Uint8Array): string => createHash('sha256').update(publicKey).digest('base64url');
const prefix = `keys/${issuerKey(issuer)}/`;

function publishedKey(facts: CertificateFacts = {}): PublishedKey {
  const { certificate, publicKey } = tokenCertificate(facts);
  const jwk = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  const { crv = '', x = '', y = '' } = jwk;
  const x5c = [Buffer.from(certificate).toString('base64')];
  return { kid: keyIdOf(publicKey), kty: 'EC', alg: 'ES256', jwk: { crv, x, y }, x5c };
}

interface Scene {
  readonly store: MemoryStore;
  nowMs: number;
  appraised: number;
  readonly refused: string[];
  readonly directory: (options?: Partial<PeerDirectoryOptions>) => PeerDirectory;
  /** Puts a row as a peer does. */
  readonly put: (key: PublishedKey, row?: string) => string;
}

async function scene(): Promise<Scene> {
  const store = new MemoryStore();
  const appraise = appraiserOn(await platformOf());
  const counted: AppraiseCertificate = (certificate) => {
    made.appraised++;
    return appraise(certificate);
  };
  const remembering = rememberAppraisals(counted, { nowMs: () => made.nowMs });
  const made: Scene = {
    store,
    nowMs: now.getTime(),
    appraised: 0,
    refused: [],
    directory: (options = {}) =>
      new PeerDirectory({
        store: store.functions,
        issuer,
        configurationDigest,
        replica: newReplicaName(),
        appraise: remembering,
        keyIdOf,
        now: () => new Date(made.nowMs),
        onRefused: (_key, error) => {
          made.refused.push(isEnclosError(error) ? String(error.details['rule']) : String(error));
        },
        ...options,
      }),
    put: (key, row = `${prefix}peer/${key.kid}`) => {
      store.put(row, new Uint8Array(Buffer.from(key.x5c[0] ?? '', 'base64')));
      return row;
    },
  };
  return made;
}

test('each replica finds the keys of the others, and not its own', async () => {
  const { directory } = await scene();
  const [first, second, third] = [directory(), directory(), directory()];
  const [one, two, three] = [publishedKey(), publishedKey(), publishedKey()];
  await first.publish([one]);
  await second.publish([two, three]);
  const byKid = (keys: readonly PublishedKey[]) => keys.toSorted((a, b) => a.kid.localeCompare(b.kid));
  assert.deepEqual(byKid(await first.peers()), byKid([two, three]));
  assert.deepEqual(await second.peers(), [one]);
  assert.deepEqual(byKid(await third.peers()), byKid([one, two, three]));
});

test('publishing again writes what was lost or changed, and takes away what is no more used', async () => {
  const { store, directory } = await scene();
  const own = directory();
  const [one, two] = [publishedKey(), publishedKey()];
  await own.publish([one, two]);
  const [row] = [...store.rows.keys()].filter((key) => key.endsWith(one.kid));
  assert.ok(row !== undefined && store.rows.size === 2);
  const version = store.rows.get(row)?.version;
  await own.publish([one, two]);
  assert.equal(store.rows.get(row)?.version, version, 'the same row was written again');
  store.put(row, Uint8Array.of(1));
  await own.publish([one, two]);
  store.rows.delete(row);
  await own.publish([one, two]);
  assert.equal(store.rows.size, 2);
  await own.publish([two]);
  assert.deepEqual(
    [...store.rows.keys()].map((key) => key.split('/').at(-1)),
    [two.kid],
  );
});

test('a store that does not take a certificate is an error', async () => {
  const { store, directory } = await scene();
  const own = directory({ store: { ...store.functions, storeWrite: async () => false } });
  await assert.rejects(own.publish([publishedKey()]), failsWith('SERVICE_STORE_UNAVAILABLE'));
  const misnamed = directory({ replica: 'a/b' });
  await assert.rejects(misnamed.publish([publishedKey()]), failsWith('SERVICE_STORE_REFUSED'));
});

const bad: readonly (readonly [string, CertificateFacts, string])[] = [
  ['another tenant', { issuer: 'https://other.example' }, 'issuer'],
  ['the state of this tenant', { issuer: recordIssuer(issuer) }, 'issuer'],
  ['another configuration', { configuration: digestOf('another') }, 'configuration'],
  ['another image', { report: { mrEnclave: new Uint8Array(32) } }, 'policy'],
  ['another platform', { foreignPlatform: true }, 'evidence'],
  [
    'next week',
    { notBefore: new Date('2026-01-20T00:00:00Z'), notAfter: new Date('2026-01-21T00:00:00Z') },
    'validity',
  ],
];

for (const [name, facts, rule] of bad) {
  test(`a certificate for ${name} is not shown, and the others are`, async () => {
    const { put, refused, directory } = await scene();
    put(publishedKey(facts));
    const good = publishedKey();
    put(good);
    assert.deepEqual(await directory().peers(), [good]);
    assert.deepEqual(refused, [rule]);
  });
}

test('a key is shown under its own key id only', async () => {
  const { put, refused, directory } = await scene();
  const key = publishedKey();
  put(key, `${prefix}peer/${publishedKey().kid}`);
  assert.deepEqual(await directory().peers(), []);
  assert.deepEqual(refused, ['key']);
});

test('garbage, rows that are too large and lists that are none do no harm', async () => {
  const { store, put, directory } = await scene();
  const good = publishedKey();
  put(good);
  store.put(`${prefix}peer/garbage`, new Uint8Array(100));
  store.put(`${prefix}peer/empty`, new Uint8Array());
  store.put(`${prefix}peer/large`, new Uint8Array(1_000_000));
  store.put(`${prefix}peer/too/deep`, new Uint8Array(10));
  assert.deepEqual(await directory().peers(), [good]);
  for (const list of ['', '{}', 'null', '[1, null, {}]', '[', '["__proto__", "keys/"]', `["${prefix}../x"]`]) {
    const hostile = directory({ store: { ...store.functions, storeKeys: async () => list } });
    assert.deepEqual(await hostile.peers(), [], list);
  }
  const row = [...store.rows.keys()].find((key) => key.endsWith(good.kid));
  const twice = directory({ store: { ...store.functions, storeKeys: async () => JSON.stringify([row, row, 'x']) } });
  assert.deepEqual(await twice.peers(), [good]);
});

test('the list is read again after a second, by one reading for all, and finds who is new', async () => {
  const made = await scene();
  made.put(publishedKey());
  const own = made.directory();
  await Promise.all(Array.from({ length: 10 }, () => own.peers()));
  const { reads } = made.store;
  made.put(publishedKey());
  made.nowMs += 999;
  assert.equal((await own.peers()).length, 1);
  assert.equal(made.store.reads, reads);
  made.nowMs += 1;
  assert.equal((await own.peers()).length, 2);
  assert.equal(made.store.reads, reads + 1, 'the row that was there is not read again');
  assert.equal(made.appraised, 2, 'what was appraised is remembered');
});

test('a row is read again after ten seconds, and one that is gone is gone with the next list', async () => {
  const made = await scene();
  const row = made.put(publishedKey());
  made.put(publishedKey());
  const own = made.directory();
  assert.equal((await own.peers()).length, 2);
  made.store.put(row, new Uint8Array(2000));
  made.nowMs += 9999;
  assert.equal((await own.peers()).length, 2);
  made.nowMs += 1000;
  assert.equal((await own.peers()).length, 1);
  made.store.rows.clear();
  made.nowMs += 1000;
  assert.deepEqual(await own.peers(), []);
});

test('expired rows are taken away, an hour after their end', async () => {
  const made = await scene();
  const row = made.put(publishedKey());
  const own = made.directory();
  made.nowMs = Date.parse('2026-01-16T01:00:00Z');
  assert.equal((await own.peers()).length, 1);
  made.nowMs += 10_000;
  assert.deepEqual([await own.peers(), made.store.rows.has(row)], [[], false]);
});

test('without the store the last list stays, until its certificates end', async () => {
  const made = await scene();
  made.put(publishedKey());
  const own = made.directory();
  assert.equal((await own.peers()).length, 1);
  let asked = 0;
  made.store.functions.storeKeys = async () => {
    asked += 1;
    made.nowMs += 5000;
    throw new Error('connection refused');
  };
  made.nowMs += 60_000;
  assert.equal((await own.peers()).length, 1);
  made.nowMs += 9999;
  assert.equal((await own.peers()).length, 1);
  assert.equal(asked, 1, 'not each call waits for a store that hangs');
  made.nowMs += 1;
  assert.equal((await own.peers()).length, 1);
  assert.equal(asked, 2);
  made.nowMs = Date.parse('2026-01-16T01:00:00.001Z');
  assert.equal((await own.peers()).length, 0);
});

test('a flood of rows hides no peer that was there, and costs a bounded number of readings', async () => {
  const made = await scene();
  const own = made.directory();
  const good = publishedKey();
  made.put(good, `${prefix}zzz/${good.kid}`);
  assert.deepEqual(await own.peers(), [good]);
  for (let index = 0; index < 3000; index++) made.store.put(`${prefix}flood/${index}`, new Uint8Array(2000));
  made.nowMs += 10_000;
  const rows = [...made.store.rows.keys()].slice(0, 999);
  const list = JSON.stringify([...rows, `${prefix}zzz/${good.kid}`]);
  made.store.functions.storeKeys = async () => list;
  const { reads } = made.store;
  assert.deepEqual(await own.peers(), [good]);
  assert.equal(made.store.reads - reads, 128);
});

test('no more than 64 keys are shown', async () => {
  const made = await scene();
  for (let index = 0; index < 70; index++) made.put(publishedKey());
  assert.equal((await made.directory().peers()).length, 64);
});

test('what is shown of a key comes from its certificate', () => {
  const appraised = (publicKey: Uint8Array) => ({ publicKey }) as Parameters<typeof peerKey>[2];
  const spki = (pair: ReturnType<typeof generateKeyPairSync>) =>
    new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const rsa = peerKey('a', Uint8Array.of(1), appraised(spki(generateKeyPairSync('rsa', { modulusLength: 2048 }))));
  assert.deepEqual([rsa.kty, rsa.alg, Object.keys(rsa.jwk), rsa.x5c], ['RSA', 'RS256', ['n', 'e'], ['AQ==']]);
  const p384 = peerKey('b', Uint8Array.of(1), appraised(spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }))));
  assert.deepEqual([p384.kty, p384.alg, p384.jwk['crv']], ['EC', 'ES384', 'P-384']);
  for (const pair of [generateKeyPairSync('ed25519'), generateKeyPairSync('ec', { namedCurve: 'P-521' })]) {
    assert.throws(
      () => peerKey('c', Uint8Array.of(1), appraised(spki(pair))),
      failsWith('SERVICE_PEER_REFUSED', 'key'),
    );
  }
  const key = keyRing('shown').key('tokens', 'P-256');
  const { x = '', y = '' } = peerKey('d', Uint8Array.of(1), appraised(publicKeyInfo(key))).jwk;
  assert.deepEqual(concatBytes(fromBase64url(x), fromBase64url(y)), key.point);
});
