import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex, utf8, viewOf } from '@enclos/codec';
import { JsonRecord, hex, parseJsonBytes } from '@enclos/codec/json';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  encodeSnapshot,
  LedgerSecret,
  leafOf,
  MerkleTree,
  parseSnapshotName,
  readSnapshot,
  snapshotName,
  snapshotPrivateMaps,
  snapshotPublicMaps,
  type SnapshotContents,
  type SnapshotMapContents,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { sampleSecrets, valuesOf } from './sample-secrets.ts';
import { readSample, sampleEntries, sampleNames } from './samples.ts';

const { key } = new LedgerSecret(nodeDigests, new Uint8Array(32).fill(4));
const version = fc.integer({ min: -1000, max: 2 ** 40 });
const row = fc.record({ key: fc.uint8Array({ maxLength: 20 }), version, value: fc.uint8Array({ maxLength: 20 }) });
const map = fc.record({
  name: fc.constantFrom('public:a', 'public:b', 'records', 'é'),
  version,
  rows: fc.array(row, { maxLength: 4 }),
});
const contents: fc.Arbitrary<SnapshotContents> = fc.record({
  seqno: fc.maxSafeNat(),
  leaf: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  viewStarts: fc.array(fc.maxSafeNat(), { maxLength: 20 }),
  maps: fc.array(map, { maxLength: 4 }),
});
const example: SnapshotContents = {
  seqno: 9,
  leaf: new Uint8Array(32).fill(1),
  viewStarts: [1, 3],
  maps: [
    { name: 'public:a', version: 3, rows: [{ key: utf8('key'), version: 3, value: utf8('value') }] },
    { name: 'records', version: 4, rows: [{ key: utf8('k'), version: -4, value: utf8('') }] },
  ],
};

const plain = (maps: readonly SnapshotMapContents[]): unknown =>
  maps.map(({ rows, ...rest }) => ({
    ...rest,
    rows: Array.from(rows, (of) => ({ ...of, key: toHex(of.key), value: toHex(of.value) })),
  }));

test('a snapshot comes back from its bytes, whatever stands behind it', () => {
  fc.assert(
    fc.property(contents, fc.uint8Array({ maxLength: 20 }), (given, receipt) => {
      const snapshot = readSnapshot(concatBytes(encodeSnapshot(given, key), receipt));
      assert.equal(snapshot.seqno, given.seqno);
      assert.deepEqual(snapshot.leaf.slice(), given.leaf);
      assert.deepEqual(snapshot.viewStarts, given.viewStarts);
      assert.deepEqual(snapshot.receipt.slice(), receipt);
      const isPublic = ({ name }: SnapshotMapContents): boolean => name.startsWith('public:');
      assert.deepEqual(plain(snapshotPublicMaps(snapshot)), plain(given.maps.filter(isPublic)));
      assert.deepEqual(plain(snapshotPrivateMaps(snapshot, key)), plain(given.maps.filter((of) => !isPublic(of))));
    }),
    { numRuns: 50 },
  );
});

test('bytes of another form are refused', () => {
  const bytes = encodeSnapshot(example, key);
  const changed = (at: number, value: number): Uint8Array => bytes.map((byte, index) => (index === at ? value : byte));
  const withViews = (length: number): Uint8Array => {
    const other = bytes.slice();
    viewOf(other).setUint32(101, length, true);
    return other;
  };
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [bytes.subarray(0, 7), /fewer than 8/],
    [bytes.subarray(0, 8), /and the file/],
    [bytes.subarray(0, bytes.length - 1), /and the file/],
    [changed(44, 4), /has type 4/],
    [changed(45, 8), /IV of a snapshot/],
    [changed(35, 0), /IV of a snapshot/],
    [changed(53, 1), /conflicts/],
    [changed(61, 31), /length than 32/],
    [changed(101, 15), /views of a snapshot have 15/],
    [changed(105, 1), /views of a snapshot have/],
    [withViews(8 * 2 ** 20 + 8), /views of a snapshot have/],
    [withViews(8 * 2 ** 20), /^(?!.*views of a snapshot)/],
    [changed(116, 0x40), /not a seqno/],
  ];
  for (const [bad, message] of cases) assert.throws(() => readSnapshot(bad), { code: 'LEDGER_INVALID', message });
});

