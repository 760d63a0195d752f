import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FairTurns, type FairTurnsBounds } from '../src/index.ts';

const bounds: FairTurnsBounds = { atOnce: 4, atOnceOfPeer: 2, waiting: 12, waitingOfPeer: 8 };

/** Turns whose work ends when the test says so, in the order in which it began. */
class Rig {
  readonly turns: FairTurns;
  readonly begun: string[] = [];
  readonly displaced: string[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(changes: Partial<FairTurnsBounds> = {}) {
    this.turns = new FairTurns({ ...bounds, ...changes });
  }

  queue(peer: string, count = 1): ((() => void) | undefined)[] {
    return Array.from({ length: count }, () =>
      this.turns.queue(peer, {
        begin: () => {
          this.begun.push(peer);
          return new Promise((resolve) => this.#ends.push(resolve));
        },
        displaced: () => void this.displaced.push(peer),
      }),
    );
  }

  get running(): number {
    return this.#ends.length;
  }

  async end(at = 0): Promise<void> {
    const [end] = this.#ends.splice(at, 1);
    end?.();
    // The turn is handed on after the work has settled.
    for (let tick = 0; tick < 4; tick++) await Promise.resolve();
  }
}

describe('fair turns', () => {
  test('leave room for others, whatever one peer asks for', async () => {
    const rig = new Rig();
    assert.equal(rig.queue('greedy', 50).filter((leave) => leave !== undefined).length, 10);
    assert.deepEqual(rig.begun, ['greedy', 'greedy']);
    rig.queue('other');
    assert.deepEqual(rig.begun, ['greedy', 'greedy', 'other']);
  });

  test('without a bound for each peer, one peer has them all', () => {
    const rig = new Rig({ atOnceOfPeer: 4, waitingOfPeer: 12 });
    rig.queue('greedy', 50);
    rig.queue('other');
    assert.deepEqual(rig.begun, ['greedy', 'greedy', 'greedy', 'greedy']);
  });

  test('go round among peers, so that a late one waits for what runs and one piece of each', async () => {
    const rig = new Rig({ atOnce: 1 });
    rig.queue('a', 4);
    rig.queue('b', 2);
    rig.queue('c');
    for (let ended = 0; ended < 7; ended++) await rig.end();
    assert.deepEqual(rig.begun, ['a', 'a', 'b', 'c', 'a', 'b', 'a']);
    assert.equal(rig.running, 0);
  });

  test('make room for a peer that has less, by the newest of the one that has the most', async () => {
    const rig = new Rig({ atOnce: 1, waiting: 5 });
    rig.queue('a', 6);
    rig.queue('b', 2);
    assert.deepEqual(rig.displaced, ['a', 'a']);
    // It would then have as many as the other had: they would only change places.
    assert.deepEqual(rig.queue('b'), [undefined]);
    for (let ended = 0; ended < 6; ended++) await rig.end();
    assert.deepEqual(rig.begun, ['a', 'a', 'b', 'a', 'b', 'a']);
  });

  test('are not taken by what left the wait, and go on after work that failed', async () => {
    const rig = new Rig({ atOnce: 1 });
    rig.queue('a');
    const [leave] = rig.queue('b');
    leave?.();
    leave?.();
    rig.queue('c');
    await rig.end();
    assert.deepEqual(rig.begun, ['a', 'c']);
    const turns = new FairTurns({ ...bounds, atOnce: 1 });
    const failing = { begin: () => Promise.reject(new Error('no')), displaced() {} };
    turns.queue('a', failing);
    await new Promise<void>((resolve) => {
      turns.queue('b', { begin: () => Promise.resolve(resolve()), displaced() {} });
    });
  });

  test('hold every bound, and serve a peer that asks once within one round', async () => {
    const step = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat({ max: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const rig = new Rig();
        for (const each of steps) {
          if (typeof each === 'number') await rig.end(each % Math.max(1, rig.running));
          else rig.queue(each);
          assert.ok(rig.running <= bounds.atOnce);
        }
        const before = rig.begun.length;
        const [leave] = rig.queue('last');
        assert.notEqual(leave, undefined);
        for (let ended = 0; ended < 6 && !rig.begun.includes('last'); ended++) await rig.end();
        assert.ok(rig.begun.includes('last'), rig.begun.slice(before).join());
      }),
      { numRuns: 100 },
    );
  });
});
