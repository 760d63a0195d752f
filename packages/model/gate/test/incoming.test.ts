import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { FrameKind, type Frame, type IncomingCall } from '../src/index.ts';
import { deferred, frame, hasCode, LostError, noBytes, openRig, settle, testLimits, thrown } from './harness.ts';

const call = (callId: number, fields: Partial<Frame> = {}): Frame => frame(FrameKind.CALL, { callId, ...fields });
const codeOf = ({ payload }: Frame): string => thrown(payload).code;
const never = (): Promise<Uint8Array> => new Promise(() => undefined);

test('a call is dispatched with its table, function, payload and depth', async () => {
  const seen: IncomingCall[] = [];
  const { wire } = await openRig({
    dispatch: async (incoming) => {
      seen.push(incoming);
      return Uint8Array.of(7);
    },
  });
  wire.push(call(2, { table: 1, functionIndex: 9, payload: Uint8Array.of(1) }));
  await settle();
  assert.deepEqual(wire.frames(), [frame(FrameKind.RETURN, { callId: 2, payload: Uint8Array.of(7) })]);
  const { table, index, payload, depth, signal } = seen[0] ?? assert.fail();
  assert.deepEqual([table, index, payload, depth, signal.aborted], [1, 9, Uint8Array.of(1), 1, false]);
});

test('what handlers throw crosses as described, whether at once or later', async () => {
  const failures: readonly (() => Promise<Uint8Array>)[] = [
    async () => {
      throw new EnclosError('GATE_DEADLINE', 'mine');
    },
    () => {
      throw new EnclosError('GATE_DEADLINE', 'mine');
    },
  ];
  for (const dispatch of failures) {
    const { wire } = await openRig({ dispatch });
    wire.push(call(2));
    await settle();
    const [answer] = wire.frames();
    assert.ok(answer?.kind === FrameKind.THROW && codeOf(answer) === 'GATE_DEADLINE');
    assert.equal(thrown(answer.payload).message, 'mine');
  }
});

test('a describeError that fails, and results that are not bytes, still give one answer', async () => {
  const secret = new Error('secret');
  for (const overrides of [
    { dispatch: () => Promise.reject(secret), describeError: () => assert.fail('also broken') },
    // A handler in plain JavaScript.
    { dispatch: (async () => 'text') as unknown as () => Promise<Uint8Array> },
    { dispatch: (() => undefined) as unknown as () => Promise<Uint8Array> },
  ]) {
    const { wire } = await openRig(overrides);
    wire.push(call(2));
    await settle();
    const answers = wire.frames();
    assert.equal(answers.length, 1);
    assert.equal(codeOf(answers[0] ?? assert.fail()), 'GATE_REMOTE_ERROR');
    assert.doesNotMatch(thrown(answers[0]?.payload ?? noBytes).message, /secret/);
  }
});

test('a result that fits is sent, a larger one is refused by its code', async () => {
  const { wire } = await openRig({ dispatch: async ({ index }) => new Uint8Array(index) });
  wire.push(call(2, { functionIndex: 8172 }), call(4, { functionIndex: 8173 }));
  await settle();
  const [fits, tooLarge] = wire.frames();
  assert.equal(fits?.payload.length, 8172);
  assert.equal(codeOf(tooLarge ?? assert.fail()), 'GATE_FRAME_TOO_LARGE');
  const { message } = thrown(tooLarge?.payload ?? noBytes);
  assert.equal(message, 'The result takes 8173 bytes, and at most 8172 fit (limits.maxFrameBytes).');
});

test('calls over the slots wait in order, over the queue get GATE_BUSY', async () => {
  const slots = new Map<number, ReturnType<typeof deferred<Uint8Array>>>();
  const { wire } = await openRig({
    dispatch: ({ index }) => {
      const slot = deferred<Uint8Array>();
      slots.set(index, slot);
      return slot.promise;
    },
  });
  for (const index of [1, 2, 3, 4, 5]) wire.push(call(2 * index, { functionIndex: index }));
  await settle();
  assert.deepEqual([...slots.keys()], [1, 2]);
  const [busy] = wire.frames();
  assert.equal(busy?.callId, 10);
  assert.equal(codeOf(busy), 'GATE_BUSY');
  slots.get(2)?.resolve(noBytes);
  await settle();
  assert.deepEqual([...slots.keys()], [1, 2, 3]);
  slots.get(1)?.reject(new Error('x'));
  await settle();
  assert.deepEqual([...slots.keys()], [1, 2, 3, 4]);
  wire.push(call(12, { functionIndex: 6 }), call(14, { functionIndex: 7 }), call(16, { functionIndex: 8 }));
  await settle();
  assert.deepEqual(
    wire.frames().map(({ kind, callId }) => [kind, callId]),
    [
      [FrameKind.RETURN, 4],
      [FrameKind.THROW, 2],
      [FrameKind.THROW, 16],
    ],
  );
});

