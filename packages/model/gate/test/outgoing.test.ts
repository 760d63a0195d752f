import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { EnclosError, type ErrorCode } from '@enclos/errors';
import { FrameKind } from '../src/index.ts';
import { FrameWriter } from '../src/frame/frame-writer.ts';
import { resolveLimits } from '../src/limits.ts';
import { OutgoingCalls } from '../src/outgoing-calls.ts';
import { encodeThrow } from '../src/messages.ts';
import {
  FakeTimers,
  FakeTransport,
  frame,
  hasCode,
  LostError,
  noBytes,
  openRig,
  settle,
  testLimits,
  watch,
} from './harness.ts';

const noErrors: ReadonlySet<ErrorCode> = new Set();

test('a call carries its table, function, deadline and payload', async () => {
  const { endpoint, wire } = await openRig();
  const call = watch(endpoint.invoke(1, 513, Uint8Array.of(1, 2), { timeoutMs: 2.5 }));
  await settle();
  assert.deepEqual(wire.frames(), [
    frame(FrameKind.CALL, { table: 1, functionIndex: 513, callId: 1, timeoutMs: 3, payload: Uint8Array.of(1, 2) }),
  ]);
  wire.push(frame(FrameKind.RETURN, { callId: 1, payload: Uint8Array.of(3) }));
  await settle();
  assert.deepEqual(call, { state: 'resolved', value: Uint8Array.of(3) });
});

test('the payload is copied before invoke returns', async () => {
  const { endpoint, wire } = await openRig();
  const payload = Uint8Array.of(1);
  watch(endpoint.invoke(0, 0, payload));
  payload[0] = 2;
  await settle();
  assert.deepEqual(wire.frames()[0]?.payload, Uint8Array.of(1));
});

test('calls of one tick leave in one send', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxPendingCalls: 100 } });
  const before = wire.sends.length;
  for (let call = 0; call < 50; call++) watch(endpoint.invoke(0, call, noBytes));
  await settle();
  assert.equal(wire.sends.length - before, 1);
  assert.deepEqual(
    wire.frames().map(({ callId, functionIndex }) => [callId, functionIndex]),
    Array.from({ length: 50 }, (_, call) => [2 * call + 1, call]),
  );
});

test('answers may come in any order', async () => {
  const { endpoint, wire } = await openRig();
  const calls = [0, 1, 2].map((index) => endpoint.invoke(0, index, noBytes));
  for (const callId of [5, 1, 3]) wire.push(frame(FrameKind.RETURN, { callId, payload: Uint8Array.of(callId) }));
  assert.deepEqual(await Promise.all(calls), [Uint8Array.of(1), Uint8Array.of(3), Uint8Array.of(5)]);
});

test('a THROW rejects with its error', async () => {
  const { endpoint, wire } = await openRig();
  const call = endpoint.invoke(0, 0, noBytes);
  wire.push(frame(FrameKind.THROW, { callId: 1, payload: encodeThrow({ code: 'GATE_BUSY', message: 'full' }) }));
  await assert.rejects(
    call,
    (error) => hasCode('GATE_BUSY')(error) && error instanceof EnclosError && error.details.remote === true,
  );
});

test('a THROW of a code that the peer may not raise, or with no list at all, is GATE_REMOTE_ERROR', async () => {
  const cases = [
    [['GATE_DEADLINE', 'GATE_FRAME_TIMEOUT'], 'SEAL_NOT_OPENED', 'GATE_REMOTE_ERROR'],
    [['GATE_DEADLINE', 'GATE_FRAME_TIMEOUT'], 'GATE_FRAME_TIMEOUT', 'GATE_REMOTE_ERROR'],
    [['GATE_DEADLINE', 'GATE_FRAME_TIMEOUT'], 'GATE_DEADLINE', 'GATE_DEADLINE'],
    [undefined, 'GATE_DEADLINE', 'GATE_REMOTE_ERROR'],
  ] as const;
  for (const [remoteErrors, sent, received] of cases) {
    const { endpoint, wire } = await openRig({ remoteErrors });
    const call = endpoint.invoke(0, 0, noBytes);
    wire.push(frame(FrameKind.THROW, { callId: 1, payload: encodeThrow({ code: sent, message: 'm' }) }));
    await assert.rejects(call, hasCode(received));
  }
});

