import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { KvStore, type KvTransaction } from '@enclos/kv';
import fc from 'fast-check';
import { ModelTransaction, runStep, type Model, type Step } from './model.ts';

const mapNames = ['a', 'public:b'];
const keys = ['', 'k', 'l', '__proto__'];
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind']>(
    'get',
    'has',
    'set',
    'set',
    'blind',
    'delete',
    'size',
    'list',
    'clear',
    'version',
  ),
  map: fc.constantFrom(...mapNames),
  key: fc.constantFrom(...keys),
  text: fc.string({ maxLength: 3 }),
});

/** What happens next: a transaction begins, one goes on, one ends, or the store goes back or forgets. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('begin' as const), of: fc.constant(0) }) },
  { weight: 20, arbitrary: fc.record({ what: fc.constant('step' as const), of: fc.nat(5), step }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom('commit' as const, 'commit' as const, 'discard' as const),
      of: fc.nat(5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constantFrom('rollback' as const, 'compact' as const), of: fc.nat(9) }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

interface Running {
  readonly transaction: KvTransaction;
  readonly steps: Step[];
  readonly reads: string[];
  /** What it reads was rolled back. */
  isUndone: boolean;
}

/** The store beside its model: a state for each seqno. */
class Schedule {
  readonly store = new KvStore();
  readonly #models: Model[] = [new Map()];
  #running: Running[] = [];
  conflicts = 0;
  commits = 0;

  run(next: Event): void {
    if (next.what === 'begin') {
      this.#running.push({ transaction: this.store.begin(), steps: [], reads: [], isUndone: false });
    }
    if (next.what === 'rollback' || next.what === 'compact') return this.#move(next.what, next.of);
    const running = this.#running[next.of % Math.max(1, this.#running.length)];
    if (running === undefined || next.what === 'begin') return;
    if (next.what === 'step') return this.#step(running, next.step);
    this.#running = this.#running.filter((other) => other !== running);
    if (next.what === 'discard') this.store.discard(running.transaction);
    else this.#commit(running);
  }

  /** The newest state is that of the model, and so is what every open transaction sees. */
  check(): void {
    this.#running.push({ transaction: this.store.begin(), steps: [], reads: [], isUndone: false });
    for (const running of this.#running) {
      for (const map of mapNames) this.#step(running, { kind: 'list', map, key: '', text: '' });
      for (const key of keys) this.#step(running, { kind: 'version', map: 'a', key, text: '' });
      this.store.discard(running.transaction);
    }
  }

  #step(running: Running, next: Step): void {
    const { transaction, steps, reads } = running;
    try {
      reads.push(runStep(transaction, next, reads.join('').slice(-5)));
    } catch (error) {
      // Only what was rolled back under it ends a transaction early.
      assert.ok(isEnclosError(error, 'KV_CONFLICT'));
      assert.ok(running.isUndone);
      this.#running = this.#running.filter((other) => other !== running);
      return this.store.discard(transaction);
    }
    steps.push(next);
    assert.equal(running.isUndone, false);
    this.#replay(running, transaction.readVersion, 0);
  }

  #commit(running: Running): void {
    const commit = this.store.commit(running.transaction);
    if (commit === undefined) return void this.conflicts++;
    assert.equal(running.isUndone && commit.seqno !== undefined, false);
    if (commit.seqno === undefined) return;
    assert.equal(commit.seqno, this.#models.length);
    this.#models.push(this.#replay(running, commit.seqno - 1, commit.seqno));
    this.commits++;
  }

  /** Runs a transaction alone, after a seqno: it reads what it read among others. */
  #replay({ steps, reads }: Running, after: number, seqno: number): Model {
    const model = new ModelTransaction(this.#models[after] ?? new Map(), seqno);
    const alone: string[] = [];
    for (const one of steps) alone.push(model.run(one, alone.join('').slice(-5)));
    assert.deepEqual(reads, alone);
    return model.now;
  }

  #move(what: 'rollback' | 'compact', of: number): void {
    const { version, compacted } = this.store;
    const to = compacted + (of % (version - compacted + 1));
    this.store[what](to);
    if (what === 'compact') return;
    this.#models.length = to + 1;
    for (const running of this.#running) running.isUndone ||= running.transaction.readVersion > to;
  }
}

describe('interleaved transactions', () => {
  test('read and leave what they would one after another, in the order of their commits', () => {
    let commits = 0;
    let conflicts = 0;
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 120, size: 'max' }), (events) => {
        const schedule = new Schedule();
        for (const one of events) schedule.run(one);
        schedule.check();
        commits += schedule.commits;
        conflicts += schedule.conflicts;
      }),
      { numRuns: 300 },
    );
    assert.ok(commits > 100 && conflicts > 20, `${commits} commits, ${conflicts} conflicts`);
  });
});
