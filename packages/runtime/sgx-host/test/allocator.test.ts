import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failsWith } from '@enclos/testkit';
import fc from 'fast-check';
import { Arena } from '../src/arena/arena.ts';
import { ARENA_ALIGNMENT, ArenaAllocator, MAX_PIECES } from '../src/arena/allocator.ts';

const base = 0x7f00_0000_0000n;

describe('what is reserved in an arena', () => {
  test('never overlaps, is aligned, and comes back whole when everything is freed, as in a model of bytes', () => {
    const step = fc.oneof(fc.record({ allocate: fc.nat({ max: 700 }) }), fc.record({ free: fc.nat({ max: 40 }) }));
    const bytes = 4096;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const heap = new ArenaAllocator(base, bytes);
        const used = new Uint8Array(bytes);
        const live: { address: bigint; size: number }[] = [];
        for (const item of steps) {
          if ('free' in item) {
            const [piece] = live.splice(item.free, 1);
            if (piece === undefined) continue;
            const at = Number(piece.address - base);
            used.fill(0, at, at + piece.size);
            assert.equal(heap.sizeOf(piece.address), piece.size);
            assert.equal(heap.free(piece.address), true);
            assert.equal(heap.free(piece.address), false);
            continue;
          }
          const size = Math.max(ARENA_ALIGNMENT, Math.ceil(item.allocate / ARENA_ALIGNMENT) * ARENA_ALIGNMENT);
          const fits = longestRun(used) >= size;
          if (!fits) {
            assert.throws(() => heap.allocate(item.allocate), failsWith('SGX_ARENA_FULL'));
            continue;
          }
          const address = heap.allocate(item.allocate);
          assert.equal(address % BigInt(ARENA_ALIGNMENT), 0n);
          const at = Number(address - base);
          assert.ok(used.subarray(at, at + size).every((byte) => byte === 0) && at + size <= bytes);
          used.fill(1, at, at + size);
          live.push({ address, size });
        }
        assert.equal(
          heap.reservedBytes,
          used.reduce((sum, byte) => sum + byte, 0),
        );
        assert.equal(heap.reservedPieces, live.length);
        for (const { address } of live) assert.ok(heap.free(address));
        assert.equal(heap.reservedBytes, 0);
        assert.equal(heap.allocate(bytes), base);
      }),
    );
  });

  test('is a bounded number of pieces, whatever the size of the arena', () => {
    const heap = new ArenaAllocator(base, 2 ** 30);
    const addresses = Array.from({ length: MAX_PIECES }, () => heap.allocate(1));
    assert.throws(() => heap.allocate(1), failsWith('SGX_ARENA_FULL'));
    assert.ok(heap.free(addresses[7] ?? 0n));
    assert.equal(heap.allocate(1), addresses[7]);
  });

  test('cannot be freed by an address inside of it, below, above, or twice', () => {
    const heap = new ArenaAllocator(base, 4096);
    const address = heap.allocate(64);
    for (const wrong of [address + 16n, address - 16n, base + 4096n, base - 1n, 0n, 2n ** 64n - 1n, -1n]) {
      assert.equal(heap.free(wrong), false);
    }
    assert.equal(heap.free(address), true);
    assert.equal(heap.free(address), false);
  });

  test('has a size that is a number', () => {
    const heap = new ArenaAllocator(base, 4096);
    for (const wrong of [-1, 1.5, Number.NaN, Infinity]) assert.throws(() => heap.allocate(wrong), RangeError);
  });

  test('is of the heap, above the stacks', () => {
    const arena = new Arena({ base, bytes: 65536, stacksBytes: 8192 });
    assert.equal(arena.heap.allocate(1), base + 8192n);
    assert.ok(arena.has(base, 65536));
    assert.ok(!arena.has(base, 65537) && !arena.has(base - 1n, 1) && !arena.has(base + 65536n, 1));
  });

  test('gets the pointers of an image as addresses', () => {
    const arena = new Arena({ base, bytes: 65536, stacksBytes: 4096 });
    const image = { bytes: new Uint8Array(64), pointers: [{ at: 8, target: 32 }], start: 16 };
    const { address, start, writes } = arena.place(image);
    const [write] = writes;
    assert.ok(write !== undefined && writes.length === 1);
    assert.equal(start, address + 16n);
    assert.deepEqual(write.address, address);
    assert.equal(new DataView(write.bytes.buffer).getBigUint64(8, true), address + 32n);
    assert.ok(
      image.bytes.every((byte) => byte === 0),
      'the image stays as it was',
    );
  });

  test('takes a large image as it is, but for its pointers, and without what only the enclave writes', () => {
    const arena = new Arena({ base, bytes: 2 ** 20, stacksBytes: 4096 });
    const bytes = new Uint8Array(40_000).fill(7);
    const spared = {
      inputs: [],
      outputs: [
        { at: 20_000, bytes: 10_000 },
        { at: 40_000, bytes: 50_000 },
      ],
    };
    const { address, writes, reads } = arena.place({
      bytes,
      blankBytes: 50_000,
      pointers: [
        { at: 8, target: 32 },
        { at: 24, target: 40_000 },
      ],
      start: 0,
      spared,
    });
    assert.equal(arena.heap.reservedBytes, 90_000);
    const places = writes.map((write) => [Number(write.address - address), write.bytes.length]);
    assert.deepEqual(places, [
      [0, 32],
      [32, 19_968],
      [30_000, 10_000],
    ]);
    const [head, rest] = writes;
    assert.ok(head !== undefined && rest !== undefined);
    assert.equal(new DataView(head.bytes.buffer).getBigUint64(24, true), address + 40_000n);
    assert.equal(rest.bytes.buffer, bytes.buffer, 'not copied');
    assert.ok(bytes.every((byte) => byte === 7));
    assert.deepEqual(reads, [{ address, bytes: 90_000 }]);
  });
});

function longestRun(used: Uint8Array): number {
  let [best, run] = [0, 0];
  for (const byte of used) {
    run = byte === 0 ? run + 1 : 0;
    best = Math.max(best, run);
  }
  return best;
}
