import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import {
  commitEvidence,
  encodeSecretRecord,
  EntryEncoder,
  LedgerSecret,
  LedgerSecrets,
  openBytes,
  privateWrites,
  publicWrites,
  readSecretRecord,
  sealBytes,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { contentsOf } from './contents.ts';
import { sampleSecrets, valuesOf } from './sample-secrets.ts';
import { sampleEntries, services } from './samples.ts';

const secretOf = (fill: number): LedgerSecret => new LedgerSecret(nodeDigests, new Uint8Array(32).fill(fill));
const [first, second, third] = [secretOf(1), secretOf(2), secretOf(3)];
const iv = new Uint8Array(12).fill(9);

/** A ledger with two rekeys, at seqnos 10 and 20. */
function rekeyed() {
  const secrets = LedgerSecrets.begin(first);
  const records = [];
  for (const [seqno, next] of [
    [10, second],
    [20, third],
  ] as const) {
    records.push({ seqno, record: readSecretRecord(encodeSecretRecord(secrets.recordFor(next, iv))) });
    secrets.begin(next, seqno);
  }
  return { secrets, records };
}

test('each transaction has the secret that held when it was written', () => {
  const { secrets } = rekeyed();
  assert.deepEqual(secrets.versions, [1, 11, 21]);
  const expected = [
    [1, first],
    [10, first],
    [11, second],
    [20, second],
    [21, third],
    [2 ** 40, third],
  ] as const;
  for (const [seqno, secret] of expected) assert.equal(secrets.at(seqno), secret);
  assert.throws(() => secrets.at(0), { code: 'LEDGER_SECRET_WRONG' });
});

test('the last secret opens all before it', () => {
  const { records } = rekeyed();
  const recovered = LedgerSecrets.recover(nodeDigests, third.reveal(), records);
  assert.deepEqual(recovered.versions, [1, 11, 21]);
  for (const [seqno, secret] of [
    [5, first],
    [15, second],
    [25, third],
  ] as const) {
    assert.deepEqual(recovered.at(seqno).reveal(), secret.reveal());
  }
  assert.equal(records[1]?.record.previous?.storedVersion, 10);
});

test('what is recovered goes on as what never stopped, over three rekeys and a start of its own', () => {
  const secrets = LedgerSecrets.begin(first, 5);
  const records = [{ seqno: 4, record: {} }];
  const fourth = secretOf(4);
  for (const [seqno, next] of [
    [10, second],
    [20, third],
    [30, fourth],
  ] as const) {
    records.push({ seqno, record: readSecretRecord(encodeSecretRecord(secrets.recordFor(next, iv))) });
    secrets.begin(next, seqno);
  }
  const recovered = LedgerSecrets.recover(nodeDigests, fourth.reveal(), records);
  assert.deepEqual(recovered.versions, [5, 11, 21, 31]);
  assert.deepEqual(recovered.latest.reveal(), fourth.reveal());
  assert.deepEqual(recovered.recordFor(first, iv), secrets.recordFor(first, iv));
  assert.equal(recovered.recordFor(first, iv).previous?.storedVersion, 30);
  for (const going of [secrets, recovered]) {
    going.retract(20);
    assert.equal(going.recordFor(first, iv).previous?.storedVersion, 20);
    going.retract(10);
    assert.deepEqual(going.versions, [5, 11]);
    going.retract(9);
    assert.deepEqual(going.versions, [5]);
    going.retract(2);
    assert.deepEqual(going.versions, [5], 'a ledger has a secret at all times');
    assert.deepEqual(Object.keys(going.recordFor(second, iv).previous ?? {}), ['encrypted', 'version']);
  }
  assert.throws(() => LedgerSecrets.begin(first, 5).begin(second, 4), { code: 'LEDGER_SECRET_WRONG' });
});

test('a record may name the seqno of its secret, and the first one holds none before it', () => {
  const only = { seqno: 7, record: { nextVersion: 12 } };
  const recovered = LedgerSecrets.recover(nodeDigests, first.reveal(), [only]);
  assert.deepEqual(recovered.versions, [12]);
  assert.deepEqual(Object.keys(recovered.recordFor(second, iv).previous ?? {}), ['encrypted', 'version']);
  for (const [record, text] of [
    [{}, '{}'],
    [{ nextVersion: 0 }, '{"next_version":0}'],
    [
      { nextVersion: 3, previous: { encrypted: new Uint8Array(0), version: 0 } },
      '{"next_version":3,"previous_ledger_secret":{"encrypted_data":"","version":0}}',
    ],
    [
      { previous: { encrypted: Uint8Array.of(0), version: 2, storedVersion: 1 } },
      '{"previous_ledger_secret":{"encrypted_data":"AA==","previous_secret_stored_version":1,"version":2}}',
    ],
  ] as const) {
    assert.deepEqual(encodeSecretRecord(record), utf8(text));
    assert.deepEqual(readSecretRecord(utf8(text)), record);
  }
  const bounded = (encrypted: Uint8Array): unknown =>
    readSecretRecord(encodeSecretRecord({ previous: { encrypted, version: 1 } }));
  bounded(new Uint8Array(1024));
  assert.throws(() => bounded(new Uint8Array(1025)), {
    code: 'LEDGER_INVALID',
    message: /record\.previous_ledger_secret/,
  });
  readSecretRecord(utf8('{}'.padEnd(65_536)));
  assert.throws(() => readSecretRecord(utf8('{}'.padEnd(65_537))), { code: 'LEDGER_INVALID' });
});

test('the record of a recovery that was written twice leads to the secrets before it', () => {
  const secrets = LedgerSecrets.begin(first);
  const record = { ...secrets.recordFor(second, iv), nextVersion: 11 };
  const again = { ...secrets.recordFor(second, new Uint8Array(12).fill(7)), nextVersion: 11 };
  const records = [
    { seqno: 4, record: { nextVersion: 1 } },
    { seqno: 15, record: readSecretRecord(encodeSecretRecord(record)) },
    { seqno: 18, record: readSecretRecord(encodeSecretRecord(again)) },
  ];
  const recovered = LedgerSecrets.recover(nodeDigests, second.reveal(), records);
  assert.deepEqual(recovered.versions, [1, 11]);
  assert.deepEqual(
    [5, 16].map((seqno) => recovered.at(seqno).reveal()),
    [first.reveal(), second.reveal()],
  );
  // One that names a seqno of a secret that is known already is not read, whatever it holds.
  const [oldest, newest] = rekeyed().records;
  assert.ok(oldest && newest);
  const sealed = { encrypted: new Uint8Array(60), version: 11 };
  const other = { seqno: 15, record: { previous: sealed } };
  const { versions } = LedgerSecrets.recover(nodeDigests, third.reveal(), [oldest, other, newest]);
  assert.deepEqual(versions, [1, 11, 21]);
  const missing = { seqno: 15, record: { previous: { ...sealed, version: 10 } } };
  assert.throws(() => LedgerSecrets.recover(nodeDigests, third.reveal(), [oldest, missing, newest]), {
    code: 'LEDGER_SECRET_WRONG',
  });
});

test('secrets are not recovered from another secret, without records, or from a record that was changed', () => {
  const { records } = rekeyed();
  const wrong = { code: 'LEDGER_SECRET_WRONG' };
  assert.throws(() => LedgerSecrets.recover(nodeDigests, second.reveal(), records), wrong);
  assert.throws(() => LedgerSecrets.recover(nodeDigests, third.reveal(), []), wrong);
  const [one, two] = records;
  assert.ok(one?.record.previous !== undefined && two !== undefined);
  const encrypted = one.record.previous.encrypted.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
  const changed = { seqno: 10, record: { previous: { ...one.record.previous, encrypted } } };
  assert.throws(() => LedgerSecrets.recover(nodeDigests, third.reveal(), [changed, two]), {
    ...wrong,
    message: /version 1,/,
  });
});

test('a rekey that the ledger went back from is forgotten', () => {
  const { secrets } = rekeyed();
  secrets.retract(19);
  assert.deepEqual(secrets.versions, [1, 11]);
  secrets.begin(third, 19);
  assert.deepEqual(secrets.versions, [1, 11, 20]);
  assert.throws(() => secrets.begin(third, 18), { code: 'LEDGER_SECRET_WRONG' });
});

test('sealed bytes open under their key alone', () => {
  const sealed = sealBytes(first.key, iv, utf8('share'));
  assert.deepEqual(openBytes(first.key, sealed), utf8('share'));
  assert.equal(openBytes(second.key, sealed), undefined);
  for (const length of [0, 10, 16, 27]) assert.equal(openBytes(first.key, sealed.subarray(0, length)), undefined);
  assert.deepEqual(openBytes(first.key, sealBytes(first.key, iv, new Uint8Array(0))), new Uint8Array(0));
  const decipher = createDecipheriv('aes-256-gcm', first.reveal(), sealed.subarray(16, 28));
  decipher.setAuthTag(sealed.subarray(0, 16));
  assert.equal(decipher.update(sealed.subarray(28), undefined, 'utf8') + decipher.final('utf8'), 'share');
  for (let at = 0; at < sealed.length; at++) {
    assert.equal(
      openBytes(
        first.key,
        sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)),
      ),
      undefined,
    );
  }
});

