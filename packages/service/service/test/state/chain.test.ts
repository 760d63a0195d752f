import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { MemoryStore } from '@enclos/testkit';
import fc from 'fast-check';
import { maximumAncestors } from '../../src/state/index.ts';
import { decodeStateRecord, stateDigest, type StateRecord, type TestState } from '../records.ts';
import type { StateSnapshot as Snapshot } from '../../src/state/index.ts';
import type { TestDocument } from '../document.ts';

type StateSnapshot = Snapshot<TestDocument>;
import { adding, certificate, sealedScene } from './scene.ts';

/** What a store that is honest, and not well, does with one call. */
const failures = ['none', 'none', 'none', 'unread', 'unwritten', 'unsaid'] as const;
type Failure = (typeof failures)[number];

/** Changes that replicas begin at once, each a number of one, and what goes wrong in the calls of the store meanwhile. */
const rounds = fc.array(
  fc.record({
    replicas: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
    failures: fc.array(fc.constantFrom(...failures), { maxLength: 12 }),
    restarts: fc.option(fc.nat(2)),
  }),
  { minLength: 1, maxLength: 8 },
);

const lost = new Error('connection lost');

/** Lets the next calls fail in turn: before they did anything, or after a write that was made. */
function failInTurn(store: MemoryStore, queue: Failure[]): void {
  const isNext = (failure: Failure): boolean => {
    if (queue[0] === 'none' || queue[0] === failure) return queue.shift() === failure;
    return false;
  };
  store.onRead = (row) => {
    if (isNext('unread')) throw lost;
    return row;
  };
  store.onWrite = () => {
    if (isNext('unwritten')) throw lost;
  };
  store.onWritten = () => {
    if (isNext('unsaid')) throw lost;
  };
}

function goWell(store: MemoryStore): void {
  store.onRead = (row) => row;
  store.onWrite = () => undefined;
  store.onWritten = () => undefined;
}

/** Every record that was ever in the store descends from the one before. */
function assertChain(history: readonly StateRecord[], genesis: string): void {
  let before = [genesis];
  for (const [index, record] of history.entries()) {
    assert.equal(record.epoch, index + 1);
    assert.deepEqual(record.ancestors, before.slice(0, maximumAncestors));
    before = [stateDigest(record), ...before];
  }
}

async function outcome(work: Promise<StateSnapshot>): Promise<StateSnapshot | undefined> {
  try {
    return await work;
  } catch (error) {
    // Nothing but the store's own trouble: an honest store is never called a liar.
    assert.ok(isEnclosError(error, 'SERVICE_STORE_UNAVAILABLE'), String(error));
    return undefined;
  }
}

test('whatever fails between three replicas and their store, the chain holds and no acknowledged change is lost', async () => {
  let [acknowledged, failed] = [0, 0];
  await fc.assert(
    fc.asyncProperty(rounds, async (plan) => {
      const history: StateRecord[] = [];
      const scene = sealedScene({
        protect: async (record) => record,
        open: async (record) => ({ record }),
      });
      const { store } = scene;
      const put = store.put.bind(store);
      store.put = (key, bytes) => {
        history.push(decodeStateRecord(bytes));
        put(key, bytes);
      };
      const replicas = await Promise.all([scene.open(), scene.open(), scene.open()]);
      const { digest: genesis } = await replicas[0].read();
      const kept: StateSnapshot[] = [];
      let name = 0;
      for (const round of plan) {
        failInTurn(store, [...round.failures]);
        const changes = round.replicas.map(async (replica) => {
          const text = `change ${name++}`;
          const snapshot = await outcome((replicas[replica] as TestState).update(adding(text)));
          if (snapshot === undefined) return void failed++;
          assert.equal(snapshot.document.items.at(-1), certificate(text));
          kept.push(snapshot);
        });
        await Promise.all(changes);
        goWell(store);
        if (round.restarts !== null) replicas[round.restarts] = await scene.open();
      }
      assertChain(history, genesis);
      assert.equal(new Set(kept.map(({ epoch }) => epoch)).size, kept.length, 'an epoch was given out twice');
      acknowledged += kept.length;
      for (const replica of replicas) {
        const { epoch, document } = await replica.read({ fresh: true });
        assert.equal(epoch, history.length);
        for (const { epoch: at, document: then } of kept) {
          assert.deepEqual(document.items.slice(0, at), then.items);
        }
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(acknowledged > 300 && failed > 50, `${acknowledged} acknowledged, ${failed} failed`);
});
