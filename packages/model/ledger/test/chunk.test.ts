import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, viewOf } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  ChunkFile,
  ChunkScanner,
  chunkName,
  EntryEncoder,
  parseChunkName,
  readChunk,
  type ChunkEntry,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { chunkNames, readSample, services } from './samples.ts';

const key = nodeDigests.aes256Gcm(new Uint8Array(32));
const encoder = new EntryEncoder();
const entries = [1, 2, 3].map((seqno) =>
  encoder.encode(
    {
      type: 0,
      view: 2,
      seqno,
      writes: [{ name: 'public:a', readVersion: 0, writes: [], removes: [new Uint8Array(seqno)] }],
    },
    key,
  ),
);
const file = new ChunkFile(1);
for (const { length } of entries) file.add(length);
const { header, table } = file.complete();
const open = concatBytes(ChunkFile.openHeader, ...entries);
const whole = concatBytes(header, ...entries, table);

function inPieces(bytes: Uint8Array, sizes: readonly number[]): readonly ChunkEntry[] {
  const scanner = new ChunkScanner();
  const found: ChunkEntry[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const next = at + (sizes[turn % sizes.length] ?? 1);
    found.push(...scanner.push(bytes.subarray(at, next)));
    at = next;
  }
  scanner.finish();
  return found;
}

test('a chunk gives the same entries in one piece and in many', () => {
  const { list, ...end } = readChunk(whole);
  assert.deepEqual(
    list.map(({ bytes }) => bytes),
    entries,
  );
  assert.deepEqual(end, { complete: true, entries: 3, tornBytes: 0 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }), (sizes) => {
      assert.deepEqual(inPieces(whole, sizes), list);
      assert.deepEqual(inPieces(open, sizes), list);
    }),
  );
});

test('an open chunk says how much of an entry was not written', () => {
  for (let cut = 8; cut <= open.length; cut++) {
    const { list, complete, tornBytes } = readChunk(open.subarray(0, cut));
    assert.equal(complete, false);
    assert.equal(tornBytes, cut - 8 - list.reduce((sum, { bytes }) => sum + bytes.length, 0));
  }
});

test('a complete chunk with a byte of its header, sizes or table changed, or that is cut, is refused', () => {
  const places = [
    0,
    3,
    7,
    ...[0, 2, 3, 4, 5, 6, 7].map((at) => 8 + at),
    ...Array.from(table.keys(), (at) => at).map((at) => whole.length - 1 - at),
  ];
  for (const at of places) {
    const changed = whole.map((byte, index) => (index === at ? byte ^ 1 : byte));
    assert.throws(() => readChunk(changed), { code: 'LEDGER_INVALID' }, `byte ${at}`);
  }
  for (let cut = 0; cut < whole.length; cut++) {
    assert.throws(() => readChunk(whole.subarray(0, cut)), { code: 'LEDGER_INVALID' }, `cut at ${cut}`);
  }
  assert.throws(() => readChunk(concatBytes(whole, new Uint8Array(4))), { code: 'LEDGER_INVALID', message: /its end/ });
  assert.throws(() => readChunk(concatBytes(whole, new Uint8Array(1))), { code: 'LEDGER_INVALID' });
});

test('an entry above the limit is refused by its header, before its bytes come', () => {
  const scanner = new ChunkScanner({ maxEntryBytes: 1000 });
  const start = new Uint8Array(16);
  viewOf(start).setUint8(8, 1);
  viewOf(start).setUint16(10, 993, true);
  assert.throws(() => [...scanner.push(start)], {
    code: 'LEDGER_INVALID',
    message: /offset 8 of the chunk has 1001 bytes/,
  });
  assert.deepEqual([...new ChunkScanner({ maxEntryBytes: 1001 }).push(start)], []);
});

test('a chunk that was cut back is completed as if it had never been longer', () => {
  const cut = new ChunkFile(5);
  for (const size of [100, 200, 300]) cut.add(size);
  cut.retract(6);
  assert.deepEqual([cut.size, cut.last], [308, 6]);
  const same = new ChunkFile(5);
  for (const size of [100, 200]) same.add(size);
  assert.deepEqual(cut.complete(), same.complete());
  cut.retract(4);
  assert.deepEqual([cut.size, cut.last], [8, 4]);
});

test('names of chunks come back, and others are not names of chunks', () => {
  for (const name of [
    'ledger_1',
    'ledger_3-13',
    'ledger_3-13.committed',
    'ledger_3.recovery',
    'ledger_3-4.committed.recovery',
    'ledger_3.ignored',
  ]) {
    const parsed = parseChunkName(name);
    assert.equal(parsed && chunkName(parsed), name);
  }
  const others = [
    'ledger',
    'ledger_',
    'ledger_0',
    'ledger_5-3',
    'ledger_3.committed',
    'ledger_3-13.commited',
    'snapshot_1_2',
    'ledger_9999999999999999',
    'ledger_1-2 ',
    'xledger_1',
  ];
  for (const name of others) assert.equal(parseChunkName(name), undefined, name);
});

vectors.test('chunks of real ledgers are made again to the same bytes', () => {
  for (const service of services) {
    for (const name of chunkNames(service)) {
      const parsed = parseChunkName(name);
      const bytes = readSample(service, `ledger/${name}`);
      const { list, complete } = readChunk(bytes);
      const again = new ChunkFile(parsed?.first ?? 0);
      for (const { offset, bytes: entry } of list) assert.equal(again.add(entry.length), offset);
      assert.equal(complete, parsed?.committed);
      if (complete) assert.equal(again.last, parsed?.last);
      const parts = again.complete();
      const made = complete
        ? [parts.header, ...list.map((entry) => entry.bytes), parts.table]
        : [ChunkFile.openHeader, ...list.map((entry) => entry.bytes)];
      assert.deepEqual(concatBytes(...made), bytes, name);
    }
  }
});
