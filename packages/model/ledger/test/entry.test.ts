import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8, viewOf } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  EntryEncoder,
  commitEvidence,
  commitKeyOf,
  entryTypes,
  leafDigest,
  noClaims,
  privateWrites,
  publicWrites,
  readEntry,
  type EntryContents,
  type WriteSet,
} from '../src/index.ts';
import { readMaps } from '../src/entry/maps.ts';
import { nodeDigests } from '../src/node/index.ts';
import { webDigests } from '../src/web/index.ts';
import { contentsOf } from './contents.ts';
import { sampleEntries, services } from './samples.ts';

const secret = new Uint8Array(32).fill(7);
const key = nodeDigests.aes256Gcm(secret);
const encoder = new EntryEncoder();
const digest = new Uint8Array(32).fill(1);

const bytes = fc.uint8Array({ maxLength: 20 });
const mapName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constant('public:a'),
  fc.constant('public:b'),
);
const changes = fc.record({
  name: mapName,
  readVersion: fc.nat(),
  writes: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }),
  removes: fc.array(bytes, { maxLength: 4 }),
});
const contents: fc.Arbitrary<EntryContents> = fc.record({
  type: fc.constantFrom(0 as const, 2 as const, 3 as const, 4 as const),
  view: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  seqno: fc.maxSafeNat(),
  flags: fc.nat(3),
  claimsDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  commitEvidenceDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  conflictVersion: fc.maxSafeNat(),
  writes: fc.array(changes, { maxLength: 5 }),
});

/** Plain arrays of numbers, since views of one entry differ from copies in what deepEqual compares. */
const plain = (writes: WriteSet): unknown =>
  writes.map((map) => ({
    ...map,
    writes: map.writes.map((pair) => pair.map((part) => [...part])),
    removes: map.removes.map((removed) => [...removed]),
  }));

test('an entry comes back from its bytes, with either implementation of the cipher', () => {
  fc.assert(
    fc.property(contents, (given) => {
      const encoded = encoder.encode(given, key);
      assert.deepEqual(new EntryEncoder().encode(given, webDigests.aes256Gcm(secret)), encoded);
      const entry = readEntry(encoded);
      const { type, view, seqno, flags, conflictVersion } = entry;
      assert.deepEqual(
        { type, view, seqno, flags, conflictVersion },
        {
          type: given.type,
          view: given.view,
          seqno: given.seqno,
          flags: given.flags,
          conflictVersion: given.conflictVersion,
        },
      );
      const isPublic = ({ name }: { readonly name: string }): boolean => name.startsWith('public:');
      assert.deepEqual(plain(publicWrites(entry)), plain(given.writes.filter(isPublic)));
      assert.deepEqual(plain(privateWrites(entry, key)), plain(given.writes.filter((map) => !isPublic(map))));
    }),
    { numRuns: 60 },
  );
});

test('maps that are not asked for are passed over', () => {
  const writes: WriteSet = ['public:a', 'public:b', 'public:c'].map((name) => ({
    name,
    readVersion: 0,
    writes: [[utf8('k'), utf8(name)]],
    removes: [utf8('r')],
  }));
  const entry = readEntry(encoder.encode({ view: 2, seqno: 1, commitEvidenceDigest: digest, writes }, key));
  assert.deepEqual(plain(publicWrites(entry, new Set(['public:b']))), plain(writes.slice(1, 2)));
});

test('the private part opens with the secret of the ledger alone, and with nothing of the entry changed', () => {
  const writes = [{ name: 'records', readVersion: 0, writes: [[utf8('k'), utf8('v')] as const], removes: [] }];
  const encoded = encoder.encode({ view: 2, seqno: 5, commitEvidenceDigest: digest, writes }, key);
  const other = nodeDigests.aes256Gcm(new Uint8Array(32));
  assert.throws(() => privateWrites(readEntry(encoded), other), {
    code: 'LEDGER_SECRET_WRONG',
    message: /transaction 2\.5 /,
  });
  // The tag, the view in the IV, a claim, and the last byte of the private part.
  for (const at of [8, 32, 60, encoded.length - 1]) {
    const changed = encoded.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    for (const { aes256Gcm } of [nodeDigests, webDigests]) {
      assert.throws(() => privateWrites(readEntry(changed), aes256Gcm(secret)), { code: 'LEDGER_SECRET_WRONG' });
    }
  }
});

