import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  createEndpoint,
  createTransportPair,
  encodeFrame,
  FrameKind,
  type Endpoint,
  type EndpointOptions,
  type GateLimits,
  type Transport,
} from '../src/index.ts';
import { encodeThrow } from '../src/messages.ts';
import { frame, hello, LostError, noBytes, optionsFor, rig, settle } from './harness.ts';

/** What a call does at the other side. It travels as its own payload. */
interface Plan {
  readonly turns: number;
  readonly fails: boolean;
  /** Does not settle before its signal aborts. */
  readonly hangs: boolean;
  readonly abortsAfterTurns: number | undefined;
  readonly nested: readonly Plan[];
}

const limits: GateLimits = {
  maxFrameBytes: 65_536,
  maxConcurrentCalls: 2,
  maxQueuedCalls: 6,
  maxPendingCalls: 12,
  maxDepth: 3,
  helloTimeoutMs: 60_000,
};

const { plan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.record({
    turns: fc.nat(3),
    fails: fc.boolean(),
    hangs: fc.boolean(),
    abortsAfterTurns: fc.option(fc.nat(6), { nil: undefined }),
    nested: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('plan'), { maxLength: 3 }),
    ),
  }),
}));

type Invoke = Endpoint['invoke'];

/** Makes one call as its plan says; resolves to its one outcome. A call that hangs is always aborted in the end. */
async function carryOut(invoke: Invoke, todo: Plan, outcomes: string[]): Promise<void> {
  const controller = new AbortController();
  const turns = todo.abortsAfterTurns ?? (todo.hangs ? 8 : undefined);
  const payload = new TextEncoder().encode(JSON.stringify(todo));
  const call = invoke(0, 7, payload, { signal: controller.signal });
  const outcome = call.then(
    (result) => {
      assert.deepEqual(result, payload);
      return 'result';
    },
    (error: unknown) => {
      assert.ok(isEnclosError(error) || error instanceof LostError, String(error));
      return isEnclosError(error) ? error.code : 'lost';
    },
  );
  if (turns !== undefined) void settle(turns).then(() => controller.abort());
  outcomes.push(await outcome);
}

function dispatcher(counts: { started: number; settled: number }, outcomes: string[]): EndpointOptions['dispatch'] {
  return async ({ payload, signal, invoke }) => {
    counts.started++;
    try {
      const todo = JSON.parse(new TextDecoder().decode(payload)) as Plan;
      await settle(todo.turns);
      await Promise.all(todo.nested.map((inner) => carryOut(invoke, inner, outcomes)));
      while (todo.hangs && !signal.aborted) await nextTurn();
      if (todo.fails) throw new Error('planned');
      return payload;
    } finally {
      counts.settled++;
    }
  };
}

/** Cuts what arrives into pieces of these sizes. */
function cutting(transport: Transport, sizes: readonly number[]): Transport {
  return {
    send: (bytes) => transport.send(bytes),
    close: (reason) => transport.close(reason),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    start: (events) =>
      transport.start({
        ...events,
        data(chunk) {
          for (let at = 0, turn = 0; at < chunk.length; turn++) {
            const next = at + (sizes[turn % sizes.length] ?? chunk.length);
            events.data(chunk.subarray(at, next));
            at = next;
          }
        },
      }),
  };
}

test('any interleaving of calls, nested calls, cancels and chunk cuts: one outcome a call', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
  const plans = fc.array(fc.tuple(fc.boolean(), fc.nat(3), plan), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(plans, sizes, fc.option(fc.nat(12), { nil: undefined }), async (calls, cuts, closeAfterTurns) => {
      const [left, right] = createTransportPair();
      const counts = { started: 0, settled: 0 };
      const outcomes: string[] = [];
      const dispatch = dispatcher(counts, outcomes);
      const a = createEndpoint(optionsFor(cutting(left, cuts), { limits, dispatch }));
      const b = createEndpoint(optionsFor(cutting(right, cuts), { limits, dispatch, initiator: false }));
      const running = calls.map(async ([fromLeft, turns, todo]) => {
        await settle(turns);
        await carryOut((fromLeft ? a : b).invoke, todo, outcomes);
      });
      if (closeAfterTurns !== undefined) {
        await settle(closeAfterTurns);
        void a.close();
      }
      await Promise.all(running);
      await a.close();
      assert.deepEqual(await a.closed, { orderly: true });
      assert.deepEqual(await b.closed, { orderly: true });
      await settle(10);
      assert.equal(counts.settled, counts.started);
      assert.ok(outcomes.length >= calls.length);
    }),
    { numRuns: 150 },
  );
});

const id = fc.integer({ min: 1, max: 12 });
const chunk = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  {
    weight: 2,
    arbitrary: id.map((callId) => encodeFrame(frame(FrameKind.RETURN, { callId, payload: Uint8Array.of(1) }))),
  },
  {
    weight: 2,
    arbitrary: id.map((callId) =>
      encodeFrame(frame(FrameKind.THROW, { callId, payload: encodeThrow({ code: 'GATE_BUSY', message: 'x' }) })),
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ callId: id, parentCallId: fc.nat(5), timeoutMs: fc.nat(2) })
      .map((fields) => encodeFrame(frame(FrameKind.CALL, fields))),
  },
  { weight: 3, arbitrary: id.map((callId) => encodeFrame(frame(FrameKind.CANCEL, { callId }))) },
  { weight: 1, arbitrary: fc.constant(encodeFrame(frame(FrameKind.LOG))) },
  { weight: 1, arbitrary: fc.constant(encodeFrame(frame(FrameKind.GOODBYE))) },
);

test('whatever a peer sends: every call settles, the gate closes, only typed errors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 30 }), fc.boolean(), async (chunks, greets) => {
      const { endpoint, wire, timers } = rig({
        limits: { ...limits, maxFrameBytes: 4182 },
        dispatch: ({ invoke, signal }) => (signal.aborted ? Promise.resolve(noBytes) : invoke(0, 0, noBytes)),
      });
      const calls = [0, 1, 2].map((index) => endpoint.invoke(0, index, noBytes, index === 0 ? { timeoutMs: 1 } : {}));
      const settled = Promise.allSettled(calls);
      if (greets) wire.push(hello);
      for (const bytes of chunks) {
        wire.push(bytes);
        timers.advance(1);
      }
      await settle(2);
      wire.events?.end();
      for (const result of await settled) {
        if (result.status === 'rejected') assert.ok(isEnclosError(result.reason) || result.reason instanceof LostError);
      }
      const { error } = await endpoint.closed;
      assert.ok(error === undefined || isEnclosError(error), String(error));
      assert.equal(timers.count, 0);
    }),
    { numRuns: 500 },
  );
});
