import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeptRanges, type HandleRange } from '../src/kept-ranges.ts';
import type { PastState } from '../src/past-state.ts';

const statesOf = (...bytes: readonly number[]): readonly PastState[] =>
  bytes.map((heldBytes) => ({ heldBytes }) as PastState);

/** Ranges by handle, with what has left the wait. */
class Rig {
  readonly left: string[] = [];
  readonly kept: KeptRanges;

  constructor(bytes: number, handles = 100) {
    this.kept = new KeptRanges({ bytes, handles });
  }

  range(peer: string, expiresAtMs = 1000): HandleRange {
    const leave = (): void => void this.left.push(peer);
    return { first: 1, last: 1, peer, expiresAtMs, states: undefined, refusal: undefined, bytes: 0, leave };
  }

  put(handle: number, peer: string, bytes: number): HandleRange {
    const range = this.range(peer);
    this.kept.touch(handle, range);
    this.kept.fill(handle, range, statesOf(bytes));
    return range;
  }

  handles(...asked: readonly number[]): readonly number[] {
    return asked.filter((handle) => this.kept.get(handle) !== undefined);
  }
}

describe('ranges that are kept', () => {
  it('count their bytes, up to the limit and not beyond', () => {
    const rig = new Rig(10);
    rig.put(1, 'a', 4);
    rig.put(2, 'a', 6);
    assert.equal(rig.kept.bytes, 10);
    rig.put(3, 'a', 1);
    assert.deepEqual(rig.handles(1, 2, 3), [2, 3]);
    assert.equal(rig.kept.bytes, 7);
    const sum = rig.range('a');
    rig.kept.touch(4, sum);
    rig.kept.fill(4, sum, statesOf(1, 1));
    assert.equal(sum.bytes, 2);
  });

  it('go from the peer that holds the most, first what it did not ask for the longest', () => {
    const rig = new Rig(12);
    rig.put(1, 'small', 2);
    rig.put(2, 'large', 4);
    rig.put(3, 'large', 5);
    const asked = rig.kept.get(2);
    assert.ok(asked);
    rig.kept.touch(2, asked);
    rig.put(4, 'small', 3);
    assert.deepEqual(rig.handles(1, 2, 3, 4), [1, 2, 4]);
  });

  it('keep the one that was asked for last, however large', () => {
    const rig = new Rig(10);
    rig.put(1, 'a', 5);
    rig.put(2, 'b', 50);
    assert.deepEqual(rig.handles(1, 2), [2]);
    assert.equal(rig.kept.bytes, 50);
    // It goes when another one is asked for.
    rig.put(3, 'a', 1);
    assert.deepEqual(rig.handles(2, 3), [3]);
  });

  it('are so many at most, from the peer that has the most of them', () => {
    const rig = new Rig(1000, 4);
    rig.put(1, 'other', 900);
    for (let handle = 2; handle <= 9; handle++) rig.kept.touch(handle, rig.range('greedy'));
    assert.deepEqual(rig.handles(1, 2, 3, 4, 5, 6, 7, 8, 9), [1, 7, 8, 9]);
    // What was dropped no longer waits.
    assert.deepEqual(rig.left, ['greedy', 'greedy', 'greedy', 'greedy', 'greedy']);
  });

  it('which wait hold nothing, and stay when bytes are short', () => {
    const rig = new Rig(10);
    rig.kept.touch(1, rig.range('a'));
    rig.put(2, 'a', 8);
    rig.put(3, 'a', 8);
    assert.deepEqual(rig.handles(1, 2, 3), [1, 3]);
  });

  it('expire, are dropped, and give way to another one under their handle', () => {
    const rig = new Rig(100);
    const first = rig.range('a', 5);
    rig.kept.touch(1, first);
    rig.kept.expire(4);
    assert.deepEqual(rig.handles(1), [1]);
    rig.kept.expire(5);
    assert.deepEqual([rig.handles(1), rig.left], [[], ['a']]);
    const held = rig.put(2, 'b', 7);
    const next = rig.range('c');
    rig.kept.touch(2, next);
    assert.deepEqual([rig.kept.bytes, rig.left], [0, ['a', 'b']]);
    // A reading that ends late fills nothing.
    rig.kept.fill(2, held, statesOf(7));
    assert.equal(rig.kept.bytes, 0);
    assert.equal(rig.kept.drop(2), true);
    assert.equal(rig.kept.drop(2), false);
    assert.deepEqual(rig.left, ['a', 'b', 'c']);
  });
});