test('bytes that are not exactly one entry are refused', () => {
  const encoded = encoder.encode({ view: 2, seqno: 5, commitEvidenceDigest: digest, writes: [] }, key);
  const refused = (change: (copy: Uint8Array) => Uint8Array | void, message: RegExp): void => {
    const copy = encoded.slice();
    assert.throws(() => readEntry(change(copy) ?? copy), { code: 'LEDGER_INVALID', message });
  };
  refused((copy) => copy.subarray(0, 20), /has at least 44/);
  refused((copy) => copy.subarray(0, copy.length - 1), /names a size/);
  refused((copy) => void (copy[0] = 2), /version 2 of the format/);
  refused((copy) => void (copy[43] = 1), /longer than the entry/);
  refused((copy) => void (copy[36] = 10), /public domain/);
  refused((copy) => void (copy[44] = entryTypes.snapshot), /type 1/);
  refused((copy) => void (copy[45] = 6), /its IV has 5/);
  refused((copy) => void (copy[35] = 0x80), /that of a snapshot/);
  refused((copy) => void (copy[52] = 0x80), /above 2\^53/);
});

test('maps of another form are refused', () => {
  const one = [{ name: 'public:a', readVersion: 0, writes: [], removes: [] }];
  const encoded = encoder.encode({ view: 2, seqno: 5, commitEvidenceDigest: digest, writes: one }, key);
  const entry = readEntry(encoded);
  const changed = (at: number, value: number): (() => WriteSet) => {
    const publicMaps = entry.publicMaps.slice();
    viewOf(publicMaps).setUint8(at, value);
    return () => readMaps(publicMaps);
  };
  const readsAt = 8 + 'public:a'.length + 8;
  assert.throws(changed(readsAt, 1), { code: 'LEDGER_INVALID', message: /names 1 reads/ });
  assert.throws(changed(readsAt + 8, 1), { code: 'LEDGER_INVALID', message: /The maps of an entry/ });
  assert.throws(changed(8, 0xff), { code: 'LEDGER_INVALID', message: /UTF-8/ });
  assert.throws(changed(5, 1), { code: 'LEDGER_INVALID' });
});

test('an identifier that an entry cannot hold is not written', () => {
  for (const id of [
    { view: 2 ** 31, seqno: 1 },
    { view: 2, seqno: 2 ** 53 },
    { view: -1, seqno: 1 },
    { view: 2, seqno: 0.5 },
  ]) {
    assert.throws(() => encoder.encode({ ...id, commitEvidenceDigest: digest, writes: [] }, key), {
      code: 'CODEC_OUT_OF_RANGE',
    });
  }
  assert.throws(() => encoder.encode({ view: 2, seqno: 1, writes: [] }, key), { code: 'CODEC_OUT_OF_RANGE' });
});

test('the leaf of a transaction is of the parts that its type has', () => {
  const { sha256 } = nodeDigests;
  const [writeSetDigest, evidence, claims] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
  assert.ok(writeSetDigest !== undefined && evidence !== undefined && claims !== undefined);
  const leaf = (parts: object): Uint8Array => leafDigest(nodeDigests, { writeSetDigest, ...parts });
  assert.deepEqual(leaf({}), writeSetDigest);
  assert.deepEqual(leaf({ claimsDigest: claims }), sha256(new Uint8Array([...writeSetDigest, ...claims])));
  assert.deepEqual(
    leaf({ claimsDigest: noClaims, commitEvidenceDigest: evidence }),
    sha256(new Uint8Array([...writeSetDigest, ...evidence, ...noClaims])),
  );
});

test('commit evidence is the same with either implementation, and another for each transaction', () => {
  const [one, same, other] = [
    commitEvidence(commitKeyOf(nodeDigests, secret), { view: 2, seqno: 18 }),
    commitEvidence(commitKeyOf(webDigests, secret), { view: 2, seqno: 18 }),
    commitEvidence(commitKeyOf(webDigests, secret), { view: 2, seqno: 19 }),
  ];
  assert.match(one, /^ce:2\.18:[0-9a-f]{64}$/);
  assert.equal(one, same);
  assert.notEqual(one, other);
});

vectors.test('entries of real ledgers have the types, flags and views that are known of them', () => {
  const seen = services.map((service) => {
    const entries = sampleEntries(service);
    const set = (of: (entry: (typeof entries)[number]) => number): number[] =>
      [...new Set(entries.map(of))].toSorted((a, b) => a - b);
    return [entries.length, set(({ view }) => view), set(({ type }) => type), set(({ flags }) => flags)];
  });
  assert.deepEqual(seen, [
    [22, [2], [4], [0, 1]],
    [46, [2], [4], [0, 1]],
    [153, [2, 4, 6, 8], [0, 4], [0, 1, 2]],
  ]);
});

vectors.test('each entry of real ledgers is encoded again to the same bytes, around its sealed part', () => {
  for (const service of services) {
    for (const entry of sampleEntries(service)) {
      const recorded = { seal: () => entry.sealed, open: () => undefined };
      const room = entry.sealed.ciphertext.length - 48;
      const sealed = room < 0 ? [] : [{ name: '', readVersion: 0, writes: [], removes: [new Uint8Array(room)] }];
      const again = encoder.encode(contentsOf(entry, [...publicWrites(entry), ...sealed]), recorded);
      assert.deepEqual(again, entry.bytes);
    }
  }
});
