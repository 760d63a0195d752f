import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@enclos/errors';
import {
  createEndpoint,
  createTransportPair,
  FrameKind,
  type Endpoint,
  type EndpointOptions,
  type IncomingCall,
} from '../src/index.ts';
import { FrameWriter } from '../src/frame/frame-writer.ts';
import { IncomingCalls } from '../src/incoming-calls.ts';
import { resolveLimits } from '../src/limits.ts';
import { OutgoingCalls } from '../src/outgoing-calls.ts';
import {
  deferred,
  frame,
  hasCode,
  LostError,
  noBytes,
  openRig,
  optionsFor,
  settle,
  testLimits,
  watch,
  FakeTimers,
  FakeTransport,
  thrown,
} from './harness.ts';

type Dispatch = EndpointOptions['dispatch'];

async function pair(left: Dispatch, right: Dispatch, limits = testLimits): Promise<[Endpoint, Endpoint]> {
  const [a, b] = createTransportPair();
  const ends: [Endpoint, Endpoint] = [
    createEndpoint(optionsFor(a, { dispatch: left, limits })),
    createEndpoint(optionsFor(b, { dispatch: right, limits, initiator: false })),
  ];
  await Promise.all(ends.map(({ ready }) => ready));
  return ends;
}

/** Calls back until the number in the payload is zero. */
const pingPong: Dispatch = async ({ payload, invoke, depth }) => {
  const left = payload[0] ?? 0;
  return left === 0 ? Uint8Array.of(depth) : invoke(0, 0, Uint8Array.of(left - 1));
};

test('ECALL, OCALL, ECALL with one slot does not deadlock', async () => {
  const limits = { ...testLimits, maxConcurrentCalls: 1, maxQueuedCalls: 16, maxPendingCalls: 32, maxDepth: 8 };
  const [a] = await pair(pingPong, pingPong, limits);
  assert.deepEqual(await a.invoke(0, 0, Uint8Array.of(2)), Uint8Array.of(3));
  const many = await Promise.all(Array.from({ length: 8 }, () => a.invoke(0, 0, Uint8Array.of(7))));
  assert.deepEqual(
    many,
    Array.from({ length: 8 }, () => Uint8Array.of(8)),
  );
  await a.close();
});

test('nested calls in parallel share the slots of their depth and all finish', async () => {
  const limits = { ...testLimits, maxConcurrentCalls: 1, maxQueuedCalls: 64, maxPendingCalls: 64, maxDepth: 4 };
  const fan: Dispatch = async ({ invoke, depth }) => {
    if (depth < 4) await Promise.all([invoke(0, 0, noBytes), invoke(0, 0, noBytes), invoke(0, 0, noBytes)]);
    return noBytes;
  };
  const [a] = await pair(fan, fan, limits);
  await Promise.all([a.invoke(0, 0, noBytes), a.invoke(0, 0, noBytes)]);
  await a.close();
});

test('too deep a call is refused before it is sent', async () => {
  const [a] = await pair(pingPong, pingPong);
  await assert.rejects(a.invoke(0, 0, Uint8Array.of(3)), hasCode('GATE_DEPTH_EXCEEDED'));
  await a.close();
});

test('a call back below the last level is not sent at all', async () => {
  const { endpoint, wire } = await openRig({
    limits: { ...testLimits, maxDepth: 1 },
    dispatch: ({ invoke }) => invoke(0, 0, noBytes),
  });
  wire.push(frame(FrameKind.CALL, { callId: 2 }));
  await settle();
  assert.deepEqual(
    wire.frames().map(({ kind, callId }) => [kind, callId]),
    [[FrameKind.THROW, 2]],
  );
  void endpoint.close();
});

test('a call keeps nothing of the finished calls nested in it', async () => {
  const wire = new FakeTransport();
  const timers = new FakeTimers();
  const writer = new FrameWriter(wire, { overloaded: () => assert.fail(), failed: () => assert.fail() });
  const shared = { limits: resolveLimits(testLimits), timers, writer };
  const remoteErrors = new Set<ErrorCode>();
  const outgoing = new OutgoingCalls({ ...shared, remoteErrors, lostError: () => new LostError(), firstId: 1 });
  const { dispatch, describeError } = optionsFor(wire);
  const incoming = new IncomingCalls({ ...shared, outgoing, dispatch, describeError });
  watch(outgoing.invoke({ table: 0, index: 0, payload: noBytes, options: {}, parent: undefined }));
  incoming.accept(frame(FrameKind.CALL, { callId: 2, parentCallId: 1 }));
  assert.equal(outgoing.get(1)?.dependents.size, 1);
  await settle();
  assert.equal(outgoing.get(1)?.dependents.size, 0);
});

test('too deep a call of the peer is refused', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxDepth: 1 } });
  watch(endpoint.invoke(0, 0, noBytes));
  wire.push(frame(FrameKind.CALL, { callId: 2, parentCallId: 1 }));
  await settle();
  const answer = wire.frames().at(-1);
  assert.equal(thrown(answer?.payload ?? noBytes).code, 'GATE_DEPTH_EXCEEDED');
});