test('a ledger secret has 32 bytes, and does not show', () => {
  assert.throws(() => new LedgerSecret(nodeDigests, new Uint8Array(16)), { code: 'CODEC_OUT_OF_RANGE' });
  assert.doesNotMatch(JSON.stringify(first), /1/);
  const bytes = new Uint8Array(32);
  const secret = new LedgerSecret(nodeDigests, bytes);
  bytes.fill(1);
  secret.reveal().fill(1);
  assert.deepEqual(secret.reveal(), new Uint8Array(32));
});

test('records of another form are refused', () => {
  for (const text of [
    '',
    '[]',
    '{"next_version":-1}',
    '{"next_version":"1"}',
    '{"previous_ledger_secret":{"version":1}}',
    '{"previous_ledger_secret":{"version":1,"encrypted_data":"*"}}',
  ]) {
    assert.throws(() => readSecretRecord(utf8(text)), { code: 'LEDGER_INVALID' }, text);
  }
});

vectors.test(
  'members of real services recover the secrets, which open every private part and make all commit evidence',
  async () => {
    const encoder = new EntryEncoder();
    const results = [];
    for (const service of services) {
      const entries = sampleEntries(service);
      const secrets = await sampleSecrets(service, entries);
      let [opened, withPrivateMaps, withEvidence] = [0, 0, 0];
      const names = new Set<string>();
      for (const entry of entries) {
        const secret = secrets.at(entry.seqno);
        const writes = privateWrites(entry, secret.key);
        opened++;
        if (writes.length > 0) withPrivateMaps++;
        for (const { name } of writes) names.add(name);
        const evidence = nodeDigests.sha256(utf8(commitEvidence(secret.commitKey, entry)));
        if (entry.commitEvidenceDigest !== undefined) {
          assert.deepEqual(evidence, entry.commitEvidenceDigest.slice());
          withEvidence++;
        }
        const again = encoder.encode(contentsOf(entry, [...publicWrites(entry), ...writes]), secret.key);
        assert.deepEqual(again, entry.bytes, `${service} ${entry.seqno}`);
      }
      results.push([secrets.versions, opened, withPrivateMaps, withEvidence, [...names]]);
    }
    assert.deepEqual(results, [
      [[1], 22, 0, 22, []],
      [[1], 46, 13, 46, ['records']],
      [[1, 38, 71, 102], 153, 0, 116, []],
    ]);
  },
);

vectors.test('records of real ledgers are written again to the same bytes', () => {
  for (const service of services) {
    for (const { value } of valuesOf(
      sampleEntries(service),
      'public:ccf.internal.historical_encrypted_ledger_secret',
    )) {
      assert.deepEqual(encodeSecretRecord(readSecretRecord(value)), value.slice());
    }
  }
});