test('a cancelled running call is answered at once, its slot stays taken until the handler settles', async () => {
  const started: IncomingCall[] = [];
  const first = deferred<Uint8Array>();
  const { wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1 },
    dispatch: (incoming) => {
      started.push(incoming);
      return started.length === 1 ? first.promise : Promise.resolve(noBytes);
    },
  });
  wire.push(call(2), call(4));
  const signal = started[0]?.signal;
  wire.push(frame(FrameKind.CANCEL, { callId: 2 }));
  await settle();
  assert.equal(signal?.aborted, true);
  assert.ok(hasCode('GATE_CANCELLED')(signal?.reason));
  const answers = wire.frames();
  assert.deepEqual(answers.map(codeOf), ['GATE_CANCELLED']);
  assert.equal(started.length, 1);
  first.resolve(Uint8Array.of(1));
  await settle();
  assert.equal(started.length, 2);
  assert.deepEqual(wire.frames(), [frame(FrameKind.RETURN, { callId: 4 })]);
});

test('each table has slots of its own: calls that wait in the one take none from the other', async () => {
  const started: number[] = [];
  const { wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1, maxConcurrentSystemCalls: 2 },
    dispatch: ({ table }) => {
      started.push(table);
      return never();
    },
  });
  for (const callId of [2, 4, 6]) wire.push(call(callId, { table: 1 }));
  for (const callId of [8, 10]) wire.push(call(callId));
  await settle();
  assert.deepEqual(started, [1, 1, 0]);
});

test('a signal asked for after the abort is aborted', async () => {
  const started: IncomingCall[] = [];
  const { wire } = await openRig({
    dispatch: (incoming) => {
      started.push(incoming);
      return never();
    },
  });
  wire.push(call(2), frame(FrameKind.CANCEL, { callId: 2 }));
  assert.equal(started[0]?.signal.aborted, true);
});

test('a cancelled waiting call never runs, and leaves room', async () => {
  const ran: number[] = [];
  const first = deferred<Uint8Array>();
  const { wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1 },
    dispatch: ({ index }) => {
      ran.push(index);
      return index === 1 ? first.promise : Promise.resolve(noBytes);
    },
  });
  wire.push(...[1, 2, 3].map((index) => call(2 * index, { functionIndex: index })));
  for (let again = 0; again < 10; again++) {
    wire.push(frame(FrameKind.CANCEL, { callId: 4 }), call(4, { functionIndex: 2 }));
  }
  wire.push(
    frame(FrameKind.CANCEL, { callId: 4 }),
    frame(FrameKind.CANCEL, { callId: 6 }),
    call(8, { functionIndex: 4 }),
  );
  await settle();
  assert.equal(
    wire.frames().every((answer) => codeOf(answer) === 'GATE_CANCELLED'),
    true,
  );
  first.resolve(noBytes);
  await settle();
  assert.deepEqual(ran, [1, 4]);
});

test('the deadline of the caller is kept here too, running or waiting', async () => {
  const started: IncomingCall[] = [];
  const { wire, timers } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1 },
    dispatch: (incoming) => {
      started.push(incoming);
      return never();
    },
  });
  wire.push(call(2, { timeoutMs: 20 }), call(4, { timeoutMs: 10 }));
  timers.advance(10);
  await settle();
  assert.deepEqual(
    wire.frames().map(({ callId }) => callId),
    [4],
  );
  assert.equal(started[0]?.signal.aborted, false);
  timers.advance(10);
  await settle();
  const [answer] = wire.frames();
  assert.equal(codeOf(answer ?? assert.fail()), 'GATE_DEADLINE');
  assert.ok(hasCode('GATE_DEADLINE')(started[0]?.signal.reason));
  assert.equal(timers.count, 0);
});

test('no timer outlives a call', async () => {
  const { wire, timers } = await openRig();
  wire.push(call(2, { timeoutMs: 20 }));
  assert.equal(timers.count, 1);
  await settle();
  assert.equal(timers.count, 0);
});

test('answers that become ready in different microtasks of a turn leave in one send', async () => {
  const { wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 8 },
    dispatch: async ({ index, payload }) => {
      for (let microtask = 0; microtask < index; microtask++) await Promise.resolve();
      return payload;
    },
  });
  const before = wire.sends.length;
  for (let index = 0; index < 8; index++) wire.push(call(2 * index + 2, { functionIndex: index }));
  await settle();
  assert.equal(wire.frames().length, 8);
  assert.equal(wire.sends.length - before, 1);
});

