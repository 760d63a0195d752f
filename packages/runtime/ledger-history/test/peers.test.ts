import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { nodeDigests } from '@enclos/ledger/node';
import { LedgerHistory, type LedgerHistoryOptions } from '../src/index.ts';

const tools = { digests: nodeDigests, subtle: webcrypto.subtle };

/** A past of 100 transactions, whose source gives each length when the test says so, and no entry. `begun` has what is read. */
function slowHistory(changes: Partial<LedgerHistoryOptions> = {}) {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const history = new LedgerHistory({
    source: {
      lengths: (from) => {
        begun.push(from);
        return new Promise((resolve) => ends.push(() => resolve([])));
      },
      read: () => Promise.reject(new Error('Nothing is to be read.')),
    },
    ledger: { lastCommitted: () => ({ view: 2, seqno: 100 }), status: () => 'Committed', viewOf: () => 2 },
    keys: () => undefined,
    services: () => [],
    tools,
    ...changes,
  });
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await turn();
  };
  return { history, begun, end };
}

describe('the past, for many peers', () => {
  it('is read for four ranges at once, of which two are those of one peer', () => {
    const { history, begun } = slowHistory();
    for (let seqno = 1; seqno <= 50; seqno++) history.forPeer('greedy').stateRange(seqno, seqno, seqno, 60);
    assert.deepEqual(begun, [1, 2]);
    history.forPeer('other').stateRange(90, 90, 90, 60);
    assert.deepEqual(begun, [1, 2, 90]);
    for (let seqno = 60; seqno < 70; seqno++) history.stateRange(seqno, seqno, seqno, 60);
    assert.deepEqual(begun, [1, 2, 90, 60]);
  });

  it('was starved by one peer when all peers counted as one', () => {
    const { history, begun } = slowHistory();
    // What `forPeer` is there for: the same calls without it.
    for (let seqno = 1; seqno <= 50; seqno++) history.stateRange(seqno, seqno, seqno, 60);
    assert.equal(history.stateRange(90, 90, 90, 60), undefined);
    assert.deepEqual(begun, [1, 2]);
    assert.equal(history.dropCachedStates(90), false, 'it does not even wait');
  });

  it('is read in turns when more wait, and not for those who have gone', async () => {
    let now = 0;
    const { history, begun, end } = slowHistory({ now: () => now });
    for (const peer of ['a', 'b', 'c']) {
      const from = 10 * ('abc'.indexOf(peer) + 1);
      for (let seqno = from; seqno < from + 5; seqno++) {
        // All but one of the first peer's are asked for by someone who does not ask again.
        history.forPeer(peer).stateRange(seqno, seqno, seqno, peer === 'a' && seqno !== 14 ? 1 : 60);
      }
    }
    assert.deepEqual(begun, [10, 11, 20, 21]);
    now = 2000;
    for (let ended = 0; ended < 4; ended++) await end();
    assert.deepEqual(new Set(begun.slice(4)), new Set([14, 22, 30, 31]));
  });

  it('waits in so many ranges for each peer, and gives way to a peer that has fewer', () => {
    const { history, begun } = slowHistory();
    const kept = (from: number, count: number): number =>
      Array.from({ length: count }, (_, at) => history.dropCachedStates(from + at)).filter(Boolean).length;
    const greedy = history.forPeer('greedy');
    for (let seqno = 1; seqno <= 40; seqno++) greedy.stateRange(seqno, seqno, seqno, 60);
    assert.deepEqual([begun.length, kept(1, 40)], [2, 18]);
    for (let seqno = 1; seqno <= 18; seqno++) greedy.stateRange(seqno, seqno, seqno, 60);
    const others = Array.from({ length: 40 }, (_, at) => history.forPeer(`peer ${at}`));
    for (let handle = 100; handle < 116; handle++) {
      for (const [at, other] of others.entries()) other.stateRange(1000 * at + handle, 50, 50, 60);
    }
    // 500 wait, of which each peer has its share, and what gave way is forgotten. Two of the four that are read were dropped above.
    assert.equal(begun.length, 4);
    const waiting = others.map((_, at) => kept(1000 * at + 100, 16));
    const sum = waiting.reduce((all, each) => all + each, kept(1, 18));
    assert.equal(sum, 502);
    assert.ok(Math.min(...waiting) >= 11 && Math.max(...waiting) <= 14, waiting.join());
  });

  it('is dropped by handle, whichever peer asks', () => {
    const { history } = slowHistory();
    history.forPeer('a').stateRange(3, 1, 1, 60);
    assert.equal(history.forPeer('b').dropCachedStates(3), true);
    assert.equal(history.forPeer('b').dropCachedStates(3), false);
  });

  it('begins at 1, and ends at what is committed', () => {
    const { history, begun } = slowHistory();
    history.stateRange(1, 0, 5, 60);
    history.stateRange(2, 99, 101, 60);
    assert.deepEqual(begun, []);
    history.stateRange(3, 1, 100, 60);
    assert.deepEqual(begun, [1]);
  });
});