test('a nested call carries its parent', async () => {
  const { wire } = await openRig({ dispatch: ({ invoke }) => invoke(1, 2, Uint8Array.of(3)) });
  wire.push(frame(FrameKind.CALL, { callId: 2 }));
  await settle();
  assert.deepEqual(wire.frames(), [
    frame(FrameKind.CALL, { table: 1, functionIndex: 2, callId: 1, parentCallId: 2, payload: Uint8Array.of(3) }),
  ]);
});

test('a call nested in one that we did not make, or that is answered, is a violation', async () => {
  for (const frames of [
    [frame(FrameKind.CALL, { callId: 2, parentCallId: 3 })],
    [frame(FrameKind.CALL, { callId: 2, parentCallId: 2 })],
    [frame(FrameKind.RETURN, { callId: 1 }), frame(FrameKind.CALL, { callId: 2, parentCallId: 1 })],
  ]) {
    const { endpoint, wire } = await openRig();
    watch(endpoint.invoke(0, 0, noBytes));
    wire.push(...frames);
    assert.ok(hasCode('GATE_PROTOCOL_VIOLATION')((await endpoint.closed).error));
  }
});

test('a call nested in one that we cancelled is refused, not a violation', async () => {
  const { endpoint, wire, timers } = await openRig({ dispatch: () => assert.fail('dispatched') });
  watch(endpoint.invoke(0, 0, noBytes, { timeoutMs: 1 }));
  timers.advance(1);
  wire.push(frame(FrameKind.CALL, { callId: 2, parentCallId: 1 }));
  await settle();
  const answer = wire.frames().at(-1);
  assert.equal(thrown(answer?.payload ?? noBytes).code, 'GATE_CANCELLED');
  assert.equal(wire.closed, undefined);
});

test('when the parent is answered or cancelled, calls nested in it are aborted', async () => {
  const ends: readonly ((controller: AbortController) => void)[] = [
    () => undefined,
    (controller) => controller.abort(),
  ];
  for (const end of ends) {
    const signals: AbortSignal[] = [];
    const { endpoint, wire } = await openRig({
      dispatch: ({ signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    const controller = new AbortController();
    watch(endpoint.invoke(0, 0, noBytes, { signal: controller.signal }));
    wire.push(frame(FrameKind.CALL, { callId: 2, parentCallId: 1 }));
    await settle();
    wire.frames();
    end(controller);
    wire.push(frame(FrameKind.RETURN, { callId: 1 }));
    await settle();
    assert.ok(hasCode('GATE_CANCELLED')(signals[0]?.reason));
    assert.equal(wire.frames().filter(({ kind, callId }) => kind === FrameKind.THROW && callId === 2).length, 1);
  }
});

test('when a handler ends, its own calls back are cancelled, and later ones refused', async () => {
  const kept: IncomingCall[] = [];
  const calls: { state: string; error?: unknown }[] = [];
  const { wire } = await openRig({
    dispatch: async (incoming) => {
      kept.push(incoming);
      calls.push(watch(incoming.invoke(0, 0, noBytes)));
      return noBytes;
    },
  });
  wire.push(frame(FrameKind.CALL, { callId: 2 }));
  await settle();
  const reason = calls[0]?.error;
  assert.ok(hasCode('GATE_CANCELLED')(reason) && reason instanceof Error);
  assert.equal(reason.message, 'The call that this one belongs to is over. Perhaps it did not await this one.');
  assert.deepEqual(
    wire.frames().map(({ kind }) => kind),
    [FrameKind.CALL, FrameKind.CANCEL, FrameKind.RETURN],
  );
  const [ended] = kept;
  assert.ok(ended);
  await assert.rejects(ended.invoke(0, 0, noBytes), hasCode('GATE_CANCELLED'));
});

test('when a call is cancelled, the calls back of its handler are cancelled too', async () => {
  const calls: { state: string; error?: unknown }[] = [];
  const { wire } = await openRig({
    dispatch: ({ invoke }) => {
      const call = invoke(0, 0, noBytes);
      calls.push(watch(call));
      return call;
    },
  });
  wire.push(frame(FrameKind.CALL, { callId: 2 }), frame(FrameKind.CANCEL, { callId: 2 }));
  await settle();
  assert.ok(hasCode('GATE_CANCELLED')(calls[0]?.error));
});

test('when the gate ends, calls back get lostError as all others', async () => {
  const calls: { state: string; error?: unknown }[] = [];
  const { endpoint, wire } = await openRig({
    dispatch: ({ invoke }) => {
      const call = invoke(0, 0, noBytes);
      calls.push(watch(call));
      return call;
    },
  });
  wire.push(frame(FrameKind.CALL, { callId: 2 }));
  wire.events?.end();
  await endpoint.closed;
  await settle();
  assert.ok(calls[0]?.error instanceof LostError);
});

test('a call nested in a lost call is aborted with lostError', async () => {
  const signals: AbortSignal[] = [];
  const waiting = deferred<Uint8Array>();
  const { endpoint, wire } = await openRig({
    dispatch: ({ signal }) => {
      signals.push(signal);
      return waiting.promise;
    },
  });
  watch(endpoint.invoke(0, 0, noBytes));
  wire.push(frame(FrameKind.CALL, { callId: 2, parentCallId: 1 }));
  wire.events?.end();
  assert.ok(signals[0]?.reason instanceof LostError);
});
