import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import fc from 'fast-check';
import { halfSipHash, type HashKey } from '../src/records/hash.ts';
import { KeyTable } from '../src/records/key-table.ts';
import { Records } from '../src/records/records.ts';

const key: HashKey = [0x03020100, 0x07060504];
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at);

function hashOf(length: number, ...rounds: readonly [number?, number?]): string {
  const word = new Uint8Array(4);
  new DataView(word.buffer).setUint32(0, halfSipHash(key, counting(length), ...rounds), true);
  return toHex(word);
}

describe('the hash of keys', () => {
  test('gives the vectors of HalfSipHash-2-4 (SipHash, vectors.h, hsip32)', () => {
    const expected = ['a9359f5b', '27475ab8', 'fa62a603', '8afee704', '2a6e4689', 'c5fab669', '5863fc23', '8bcf63c5'];
    assert.deepEqual(
      expected.map((_word, length) => hashOf(length, 2, 4)),
      expected,
    );
    assert.equal(hashOf(11, 2, 4), '08083050');
  });

  test('takes one round for each word and three at the end', () => {
    // Of another implementation.
    assert.deepEqual(
      [0, 3, 4, 7, 8, 11].map((length) => hashOf(length)),
      ['96c81458', '39995301', 'a69e057e', 'd6d9389d', 'b1997957', 'ee469295'],
    );
  });

  test('depends on its key: inputs that collide under one do not under another', () => {
    const found = new Map<number, Uint8Array>();
    const pairs: [Uint8Array, Uint8Array][] = [];
    // The ends of hashes, as a table of 4096 slots uses them.
    for (let i = 0; pairs.length < 200; i++) {
      const input = Uint8Array.of(i, i >>> 8, i >>> 16);
      const end = halfSipHash(key, input) & 0xfff;
      const other = found.get(end);
      if (other !== undefined) pairs.push([input, other]);
      found.set(end, input);
    }
    const still = pairs.filter(([a, b]) => (halfSipHash([1, 2], a) & 0xfff) === (halfSipHash([1, 2], b) & 0xfff));
    assert.ok(still.length < 10, String(still.length));
  });
});

describe('a table of keys', () => {
  test('finds what was added and not removed, whatever the hashes', () => {
    // Few hashes, and such that wrap around the end of a table: long runs, which removals must not break.
    const hash = fc.constantFrom(0, 1, 6, 7, 15, 0xffff_ffff);
    fc.assert(
      fc.property(fc.array(fc.record({ hash, remove: fc.nat(5) }), { maxLength: 60, size: 'max' }), (changes) => {
        const table = new KeyTable();
        const model = new Map<number, number>();
        for (const [at, change] of changes.entries()) {
          table.add(change.hash, at + 1);
          model.set(at + 1, change.hash);
          const gone = change.remove < 3 ? [...model.keys()][change.remove] : undefined;
          if (gone === undefined) continue;
          table.remove(slotOf(table, model.get(gone) ?? 0, gone));
          model.delete(gone);
        }
        for (const [reference, at] of model) assert.notEqual(slotOf(table, at, reference), -1);
        assert.deepEqual(new Set(table.references()), new Set(model.keys()));
        assert.equal(table.count, model.size);
      }),
    );
  });
});

function slotOf(table: KeyTable, hash: number, reference: number): number {
  for (let slot = table.start(hash); table.referenceAt(slot) !== 0; slot = table.next(slot)) {
    if (table.referenceAt(slot) === reference && table.hashAt(slot) === hash) return slot;
  }
  return -1;
}

describe('records', () => {
  test('keep what they hold while others go and memory moves', () => {
    const change = fc.record({ key: fc.nat(300), value: fc.nat(3000), removals: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400, size: 'max' }), (changes) => {
        const records = new Records();
        const model = new Map<number, readonly [number, number, number]>();
        for (const [at, { key: keyLength, value, removals }] of changes.entries()) {
          const version = 2 ** 31 + at * 2 ** 25;
          const bytes = new Uint8Array(keyLength).fill(at);
          const number = records.add(bytes, value === 0 ? undefined : new Uint8Array(value).fill(at), {
            version,
            previous: at,
          });
          model.set(number, [at, keyLength, value]);
          for (const gone of [...model.keys()].slice(0, removals)) {
            records.remove(gone);
            model.delete(gone);
          }
          records.tidy();
        }
        assert.equal(records.count, model.size);
        let bytesInUse = 0;
        for (const [number, [at, keyLength, value]] of model) {
          bytesInUse += keyLength + value + 32;
          assert.equal(records.version(number), 2 ** 31 + at * 2 ** 25);
          assert.equal(records.previous(number), at);
          assert.equal(records.isRemoval(number), value === 0);
          assert.ok(records.hasKey(number, new Uint8Array(keyLength).fill(at)));
          assert.deepEqual(records.value(number), value === 0 ? undefined : new Uint8Array(value).fill(at));
        }
        assert.ok(records.heldBytes < 2 * bytesInUse + 60_000, `${records.heldBytes} for ${bytesInUse}`);
      }),
      { numRuns: 40 },
    );
  });
});

test('records of which one fills most of a slab come to rest when memory is given back', () => {
  const place = { version: 1, previous: 0 };
  for (const kept of [3, 5, 7, 8]) {
    const records = new Records();
    const numbers: number[] = [];
    for (let count = 0; count < 60; count++) {
      numbers.push(records.add(Uint8Array.of(count), new Uint8Array(60_000 + 40 * count), place));
      if (numbers.length > kept) records.remove(numbers.shift() ?? 0);
      records.tidy();
      assert.ok(records.heldBytes < 2 * kept * 65_000 + 32_768, `${records.heldBytes} bytes`);
    }
    assert.deepEqual(records.key(numbers.at(-1) ?? 0), Uint8Array.of(59));
  }
});
