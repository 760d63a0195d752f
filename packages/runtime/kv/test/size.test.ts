import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { utf8 } from '@enclos/codec';
import { KvStore, type KvMap, type KvTransaction } from '@enclos/kv';
import fc from 'fast-check';
import { KeyTable } from '../src/records/key-table.ts';
import { entriesOf, setText } from './model.ts';

const names = ['', 'k', 'l', '__proto__'];
const key = fc.constantFrom(...names);
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('begin' as const), isWatched: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constantFrom('set' as const, 'delete' as const), of: fc.nat(5), key }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('clear' as const, 'turn' as const), of: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('commit' as const), of: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constantFrom('discard' as const, 'rollback' as const, 'compact' as const),
      of: fc.nat(5),
    }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

interface Open {
  readonly transaction: KvTransaction;
  readonly map: KvMap;
  /** Its size is asked after each event. Others write blindly, and so commit whatever the watched ones do. */
  readonly isWatched: boolean;
  readonly before: ReadonlySet<string>;
  readonly writes: Map<string, boolean>;
}

function after(before: ReadonlySet<string>, writes: ReadonlyMap<string, boolean>): Set<string> {
  const keys = new Set(before);
  for (const [at, isThere] of writes) keys[isThere ? 'add' : 'delete'](at);
  return keys;
}

/** The store beside the set of keys of each seqno. */
class Counted {
  readonly store = new KvStore();
  readonly #states: ReadonlySet<string>[] = [new Set()];
  #open: Open[] = [];

  run(next: Event): void {
    if (next.what === 'begin') this.#begin(next.isWatched);
    else if (next.what === 'rollback' || next.what === 'compact') this.#move(next.what, next.of);
    else {
      const open = this.#open[next.of % Math.max(1, this.#open.length)];
      if (open === undefined) return;
      if (next.what === 'commit' || next.what === 'discard') this.#end(open, next.what);
      else change(open, next);
    }
    for (const { map, isWatched, before, writes } of this.#open) {
      if (isWatched) assert.equal(map.size, after(before, writes).size);
    }
  }

  #begin(isWatched: boolean): void {
    const transaction = this.store.begin();
    const before = this.#states[this.store.version] ?? new Set();
    this.#open.push({ transaction, map: transaction.map('m'), isWatched, before, writes: new Map() });
  }

  #end(open: Open, what: 'commit' | 'discard'): void {
    this.#open = this.#open.filter((other) => other !== open);
    if (what === 'discard') return this.store.discard(open.transaction);
    const seqno = this.store.commit(open.transaction)?.seqno;
    if (seqno !== undefined) this.#states[seqno] = after(this.#states[seqno - 1] ?? new Set(), open.writes);
  }

  #move(what: 'rollback' | 'compact', of: number): void {
    const { version, compacted } = this.store;
    const to = compacted + (of % (version - compacted + 1));
    this.store[what](to);
    if (what === 'compact') return;
    this.#states.length = to + 1;
    this.#open = this.#open.filter(({ transaction }) => transaction.readVersion <= to);
  }
}

function change({ map, before, writes }: Open, next: Extract<Event, { of: number }>): void {
  if (next.what === 'set' || next.what === 'delete') {
    if (next.what === 'set') setText(map, next.key, next.key);
    else map.delete(utf8(next.key));
    writes.set(next.key, next.what === 'set');
    return;
  }
  const keys = after(before, writes);
  if (next.what === 'clear') map.clear();
  else turn(map, keys);
  const written = next.what === 'turn' ? names : keys;
  for (const at of written) writes.set(at, !keys.has(at));
}

/** Writes what was not there and removes what was, at the first key that is visited, and again in a visit inside the visit. */
function turn(map: KvMap, keys: ReadonlySet<string>): void {
  const turned = (): void => {
    for (const at of names) {
      if (keys.has(at)) map.delete(utf8(at));
      else setText(map, at, at);
    }
  };
  const visited: string[] = [];
  map.forEach((_value, at) => {
    visited.push(Buffer.from(at).toString());
    turned();
    assert.equal(entriesOf(map).length, 4 - keys.size, 'a visit that begins now sees what was written');
  });
  turned();
  assert.deepEqual(visited.toSorted(), [...keys].toSorted(), 'what is written in a visit does not change it');
}

/** What is looked up in tables of keys while `work` runs. */
function lookUps(context: TestContext, work: () => void): number {
  const spies = [
    context.mock.method(KeyTable.prototype, 'referenceAt'),
    context.mock.method(KeyTable.prototype, 'start'),
    context.mock.method(KeyTable.prototype, 'references'),
  ];
  work();
  const calls = spies.map(({ mock }) => mock.callCount());
  for (const { mock } of spies) mock.restore();
  return calls.reduce((sum, count) => sum + count, 0);
}

function fill(map: KvMap, count: number, value: string): void {
  for (let at = 0; at < count; at++) setText(map, `key ${at}`, value);
}

describe('the size of a map', () => {
  test('is the number of its keys, after whatever was written, committed, discarded or undone', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 10, maxLength: 60, size: 'max' }), (events) => {
        const counted = new Counted();
        for (const one of events) counted.run(one);
      }),
      { numRuns: 300 },
    );
  });

  test('is looked up nowhere, however many keys the transaction has written', (context) => {
    const map = new KvStore().begin().map('m');
    fill(map, 2000, 'v');
    assert.equal(
      lookUps(context, () => assert.equal(map.size, 2000)),
      0,
    );
    assert.ok(lookUps(context, () => map.get(utf8('key 1'))) > 0, 'a look-up is counted');
  });

  test('of a state of before is looked up nowhere, however many keys others have written since', (context) => {
    const store = new KvStore();
    const commit = (count: number, value: string): void => {
      const transaction = store.begin();
      fill(transaction.map('another'), 3, value);
      fill(transaction.map('m'), count, value);
      store.commit(transaction);
    };
    commit(1000, 'old');
    const reader = store.begin();
    commit(2000, 'new');
    commit(3000, 'newest');
    assert.equal(
      lookUps(context, () => assert.equal(reader.map('m').size, 1000)),
      0,
    );
    assert.equal(store.begin().map('m').size, 3000);
  });

  test('is a read of the whole map: what others add is a conflict', () => {
    const store = new KvStore();
    const sized = store.begin();
    assert.equal(sized.map('m').size, 0);
    setText(sized.map('other'), 'k', 'v');
    const blind = store.begin();
    setText(blind.map('m'), 'own', 'v');
    const adding = store.begin();
    setText(adding.map('m'), 'k', 'v');
    store.commit(adding);
    assert.equal(store.commit(sized), undefined);
    assert.equal(store.commit(blind)?.seqno, 2, 'a write alone reads nothing, though it is counted');
    assert.equal(store.begin().map('m').size, 2);
  });
});
