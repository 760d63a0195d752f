import assert from 'node:assert/strict';
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
  assert.equal(openBytes(first.key, sealed.subarray(0, 27)), undefined);
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
