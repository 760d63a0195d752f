import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePassageNotice, type PassageNotice, type PassedFrame } from '@enclos/tee/passage';
import fc from 'fast-check';
import '../src/errors.ts';
import type {
  ConnectionHandle,
  HeldConnection,
  PassageEvents,
  Passing,
  SettledCallback,
} from '../src/passing/passing.ts';
import { Arrivals } from '../src/services/arrivals.ts';
import { PassedStreams } from '../src/services/passed-streams.ts';

/** A connection that knows whether it is closed. */
class Connection implements ConnectionHandle {
  isClosed = false;
  close(): void {
    this.isClosed = true;
  }
}

interface Given {
  readonly connection: HeldConnection;
  readonly frame: PassedFrame;
  readonly settled: SettledCallback;
}

/** A host without a process: what it passes is in `given`. */
async function createHost(listeners: number) {
  const given: Given[] = [];
  let events: PassageEvents | undefined;
  const passing: Passing = {
    accept: () => undefined,
    open: (_path, told) => {
      events = told;
      const pass = (connection: HeldConnection, frame: PassedFrame, settled: SettledCallback): void =>
        void given.push({ connection, frame, settled });
      return Promise.resolve({ pass, close: () => undefined });
    },
  };
  const dropped: string[] = [];
  const arrivals = Array.from(
    { length: listeners },
    () => new Arrivals({ waiting: () => undefined, dropped: () => undefined }),
  );
  const watch = {
    connection: () => undefined,
    backlog: (listener: string) => void dropped.push(listener),
  };
  const named = arrivals.map((of, i) => ({ name: `l${i}`, arrivals: of }));
  const streams = new PassedStreams(passing, watch, named);
  await streams.open('');
  const violations: Error[] = [];
  streams.start({ violated: (error) => void violations.push(error), lost: () => assert.fail('lost') });
  const tell = (...notices: readonly PassageNotice[]): void =>
    events?.read(Buffer.concat(notices.map(encodePassageNotice)));
  return { streams, arrivals, given, dropped, violations, tell };
}

type Step =
  | { readonly kind: 'arrive' | 'withdraw' | 'end' | 'fail'; readonly listener: 0 | 1 }
  | { readonly kind: 'grant'; readonly listener: 0 | 1; readonly count: number };

const listener = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('arrive' as const), listener }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), listener }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('withdraw' as const, 'fail' as const), listener }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('grant' as const), listener, count: fc.integer({ min: 1, max: 4 }) }),
  },
);

test('property: in any order of arrivals, grants, ends and withdrawals, exactly as many are passed as the enclave takes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const host = await createHost(2);
      const model = [0, 1].map(() => ({
        credit: 0,
        isGranted: false,
        waiting: [] as Connection[],
        open: [] as number[],
      }));
      let expected: Connection[] = [];
      const push = (of: (typeof model)[number]): void => {
        while (of.credit > 0 && of.waiting.length > 0) {
          of.credit -= 1;
          expected = [...expected, ...of.waiting.splice(0, 1)];
          of.open.push(expected.length);
        }
      };
      for (const one of steps) {
        const of = model[one.listener];
        assert.ok(of);
        if (one.kind === 'arrive') {
          const connection = new Connection();
          of.waiting.push(connection);
          host.arrivals[one.listener]?.add(connection);
        }
        if (one.kind === 'grant') {
          of.credit += one.count;
          of.isGranted = true;
          host.tell(one);
        }
        if (one.kind === 'withdraw') {
          of.credit = 0;
          of.isGranted = false;
          host.tell({ kind: 'withdraw', listener: one.listener });
        }
        if (one.kind === 'end' || one.kind === 'fail') {
          const place = of.open.shift();
          if (place === undefined) continue;
          const { frame, settled } = host.given[place - 1] ?? assert.fail();
          if (of.isGranted) of.credit += 1;
          if (one.kind === 'fail') settled(frame, new Error('not passed'));
          else host.tell({ kind: 'accepted-ended', stream: frame.stream, bytesRead: 0n, bytesWritten: 0n });
        }
        push(of);
        assert.deepEqual(host.violations, []);
        assert.equal(host.given.length, expected.length);
        assert.ok(host.given.every(({ connection }, i) => connection === expected[i]));
      }
      assert.ok(host.given.every(({ frame }) => model[frame.listener] !== undefined));
      // Nobody closes what the enclave has, and nothing that waits stays open.
      host.streams.close();
      for (const of of host.arrivals) of.close();
      assert.ok(expected.every(({ isClosed }) => !isClosed));
      assert.ok(model.every(({ waiting }) => waiting.every(({ isClosed }) => isClosed)));
    }),
  );
});

test('a connection that cannot be passed is counted, and its credit is that of the next one', async () => {
  const host = await createHost(1);
  const [first, second] = [new Connection(), new Connection()];
  host.tell({ kind: 'grant', listener: 0, count: 1 });
  for (const connection of [first, second]) host.arrivals[0]?.add(connection);
  const [failed] = host.given;
  assert.ok(failed);
  // ETOOMANYREFS, say: no frame went, so the enclave's count is as it was.
  failed.settled(failed.frame, new Error('not passed'));
  assert.deepEqual(host.dropped, ['l0']);
  assert.deepEqual(
    host.given.map(({ connection }) => connection),
    [first, second],
  );
});

test('a destination that is still being connected to when the enclave ends is given up', async () => {
  const host = await createHost(1);
  const asked = host.streams.connect(
    { stream: 1, destination: 'database' },
    new AbortController().signal,
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')));
      }),
  );
  assert.ok(host.streams.has(1));
  // It has not got it yet.
  host.tell({ kind: 'connected-ended', stream: 1, bytesRead: 0n, bytesWritten: 0n });
  assert.equal(host.violations.length, 1);
  await assert.rejects(asked, /given up/);
  assert.ok(!host.streams.has(1));
});

test('an enclave may not ask for destinations without end', async () => {
  const host = await createHost(1);
  const connect = () => Promise.resolve(new Connection());
  const { signal } = new AbortController();
  const ask = (stream: number) => host.streams.connect({ stream, destination: 'database' }, signal, connect);
  for (let stream = 1; stream <= 512; stream += 1) {
    const asked = ask(stream);
    // Asynchronous before it passes.
    while (host.given.length < stream) await Promise.resolve();
    const { frame, settled } = host.given.at(-1) ?? assert.fail();
    settled(frame, undefined);
    await asked;
  }
  await assert.rejects(ask(513), { code: 'STREAM_LIMIT' });
  host.tell({ kind: 'connected-ended', stream: 7, bytesRead: 0n, bytesWritten: 0n });
  const again = ask(513);
  while (host.given.length < 513) await Promise.resolve();
  const { frame, settled } = host.given.at(-1) ?? assert.fail();
  settled(frame, new Error('not passed'));
  await assert.rejects(again, { code: 'STREAM_BROKEN' });
  assert.ok(!host.streams.has(513));
});
