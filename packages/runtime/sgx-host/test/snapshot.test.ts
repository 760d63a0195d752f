import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failsWith } from '@enclos/testkit';
import fc from 'fast-check';
import { SnapshotMemory } from '../src/arena/snapshot.ts';
import type { Access } from '../src/gate/thread.ts';

const base = 0x1000n;
const arena = { base, bytes: 65536 };

/** Memory that changes each time it is read. */
function changing(): { readonly access: Access; readonly reads: () => number } {
  let reads = 0;
  return {
    reads: () => reads,
    access: (request) => {
      reads += 1;
      return Promise.resolve((request.reads ?? []).map(({ bytes }) => new Uint8Array(bytes).fill(reads)));
    },
  };
}

describe('the memory of one call', () => {
  test('keeps the first of what overlaps, as an array that is written once does', () => {
    const pieces = fc.array(fc.record({ at: fc.nat({ max: 200 }), bytes: fc.uint8Array({ maxLength: 40 }) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(pieces, fc.nat({ max: 240 }), fc.nat({ max: 60 }), (given, at, length) => {
        const known: (number | undefined)[] = [];
        for (const piece of given) for (const [i, byte] of piece.bytes.entries()) known[piece.at + i] ??= byte;
        const memory = new SnapshotMemory(
          arena,
          given.map((piece) => ({ address: base + BigInt(piece.at), bytes: piece.bytes })),
        );
        const expected = Array.from({ length }, (_, i) => known[at + i]);
        if (expected.includes(undefined)) {
          assert.throws(() => memory.read(base + BigInt(at), length), /has not been read/);
        } else assert.deepEqual(Array.from(memory.read(base + BigInt(at), length)), expected);
      }),
    );
  });

  test('is read once, whatever the enclave writes there meanwhile', async () => {
    const { access, reads } = changing();
    const memory = new SnapshotMemory(arena, [{ address: base, bytes: new Uint8Array(8).fill(9) }]);
    const values = await memory.decode(access, () => [
      memory.read(base, 16),
      memory.read(base + 8192n, 4),
      memory.read(base, 16),
    ]);
    assert.deepEqual(values[0], values[2]);
    assert.deepEqual(Array.from(values[0] ?? []), [...Array<number>(8).fill(9), ...Array<number>(8).fill(1)]);
    assert.deepEqual(Array.from(values[1] ?? []), Array<number>(4).fill(2));
    assert.equal(reads(), 2);
  });

  test('ends with the arena', async () => {
    const { access, reads } = changing();
    const memory = new SnapshotMemory(arena);
    assert.equal(memory.reach(base + 65536n), 0);
    assert.equal(memory.reach(base - 1n), 0);
    for (const [address, bytes] of [
      [base - 1n, 1],
      [base + 65535n, 2],
      [base, 65537],
      [2n ** 64n - 1n, 8],
    ] as const) {
      await assert.rejects(
        memory.decode(access, () => memory.read(address, bytes)),
        failsWith('EDL_VALUE_REFUSED'),
      );
    }
    assert.equal(reads(), 0);
    assert.equal((await memory.decode(access, () => memory.read(base + 65535n, 1))).length, 1);
    assert.throws(
      () => new SnapshotMemory(arena, [{ address: base + 65535n, bytes: new Uint8Array(2) }]),
      failsWith('EDL_VALUE_REFUSED'),
    );
  });

  test('is not fetched for ever when an enclave scatters a value', async () => {
    const wide = { base, bytes: 2 ** 30 };
    const { access, reads } = changing();
    const memory = new SnapshotMemory(wide);
    const scattered = (): Uint8Array[] =>
      Array.from({ length: 64 }, (_, i) => memory.read(base + BigInt(i) * 2n ** 23n, 1));
    await assert.rejects(memory.decode(access, scattered), failsWith('EDL_VALUE_REFUSED'));
    assert.ok(reads() <= 32, `${reads()} reads`);
    await assert.rejects(
      new SnapshotMemory(wide).decode(access, () => memory.read(base + 2n ** 29n, 2 ** 28)),
      /has not been read/,
      'what another memory misses is not fetched',
    );
    await assert.rejects(
      memory.decode(access, () => memory.read(base + 2n ** 29n, 2 ** 28)),
      failsWith('EDL_VALUE_REFUSED'),
    );
  });

  test('is what was asked for, and not less', async () => {
    const memory = new SnapshotMemory(arena);
    await assert.rejects(
      memory.decode(
        () => Promise.resolve([new Uint8Array(1)]),
        () => memory.read(base, 8),
      ),
      failsWith('EDL_VALUE_REFUSED'),
    );
    await assert.rejects(
      memory.decode(
        () => Promise.resolve([]),
        () => memory.read(base, 8),
      ),
      failsWith('EDL_VALUE_REFUSED'),
    );
  });
});