test('a deadline rejects, cancels, and keeps the id until the peer answers', async () => {
  const { endpoint, wire, timers } = await openRig({ limits: { ...testLimits, maxPendingCalls: 1 } });
  const call = endpoint.invoke(0, 0, noBytes, { timeoutMs: 10 });
  timers.advance(9);
  assert.equal(watch(call).state, 'pending');
  timers.advance(1);
  await assert.rejects(call, hasCode('GATE_DEADLINE'));
  await settle();
  assert.deepEqual(wire.frames().at(-1), frame(FrameKind.CANCEL, { callId: 1 }));
  await assert.rejects(endpoint.invoke(0, 0, noBytes), hasCode('GATE_BUSY'));
  wire.push(frame(FrameKind.RETURN, { callId: 1, payload: Uint8Array.of(1) }));
  const next = endpoint.invoke(0, 0, noBytes);
  wire.push(frame(FrameKind.RETURN, { callId: 3 }));
  assert.deepEqual(await next, noBytes);
  assert.equal(timers.count, 0);
});

test('a signal rejects and cancels, with its reason as the cause', async () => {
  const { endpoint, wire } = await openRig();
  const controller = new AbortController();
  const call = endpoint.invoke(0, 0, noBytes, { signal: controller.signal });
  controller.abort('why');
  await assert.rejects(
    call,
    (error) => hasCode('GATE_CANCELLED')(error) && error instanceof Error && error.cause === 'why',
  );
  await settle();
  assert.deepEqual(
    wire.frames().map(({ kind }) => kind),
    [FrameKind.CALL, FrameKind.CANCEL],
  );
});

test('no timer and no listener outlives a call', async () => {
  const { endpoint, wire, timers } = await openRig();
  const { signal } = new AbortController();
  const call = endpoint.invoke(0, 0, noBytes, { signal, timeoutMs: 10 });
  assert.equal(timers.count, 1);
  wire.push(frame(FrameKind.RETURN, { callId: 1 }));
  await call;
  assert.equal(timers.count, 0);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('an aborted signal or a deadline in the past sends nothing', async () => {
  const { endpoint, wire } = await openRig();
  await assert.rejects(endpoint.invoke(0, 0, noBytes, { signal: AbortSignal.abort() }), hasCode('GATE_CANCELLED'));
  await assert.rejects(endpoint.invoke(0, 0, noBytes, { timeoutMs: 0 }), hasCode('GATE_DEADLINE'));
  await assert.rejects(endpoint.invoke(0, 0, noBytes, { timeoutMs: -5 }), hasCode('GATE_DEADLINE'));
  assert.deepEqual(wire.frames(), []);
});

test('application and system functions have room of their own', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxPendingCalls: 1, maxPendingSystemCalls: 2 } });
  for (const table of [0, 1, 1]) watch(endpoint.invoke(table, 0, noBytes));
  for (const table of [0, 1]) await assert.rejects(endpoint.invoke(table, 0, noBytes), hasCode('GATE_BUSY'));
  // The second is a system function: its end leaves no room for another application function.
  wire.push(frame(FrameKind.RETURN, { callId: 3 }));
  await assert.rejects(endpoint.invoke(0, 0, noBytes), hasCode('GATE_BUSY'));
  watch(endpoint.invoke(1, 0, noBytes));
  await assert.rejects(endpoint.invoke(1, 0, noBytes), hasCode('GATE_BUSY'));
});

test('more than maxPendingCalls are refused at once', async () => {
  const { endpoint } = await openRig();
  for (let call = 0; call < 4; call++) watch(endpoint.invoke(0, 0, noBytes));
  await assert.rejects(endpoint.invoke(0, 0, noBytes), hasCode('GATE_BUSY'));
});

