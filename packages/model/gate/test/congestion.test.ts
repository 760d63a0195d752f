import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind } from '../src/index.ts';
import { frame, hasCode, noBytes, openRig, settle, testLimits, watch } from './harness.ts';

test('while congested nothing is sent; then all in order', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxPendingCalls: 200 } });
  wire.congested = true;
  watch(endpoint.invoke(0, 0, noBytes));
  await settle();
  const sent = wire.sends.length;
  for (let index = 1; index < 100; index++) {
    watch(endpoint.invoke(0, index, new Uint8Array(1000)));
    if (index % 7 === 0) await settle(1);
  }
  await settle();
  assert.equal(wire.sends.length, sent);
  wire.drain();
  await settle();
  assert.deepEqual(
    wire.frames().map(({ functionIndex }) => functionIndex),
    Array.from({ length: 100 }, (_, index) => index),
  );
});

test('a transport that is congested after every send gets one send a drain', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxFrameBytes: 200_000, maxPendingCalls: 10 } });
  wire.congested = true;
  for (let index = 0; index < 4; index++) watch(endpoint.invoke(0, index, new Uint8Array(100_000)));
  await settle();
  for (let sends = 1; sends <= 4; sends++) {
    assert.equal(wire.frames().length, 1);
    wire.events?.drain();
  }
  assert.equal(wire.frames().length, 0);
});

test('a large payload is sent as it is, behind its header and in its turn', async () => {
  const { endpoint, wire } = await openRig({
    limits: { ...testLimits, maxFrameBytes: 1_000_000, maxPendingCalls: 10 },
  });
  const large = new Uint8Array(300_000).fill(7);
  wire.congested = true;
  watch(endpoint.invoke(0, 0, Uint8Array.of(1)));
  watch(endpoint.invoke(0, 1, large));
  watch(endpoint.invoke(0, 2, Uint8Array.of(2)));
  wire.congested = false;
  wire.drain();
  await settle();
  assert.equal(wire.sends.filter((sent) => sent.buffer === large.buffer).length, 1);
  const frames = wire.frames();
  assert.deepEqual(
    frames.map(({ functionIndex, payload }) => [functionIndex, payload.length]),
    [
      [0, 1],
      [1, 300_000],
      [2, 1],
    ],
  );
  assert.deepEqual(frames[1]?.payload, large);
});

test('answers that wait keep their slots, so that they stay bounded', async () => {
  let dispatched = 0;
  const { wire } = await openRig({
    dispatch: async () => {
      dispatched++;
      return new Uint8Array(5000);
    },
  });
  wire.congested = true;
  for (let id = 1; id <= 8; id++) wire.push(frame(FrameKind.CALL, { callId: 2 * id }));
  await settle();
  // Two answered in the batch that met the congestion, two run, none of the others.
  assert.equal(dispatched, 4);
  wire.drain();
  await settle();
  assert.equal(dispatched, 4);
  assert.equal(wire.frames().filter(({ kind }) => kind === FrameKind.RETURN).length, 4);
  wire.push(frame(FrameKind.CALL, { callId: 20 }));
  await settle();
  assert.equal(dispatched, 5);
});

test('a peer that floods without reading is no longer read, until it has caught up', async () => {
  const { endpoint, wire, timers } = await openRig({ dispatch: () => new Promise(() => undefined) });
  wire.congested = true;
  watch(endpoint.invoke(0, 0, noBytes));
  await settle();
  let id = 0;
  while (!wire.paused && id < 1_000_000) wire.push(frame(FrameKind.CALL, { callId: (id += 2) }));
  assert.equal(wire.paused, true);
  assert.ok(id < 60_000, `paused after ${id / 2} calls`);
  // The clock of a begun frame stands still while it is we who do not read.
  wire.push(Uint8Array.of(16));
  timers.advance(10_000);
  assert.ok(wire.closed === undefined);
  wire.drain();
  assert.equal(wire.paused, false);
  timers.advance(500);
  assert.ok(hasCode('GATE_FRAME_TIMEOUT')((await endpoint.closed).error));
});

test('calls of ours that wait never stop reading: two busy peers must not block each other', async () => {
  const { endpoint, wire } = await openRig({
    limits: { ...testLimits, maxFrameBytes: 2_000_000, maxPendingCalls: 10 },
  });
  wire.congested = true;
  for (let index = 0; index < 10; index++) watch(endpoint.invoke(0, index, new Uint8Array(1_000_000)));
  await settle();
  assert.equal(wire.paused, false);
});

test('an answer to a call that still waits for the transport is a violation: the peer cannot have read it', async () => {
  for (const guessed of [FrameKind.RETURN, FrameKind.THROW]) {
    const { endpoint, wire } = await openRig();
    wire.congested = true;
    const first = watch(endpoint.invoke(0, 0, noBytes));
    await settle();
    const second = watch(endpoint.invoke(0, 1, noBytes));
    await settle();
    wire.push(frame(FrameKind.RETURN, { callId: 1 }));
    await settle();
    assert.equal(first.state, 'resolved');
    wire.push(frame(guessed, { callId: 3, payload: guessed === FrameKind.THROW ? Uint8Array.of(1, 0, 65) : noBytes }));
    assert.ok(hasCode('GATE_PROTOCOL_VIOLATION')((await endpoint.closed).error));
    assert.equal(second.state, 'rejected');
  }
});

test('large and small calls that the transport has taken may be answered', async () => {
  const { endpoint, wire } = await openRig({
    limits: { ...testLimits, maxFrameBytes: 1_000_000, maxPendingCalls: 10 },
  });
  wire.congested = true;
  const calls = [1, 300_000, 1].map((size, index) => watch(endpoint.invoke(0, index, new Uint8Array(size))));
  await settle();
  wire.drain();
  wire.congested = true;
  watch(endpoint.invoke(0, 3, noBytes));
  await settle();
  wire.push(...[1, 3, 5].map((callId) => frame(FrameKind.RETURN, { callId })));
  await settle();
  assert.deepEqual(
    calls.map(({ state }) => state),
    ['resolved', 'resolved', 'resolved'],
  );
});

test('log lines are dropped under congestion, and before the greeting beyond a bound', async () => {
  const { endpoint, wire } = await openRig();
  wire.congested = true;
  endpoint.log(0, 'a');
  await settle();
  endpoint.log(0, 'b');
  wire.drain();
  endpoint.log(0, 'c');
  await settle();
  assert.deepEqual(
    wire.frames().map(({ payload }) => Buffer.from(payload).toString()),
    ['a', 'c'],
  );
});