test('maps of another form are refused', () => {
  const snapshot = readSnapshot(encodeSnapshot(example, key));
  const changed = (at: number, value: number) => (): unknown => {
    const publicMaps = snapshot.publicMaps.map((byte, index) => (index === at ? value : byte));
    return snapshotPublicMaps({ ...snapshot, publicMaps });
  };
  // The name is 16 bytes with its length, then come version and length; the key stands at 40, its padding at 43.
  assert.throws(changed(43, 1), { code: 'LEDGER_INVALID', message: /padding/ });
  assert.throws(changed(48, 7), { code: 'LEDGER_INVALID', message: /no version/ });
  assert.throws(changed(24, 1), { code: 'LEDGER_INVALID' });
  assert.throws(changed(32, 200), { code: 'LEDGER_INVALID' });
  const refused = { code: 'LEDGER_INVALID' };
  const read = (publicMaps: Uint8Array) => (): unknown => snapshotPublicMaps({ ...snapshot, publicMaps });
  assert.throws(read(concatBytes(snapshot.publicMaps, Uint8Array.of(0))), refused);
  // The same byte within the rows of the map.
  const longer = concatBytes(snapshot.publicMaps, Uint8Array.of(0));
  viewOf(longer).setUint32(24, snapshot.publicMaps.length - 32 + 1, true);
  assert.throws(read(longer), refused);
  const farVersion = snapshot.publicMaps.slice();
  viewOf(farVersion).setBigUint64(16, 2n ** 63n - 1n, true);
  assert.throws(read(farVersion), { ...refused, message: /not a seqno/ });
});

test('a snapshot has the head of an entry, whose IV no transaction has', () => {
  const { entry } = readSnapshot(encodeSnapshot(example, key));
  assert.deepEqual([entry.flags, entry.ivSeqno, entry.ivTerm], [0, 9, 0x8000_0000]);
});

test('the private maps open with the secret of the snapshot alone', () => {
  const snapshot = readSnapshot(encodeSnapshot(example, key));
  const other = new LedgerSecret(nodeDigests, new Uint8Array(32));
  assert.throws(() => snapshotPrivateMaps(snapshot, other.key), { code: 'LEDGER_SECRET_WRONG', message: /seqno 9/ });
});

test('what a snapshot cannot hold is not written', () => {
  const refused = { code: 'CODEC_OUT_OF_RANGE' };
  assert.throws(() => encodeSnapshot({ ...example, leaf: new Uint8Array(31) }, key), refused);
  assert.throws(() => encodeSnapshot({ ...example, seqno: 2 ** 53 }, key), refused);
});

test('names of snapshots come back, and others are not names of snapshots', () => {
  for (const name of ['snapshot_99_100', 'snapshot_99_100.committed']) {
    const parsed = parseSnapshotName(name);
    assert.equal(parsed && snapshotName(parsed), name);
  }
  for (const name of [
    'snapshot_99',
    'snapshot_100_99',
    'snapshot_1_2.com',
    'ledger_1-2',
    'snapshot_9999999999999999_2',
    'snapshot_1_9999999999999999',
    'snapshot_9007199254740992_9007199254740994',
    'snapshot_5_5',
    'a snapshot_1_2',
    'snapshot_1_2 ',
  ]) {
    assert.equal(parseSnapshotName(name), undefined, name);
  }
});

vectors.test(
  'snapshots of a real service are those of its ledger, and are written again to the same bytes',
  async () => {
    const service = 'sgx_service';
    const entries = sampleEntries(service);
    const secrets = await sampleSecrets(service, entries);
    const evidence = valuesOf(entries, 'public:ccf.internal.snapshot_evidence');
    const names = sampleNames(service, 'snapshots');
    assert.equal(names.length, 2);
    for (const name of names) {
      const snapshot = readSnapshot(readSample(service, `snapshots/${name}`));
      const { seqno, leaf, viewStarts, entry } = snapshot;
      assert.equal(parseSnapshotName(name)?.seqno, seqno);
      const tree = MerkleTree.begin(nodeDigests);
      for (const of of entries) tree.append(leafOf(nodeDigests, of));
      assert.deepEqual(tree.leaf(seqno), leaf.slice());
      const digest = nodeDigests.sha256(entry.bytes);
      const hashes = evidence.map(({ value }) =>
        new JsonRecord(parseJsonBytes(value, 1024), 'evidence').required('hash', hex(32)),
      );
      assert.ok(hashes.some((hash) => toHex(fromHex(hash)) === toHex(digest)));
      const { key: secret } = secrets.at(seqno);
      const maps = [...snapshotPublicMaps(snapshot), ...snapshotPrivateMaps(snapshot, secret)];
      assert.deepEqual(encodeSnapshot({ seqno, leaf, viewStarts, maps }, secret), entry.bytes.slice());
      assert.equal(snapshot.receipt[0], '{'.charCodeAt(0));
    }
  },
);
