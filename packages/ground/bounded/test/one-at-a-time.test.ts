import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SharedWork, Turns } from '../src/index.ts';

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('turns', () => {
  test('come one at a time, in their order, and each caller gets what its own work gives', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const work = (index: number) => async () => {
      seen.push(`begin ${index}`);
      await pause();
      seen.push(`end ${index}`);
      return index;
    };
    assert.deepEqual(await Promise.all([0, 1, 2].map((index) => turns.take(work(index)))), [0, 1, 2]);
    assert.deepEqual(seen, ['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  test('go on after work that failed, at once or later', async () => {
    const turns = new Turns();
    const failed = turns.take(() => Promise.reject(new Error('refused')));
    const thrown = turns.take(() => {
      throw new Error('thrown');
    });
    const next = turns.take(async () => 'next');
    await assert.rejects(failed, /refused/);
    await assert.rejects(thrown, /thrown/);
    assert.equal(await next, 'next');
  });

  test('do not begin in the turn of the caller', async () => {
    const turns = new Turns();
    let isBegun = false;
    const turn = turns.take(async () => (isBegun = true));
    assert.equal(isBegun, false);
    await turn;
    assert.equal(isBegun, true);
  });
});

describe('turns for several', () => {
  test('run as many as they are made for, and the others in their order', async () => {
    for (const atOnce of [1, 2, 5]) {
      const turns = new Turns(atOnce);
      let running = 0;
      let most = 0;
      const begun: number[] = [];
      const work = (index: number) => async () => {
        begun.push(index);
        most = Math.max(most, ++running);
        await pause();
        running -= 1;
      };
      const all = [0, 1, 2, 3, 4, 5, 6].map((index) => turns.take(work(index)));
      // What comes when a turn has just ended is behind those that waited.
      await all[0];
      await Promise.all([...all, turns.take(work(7))]);
      assert.deepEqual([most, begun], [atOnce, [0, 1, 2, 3, 4, 5, 6, 7]]);
    }
  });
});

describe('shared work', () => {
  test('is done once for all that ask meanwhile, and again for those that ask later', async () => {
    const shared = new SharedWork<number>();
    let begun = 0;
    const work = async (): Promise<number> => {
      begun += 1;
      await pause();
      return begun;
    };
    assert.deepEqual(await Promise.all(Array.from({ length: 50 }, () => shared.join(work))), Array(50).fill(1));
    assert.equal(await shared.join(work), 2);
    assert.equal(shared.size, 0);
  });

  test('begins in the turn of the caller', () => {
    let isBegun = false;
    void new SharedWork().join(async () => (isBegun = true));
    assert.equal(isBegun, true);
  });

  test('fails for all that share it, and is begun anew by the next', async () => {
    const shared = new SharedWork<number>();
    let begun = 0;
    const work = async (): Promise<number> => {
      begun += 1;
      await pause();
      if (begun === 1) throw new Error('refused');
      return begun;
    };
    const both = await Promise.allSettled([shared.join(work), shared.join(work)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await shared.join(work), 2);
  });

  test('of one key is not shared with another', async () => {
    const shared = new SharedWork<string>();
    const of = (key: string) => async (): Promise<string> => {
      await pause();
      return key;
    };
    const all = Promise.all(['a', 'b', 'a'].map((key) => shared.join(of(key), key)));
    assert.equal(shared.size, 2);
    assert.deepEqual(await all, ['a', 'b', 'a']);
  });
});
