import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import '../src/errors.ts';
import { createFakeHost, FakeConnection } from './fake-passing.ts';

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
      const host = await createFakeHost(2);
      const model = [0, 1].map(() => ({
        credit: 0,
        isGranted: false,
        waiting: [] as FakeConnection[],
        open: [] as number[],
      }));
      let expected: FakeConnection[] = [];
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
          const connection = new FakeConnection();
          of.waiting.push(connection);
          host.arrivals[one.listener]?.add(connection);
        }
        if (one.kind === 'grant') {
          of.credit += one.count;
          of.isGranted = true;
          host.passing.tell(one);
        }
        if (one.kind === 'withdraw') {
          of.credit = 0;
          of.isGranted = false;
          host.passing.tell({ kind: 'withdraw', listener: one.listener });
        }
        if (one.kind === 'end' || one.kind === 'fail') {
          const place = of.open.shift();
          if (place === undefined) continue;
          const { frame, settled } = host.passing.given[place - 1] ?? assert.fail();
          if (of.isGranted) of.credit += 1;
          if (one.kind === 'fail') settled(frame, new Error('not passed'));
          else host.passing.tell({ kind: 'accepted-ended', stream: frame.stream, bytesRead: 0n, bytesWritten: 0n });
        }
        push(of);
        assert.deepEqual(host.violations, []);
        assert.equal(host.passing.given.length, expected.length);
        assert.ok(host.passing.given.every(({ connection }, i) => connection === expected[i]));
      }
      assert.ok(host.passing.given.every(({ frame }) => model[frame.listener] !== undefined));
      // What the enclave has is not closed, and nothing that waits stays open.
      host.streams.close();
      for (const of of host.arrivals) of.close();
      assert.ok(expected.every(({ isClosed }) => !isClosed));
      assert.ok(model.every(({ waiting }) => waiting.every(({ isClosed }) => isClosed)));
    }),
  );
});

test('a connection that cannot be passed is counted as dropped, and its credit is that of the next one', async () => {
  const { passing, arrivals, dropped } = await createFakeHost(1);
  const [first, second] = [new FakeConnection(), new FakeConnection()];
  passing.tell({ kind: 'grant', listener: 0, count: 1 });
  for (const connection of [first, second]) arrivals[0]?.add(connection);
  const [failed, ...others] = passing.given;
  assert.deepEqual([failed?.frame.stream, others], [1, []]);
  // ETOOMANYREFS, say: no frame went, so the enclave's count is as it was.
  passing.settle(new Error('not passed'));
  assert.deepEqual(dropped, [['l0', { dropped: 1 }]]);
  assert.deepEqual(
    passing.given.map(({ connection, frame }) => [connection, frame.stream]),
    [
      [first, 1],
      [second, 2],
    ],
  );
});

const endOf = (stream: number) => ({ kind: 'accepted-ended', stream, bytesRead: 0n, bytesWritten: 0n }) as const;

test('notices are read a little later while there is plenty of credit, and at once when there is not', async () => {
  const { passing, arrivals } = await createFakeHost(2, { isWatched: false });
  const [first] = arrivals;
  passing.tell({ kind: 'grant', listener: 0, count: 66 });
  assert.ok(!passing.isResting, 'the other listener may wait for its first credit');
  passing.tell({ kind: 'grant', listener: 1, count: 65 });
  assert.ok(passing.isResting);
  first?.add(new FakeConnection());
  assert.ok(passing.isResting, '65 are left');
  first?.add(new FakeConnection());
  assert.ok(!passing.isResting, '64 are left');
  passing.tell(endOf(1));
  assert.ok(passing.isResting);
});

test('an observer of connections learns of each end when it happens', async () => {
  const { passing } = await createFakeHost(1);
  passing.tell({ kind: 'grant', listener: 0, count: 256 });
  assert.ok(!passing.isResting);
});