test('a timeout beyond the timers of the platform does not fire at once', async () => {
  const delays: number[] = [];
  const timers = {
    setTimeout: (_: () => void, delayMs: number) => delays.push(delayMs),
    clearTimeout: () => undefined,
  };
  const { wire } = await openRig({ timers, dispatch: never });
  wire.push(call(2, { timeoutMs: 0xffff_ffff }));
  assert.deepEqual(delays, [1000, 0x7fff_ffff]);
});

test('a CANCEL that crossed the answer is ignored', async () => {
  const { endpoint, wire } = await openRig();
  wire.push(call(2));
  await settle();
  wire.push(frame(FrameKind.CANCEL, { callId: 2 }), call(4));
  await settle();
  assert.equal(wire.frames().length, 2);
  void endpoint.close();
});

test('ids of the wrong side or in use are violations', async () => {
  for (const frames of [
    [call(1)],
    [frame(FrameKind.CANCEL, { callId: 1 })],
    [call(2), call(2)],
    [call(2), call(4), call(6), call(6)],
  ]) {
    const { endpoint, wire } = await openRig({ dispatch: never });
    wire.push(...frames);
    assert.ok(hasCode('GATE_PROTOCOL_VIOLATION')((await endpoint.closed).error));
  }
});

test('the initiator side has odd ids, the other even ones', async () => {
  const { endpoint, wire } = await openRig({ initiator: false });
  void endpoint.invoke(0, 0, noBytes).catch(() => undefined);
  wire.push(call(1));
  await settle();
  assert.deepEqual(
    new Set(wire.frames().map(({ kind, callId }) => `${kind} ${callId}`)),
    new Set([`${FrameKind.CALL} 2`, `${FrameKind.RETURN} 1`]),
  );
});

test('many handlers that throw at once do not become a deep stack', async () => {
  const limits = { ...testLimits, maxConcurrentCalls: 1, maxQueuedCalls: 50_000 };
  const release = deferred<Uint8Array>();
  let count = 0;
  const { wire } = await openRig({
    limits,
    dispatch: () => {
      if (count++ === 0) return release.promise;
      throw new Error('x');
    },
  });
  for (let id = 1; id <= 20_000; id++) wire.push(call(2 * id));
  release.resolve(noBytes);
  await settle();
  assert.equal(wire.frames().length, 20_000);
});

test('the end of the gate aborts running calls and runs no waiting one', async () => {
  const started: IncomingCall[] = [];
  const first = deferred<Uint8Array>();
  const { endpoint, wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1 },
    dispatch: (incoming) => {
      started.push(incoming);
      return first.promise;
    },
  });
  wire.push(call(2), call(4));
  const signal = started[0]?.signal;
  wire.events?.end();
  assert.ok(signal?.reason instanceof LostError);
  first.resolve(noBytes);
  await settle();
  assert.equal(started.length, 1);
  assert.deepEqual(wire.frames(), []);
  await endpoint.closed;
});

test('a result that is there at once is answered in the order of the calls, and frees its slot', async () => {
  const { wire } = await openRig({
    dispatch: ({ payload }) => payload,
    limits: { ...testLimits, maxConcurrentCalls: 1, maxQueuedCalls: 0 },
  });
  wire.push(...[2, 4, 6].map((callId) => call(callId, { payload: Uint8Array.of(callId) })));
  await settle();
  assert.deepEqual(
    wire.frames(),
    [2, 4, 6].map((callId) => frame(FrameKind.RETURN, { callId, payload: Uint8Array.of(callId) })),
  );
});

test('a long queue of calls that are answered at once is not a deep stack', async () => {
  const first = deferred<Uint8Array>();
  const calls = 50_000;
  let depth = 0;
  let deepest = 0;
  const { wire } = await openRig({
    dispatch({ index }) {
      if (index === 1) return first.promise;
      deepest = Math.max(deepest, ++depth);
      queueMicrotask(() => (depth = 0));
      return noBytes;
    },
    limits: { ...testLimits, maxConcurrentCalls: 1, maxQueuedCalls: calls },
  });
  wire.push(call(2, { functionIndex: 1 }), ...Array.from({ length: calls }, (_, i) => call(4 + 2 * i)));
  first.resolve(noBytes);
  await settle();
  assert.equal(wire.frames().length, calls + 1);
  assert.equal(deepest, calls, 'all of them were started in one turn');
});
