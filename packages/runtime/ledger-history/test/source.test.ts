import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isEnclosError } from '@enclos/errors';
import { sourceInMemory, type HistoricalState, type LedgerSource } from '../src/index.ts';
import { historyOver, ledger, statesOf } from './little-ledger.ts';

const total = (entries: readonly Uint8Array[]): number => entries.reduce((sum, { length }) => sum + length, 0);

/** A source of which is noted how many bytes each call gave. */
function counted(entries: readonly Uint8Array[]): { readonly source: LedgerSource; readonly given: number[] } {
  const source = sourceInMemory(entries);
  const given: number[] = [];
  return {
    given,
    source: {
      ...source,
      read: async (from, count) => {
        const found = await source.read(from, count);
        given.push(total(found));
        return found;
      },
    },
  };
}

describe('what a source gives', () => {
  const entries = ledger({ texts: ['a', 'b', 'c'] });

  it('is refused where it is not what the source said, before or after it is read', async () => {
    const honest = sourceInMemory(entries);
    for (const [change, reads] of [
      [(length: number) => length + 1, 1],
      [(length: number) => length - 1, 1],
      [() => 0, 0],
      [() => -5, 0],
      [() => 1.5, 0],
      [() => Number.NaN, 0],
      [() => Number.POSITIVE_INFINITY, 0],
    ] as const) {
      const { source, given } = counted(entries);
      const lengths: LedgerSource['lengths'] = async (from, most) => (await honest.lengths(from, most)).map(change);
      const found = await statesOf(historyOver(entries, { source: { ...source, lengths } }));
      assert.ok(isEnclosError(found, 'LEDGER_UNAVAILABLE'), String(found));
      assert.equal(given.length, reads);
    }
  });

  it('is refused where entries are missing or too many', async () => {
    for (const read of [
      (from: number, count: number) => entries.slice(from - 1, from - 2 + count),
      (from: number, count: number) => [...entries.slice(from - 1, from - 1 + count), new Uint8Array(1)],
      () => [],
    ]) {
      const source = {
        ...sourceInMemory(entries),
        read: (from: number, count: number) => Promise.resolve(read(from, count)),
      };
      const found = await statesOf(historyOver(entries, { source }));
      assert.ok(isEnclosError(found, 'LEDGER_UNAVAILABLE') && /The source gave/.test(found.message), String(found));
    }
    const ended = await statesOf(historyOver(entries, { source: sourceInMemory(entries.slice(0, 2)) }));
    assert.ok(isEnclosError(ended, 'LEDGER_UNAVAILABLE') && /ends before the signature/.test(ended.message));
  });

  it('has at most as many bytes as one range may have, all of it', async () => {
    const all = total(entries);
    const { source, given } = counted(entries);
    const found = await statesOf(historyOver(entries, { source, maxRangeBytes: all }), 1, 3);
    assert.equal((found as readonly HistoricalState[]).length, 3);
    assert.equal(
      given.reduce((sum, bytes) => sum + bytes, 0),
      all,
    );
    const less = counted(entries);
    const over = historyOver(entries, { source: less.source, maxRangeBytes: all - 1 });
    await assert.rejects(
      async () => {
        await statesOf(over, 1, 3);
        for (let asked = 0; asked < 100; asked++) {
          over.history.stateRange(1, 1, 3, 60);
          await delay(2);
        }
      },
      (error) => isEnclosError(error, 'HISTORY_TOO_LARGE') && error.details['maximum'] === all - 1,
    );
    assert.deepEqual(less.given, []);
  });

  it('has at most so many rows that their objects are within the bytes of one range', async () => {
    // An empty row has less than 20 bytes in the ledger, and hundreds in memory.
    const wide = ledger({ wide: 1000 });
    assert.ok(total(wide) < 60_000);
    const { history, failures } = historyOver(wide, { maxRangeBytes: 200_000 });
    history.stateRange(1, 1, 1, 60);
    for (let asked = 0; asked < 100 && failures.length === 0; asked++) await delay(2);
    assert.ok(isEnclosError(failures[0], 'HISTORY_TOO_LARGE'), String(failures[0]));
    const roomy = historyOver(wide, { maxRangeBytes: 400_000 });
    assert.ok(Array.isArray(await statesOf(roomy, 1, 1)));
    assert.ok(roomy.history.heldBytes > 250_000);
  });

  it('comes in pieces, each of one entry or so many bytes', async () => {
    const large = 'x'.repeat(100_000);
    const many = ledger({ texts: [large, large, large, 'y'.repeat(300_000), large] });
    const { source, given } = counted(many);
    assert.ok(Array.isArray(await statesOf(historyOver(many, { source }), 1, 5)));
    assert.equal(given.length, 4);
    assert.deepEqual(
      given.map((bytes) => Math.round(bytes / 100_000)),
      [2, 1, 3, 1],
    );
  });

  it('is asked again after it failed, and not refused for good', async () => {
    let isDown = true;
    const honest = sourceInMemory(entries);
    const source: LedgerSource = {
      ...honest,
      read: (from, count) => (isDown ? Promise.reject(new Error('The disk is away.')) : honest.read(from, count)),
    };
    const { history, failures } = historyOver(entries, { source });
    assert.match(String(await statesOf({ history, failures })), /The disk is away/);
    isDown = false;
    failures.length = 0;
    assert.ok(Array.isArray(await statesOf({ history, failures })));
  });

  it('may be a quarter of the soft limit for one range, where nothing else is said', async () => {
    const all = total(entries);
    assert.ok(Array.isArray(await statesOf(historyOver(entries, { softLimitBytes: 4 * all }), 1, 3)));
    const { history, failures } = historyOver(entries, { softLimitBytes: 4 * all - 1 });
    history.stateRange(1, 1, 3, 60);
    for (let asked = 0; asked < 100 && failures.length === 0; asked++) await delay(2);
    assert.ok(isEnclosError(failures[0], 'HISTORY_TOO_LARGE'), String(failures[0]));
  });

  it('is kept for as long as the last who asked said', async () => {
    let now = 0;
    const { source, given } = counted(entries);
    const { history } = historyOver(entries, { source, now: () => now });
    for (let asked = 0; asked < 100 && history.stateRange(1, 1, 1, 10) === undefined; asked++) await delay(2);
    now = 9000;
    assert.equal(history.stateRange(1, 1, 1, 60)?.length, 1);
    now = 68_000;
    assert.equal(history.forPeer('other').stateRange(1, 1, 1, 1)?.length, 1);
    now = 69_000;
    assert.equal(history.stateRange(1, 1, 1, 1), undefined);
    assert.ok(given.length >= 1);
    assert.throws(() => history.stateRange(1, 3, 2, 60), { code: 'HISTORY_RANGE' });
  });

  it('is not read again for a range that took the handle of another one', async () => {
    const gates: (() => void)[] = [];
    const honest = sourceInMemory(entries);
    const asked: number[] = [];
    const lengths: LedgerSource['lengths'] = async (from, most) => {
      asked.push(from);
      await new Promise<void>((resolve) => gates.push(resolve));
      return from === 1 ? [] : honest.lengths(from, most);
    };
    const { history, failures } = historyOver(entries, { source: { ...honest, lengths } });
    assert.equal(history.stateRange(7, 1, 1, 60), undefined);
    assert.equal(history.stateRange(7, 2, 2, 60), undefined);
    // The first one fails late, and leaves the second alone.
    gates.shift()?.();
    for (let tries = 0; tries < 100 && failures.length === 0; tries++) await delay(2);
    assert.equal(failures.length, 1);
    for (let tries = 0; tries < 100 && history.stateRange(7, 2, 2, 60) === undefined; tries++) {
      gates.shift()?.();
      await delay(2);
    }
    assert.equal(history.stateRange(7, 2, 2, 60)?.[0]?.id.seqno, 2);
    assert.deepEqual(asked, [1, 2]);
  });
});