test('arguments out of range are refused', async () => {
  const { endpoint } = await openRig();
  const refused = [
    endpoint.invoke(2, 0, noBytes),
    endpoint.invoke(0, 65_536, noBytes),
    endpoint.invoke(0, -1, noBytes),
    endpoint.invoke(0, 0.5, noBytes),
    endpoint.invoke(0, 0, noBytes, { timeoutMs: 2 ** 31 }),
    endpoint.invoke(0, 0, noBytes, { timeoutMs: Number.NaN }),
    endpoint.invoke(0, 0, noBytes, { maxResultBytes: -1 }),
    // @ts-expect-error: a caller in plain JavaScript.
    endpoint.invoke(0, 0, 'text'),
  ];
  for (const call of refused) await assert.rejects(call, hasCode('GATE_INVALID_ARGUMENT'));
  await assert.rejects(endpoint.invoke(0, 0, new Uint8Array(8173)), {
    code: 'GATE_FRAME_TOO_LARGE',
    message: 'The arguments take 8173 bytes, and at most 8172 fit (limits.maxFrameBytes).',
    next: 'Send less at once, or raise limits.maxFrameBytes in enclave.json, which holds for both sides, and build again.',
  });
});

test('a result over maxResultBytes is a violation, one at the bound is not', async () => {
  const { endpoint, wire } = await openRig();
  const good = endpoint.invoke(0, 0, noBytes, { maxResultBytes: 1 });
  const bad = endpoint.invoke(0, 0, noBytes, { maxResultBytes: 1 });
  wire.push(frame(FrameKind.RETURN, { callId: 1, payload: Uint8Array.of(1) }));
  assert.deepEqual(await good, Uint8Array.of(1));
  wire.push(frame(FrameKind.RETURN, { callId: 3, payload: Uint8Array.of(1, 2) }));
  await assert.rejects(bad, (error) => error instanceof LostError && hasCode('GATE_PROTOCOL_VIOLATION')(error.cause));
});

test('answers to calls that were not made, or twice, are violations', async () => {
  for (const answers of [
    [frame(FrameKind.RETURN, { callId: 3 })],
    [frame(FrameKind.RETURN, { callId: 2 })],
    [frame(FrameKind.THROW, { callId: 3, payload: encodeThrow({ code: 'X', message: '' }) })],
    [frame(FrameKind.RETURN, { callId: 1 }), frame(FrameKind.RETURN, { callId: 1 })],
    [frame(FrameKind.THROW, { callId: 1, payload: Uint8Array.of(9) })],
  ]) {
    const { endpoint, wire } = await openRig();
    watch(endpoint.invoke(0, 0, noBytes));
    wire.push(...answers);
    assert.ok(hasCode('GATE_PROTOCOL_VIOLATION')((await endpoint.closed).error));
    assert.ok(wire.closed?.reason);
  }
});

test('ids wrap around, keep their parity, and skip those in use', async () => {
  const wire = new FakeTransport();
  const writer = new FrameWriter(wire, { overloaded: () => assert.fail(), failed: () => assert.fail() });
  for (const [firstId, nextId, expected] of [
    [1, 0xffff_fffd, [0xffff_fffd, 0xffff_ffff, 1, 3]],
    [2, 0xffff_fffc, [0xffff_fffc, 0xffff_fffe, 2, 4]],
  ] as const) {
    const lostError = (): Error => new LostError();
    const calls = new OutgoingCalls({
      limits: resolveLimits(testLimits),
      timers: new FakeTimers(),
      writer,
      lostError,
      remoteErrors: noErrors,
      firstId,
      nextId,
    });
    const request = { table: 0, index: 0, payload: noBytes, options: {}, parent: undefined };
    for (let call = 0; call < 4; call++) watch(calls.invoke(request));
    await settle();
    assert.deepEqual(
      wire.frames().map(({ callId }) => callId),
      expected,
    );
  }
  // A range of three ids: 0xfffffffb, 0xfffffffd, 0xffffffff.
  const lostError = (): Error => new LostError();
  const few = new OutgoingCalls({
    limits: resolveLimits(testLimits),
    timers: new FakeTimers(),
    writer,
    lostError,
    remoteErrors: noErrors,
    firstId: 0xffff_fffb,
  });
  const request = { table: 0, index: 0, payload: noBytes, options: {}, parent: undefined };
  for (let call = 0; call < 3; call++) watch(few.invoke(request));
  few.answered(frame(FrameKind.RETURN, { callId: 0xffff_fffd }));
  watch(few.invoke(request));
  await settle();
  assert.deepEqual(
    wire.frames().map(({ callId }) => callId),
    [0xffff_fffb, 0xffff_fffd, 0xffff_ffff, 0xffff_fffd],
  );
});
