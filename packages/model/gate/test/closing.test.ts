import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameKind } from '../src/index.ts';
import { frame, hasCode, LostError, noBytes, openRig, settle, watch } from './harness.ts';

test('close says goodbye behind what waits, rejects our calls, and ends the transport', async () => {
  const { endpoint, wire, timers } = await openRig();
  const call = endpoint.invoke(0, 0, noBytes);
  const closing = watch(endpoint.close());
  await assert.rejects(call, LostError);
  assert.deepEqual(
    wire.frames().map(({ kind }) => kind),
    [FrameKind.CALL, FrameKind.GOODBYE],
  );
  assert.deepEqual(wire.closed, { reason: undefined });
  await settle();
  assert.equal(closing.state, 'pending');
  wire.events?.end();
  await settle();
  assert.equal(closing.state, 'resolved');
  assert.deepEqual(await endpoint.closed, { orderly: true });
  assert.equal(timers.count, 0);
});

test('under congestion close waits for the flush', async () => {
  const { endpoint, wire } = await openRig();
  wire.congested = true;
  watch(endpoint.invoke(0, 0, noBytes));
  await settle();
  void endpoint.close();
  assert.equal(wire.closed, undefined);
  wire.drain();
  assert.deepEqual(wire.closed, { reason: undefined });
  assert.equal(wire.frames().at(-1)?.kind, FrameKind.GOODBYE);
});

test('a peer that stops reading cannot hold up close', async () => {
  const { endpoint, wire, timers } = await openRig();
  wire.congested = true;
  watch(endpoint.invoke(0, 0, noBytes));
  await settle();
  const closing = endpoint.close();
  timers.advance(200);
  await closing;
  assert.ok(wire.closed?.reason);
  assert.deepEqual(await endpoint.closed, { orderly: true });
});

test('a goodbye of the peer ends the gate in order', async () => {
  const { endpoint, wire } = await openRig();
  const call = endpoint.invoke(0, 0, noBytes);
  wire.push(frame(FrameKind.GOODBYE));
  await assert.rejects(call, LostError);
  assert.deepEqual(wire.closed, { reason: undefined });
  await assert.rejects(endpoint.invoke(0, 0, noBytes), LostError);
  wire.events?.end(new Error('reset after goodbye'));
  assert.deepEqual(await endpoint.closed, { orderly: true });
  await assert.rejects(endpoint.invoke(0, 0, noBytes), (lost) => lost instanceof LostError && lost.cause === undefined);
});

test('a peer that says goodbye and keeps the connection is cut off', async () => {
  const { endpoint, wire, timers } = await openRig();
  wire.push(frame(FrameKind.GOODBYE));
  timers.advance(200);
  assert.ok(wire.closed?.reason);
  assert.deepEqual(await endpoint.closed, { orderly: true });
});

test('after a goodbye, either way, nothing is read', async () => {
  for (const byPeer of [true, false]) {
    let dispatched = 0;
    const { endpoint, wire } = await openRig({
      dispatch: async () => {
        dispatched++;
        return noBytes;
      },
    });
    // In one chunk: what follows the goodbye is decoded with it.
    const goodbyeAndCall = [FrameKind.GOODBYE, FrameKind.CALL].map((kind) =>
      encodeFrame(frame(kind, kind === FrameKind.CALL ? { callId: 2 } : {})),
    );
    if (byPeer) wire.push(Buffer.concat(goodbyeAndCall));
    else void endpoint.close();
    wire.push(frame(FrameKind.CALL, { callId: 2 }), Uint8Array.of(255, 255, 255, 255));
    wire.events?.end();
    assert.deepEqual(await endpoint.closed, { orderly: true });
    assert.equal(dispatched, 0);
  }
});

test('an end without goodbye is not orderly', async () => {
  for (const error of [undefined, new Error('reset')]) {
    const { endpoint, wire } = await openRig();
    const call = endpoint.invoke(0, 0, noBytes);
    wire.events?.end(error);
    await assert.rejects(call, (lost) => lost instanceof LostError && lost.cause === error);
    assert.deepEqual(await endpoint.closed, error === undefined ? { orderly: false } : { orderly: false, error });
    await assert.rejects(endpoint.invoke(0, 0, noBytes), (lost) => lost instanceof LostError && lost.cause === error);
  }
});

test('close with an error destroys at once, also while closing in order', async () => {
  const reason = new Error('enough');
  for (const first of [false, true]) {
    const { endpoint, wire } = await openRig();
    if (first) void endpoint.close();
    await endpoint.close(reason);
    assert.equal(wire.closed?.reason, reason);
    assert.deepEqual(await endpoint.closed, first ? { orderly: true } : { orderly: false, error: reason });
    assert.equal(wire.frames().length, first ? 1 : 0);
  }
});

test('close may be repeated, and later calls of all kinds do no harm', async () => {
  const { endpoint, wire } = await openRig();
  void endpoint.close();
  void endpoint.close();
  wire.events?.end();
  wire.events?.end();
  await endpoint.close();
  endpoint.log(0, 'late');
  wire.events?.drain();
  wire.push(frame(FrameKind.LOG));
  assert.deepEqual(wire.frames(), [frame(FrameKind.GOODBYE)]);
});

test('a frame that stalls is dropped, with the whole gate', async () => {
  const { endpoint, wire, timers } = await openRig();
  const call = endpoint.invoke(0, 0, noBytes);
  wire.push(Uint8Array.of(16));
  timers.advance(499);
  wire.push(Uint8Array.of(0));
  timers.advance(1);
  await assert.rejects(call, (lost) => lost instanceof LostError && hasCode('GATE_FRAME_TIMEOUT')(lost.cause));
  assert.ok(hasCode('GATE_FRAME_TIMEOUT')((await endpoint.closed).error));
});

test('a slow but finished frame, and silence between frames, are fine', async () => {
  const { endpoint, wire, timers } = await openRig();
  wire.push(Uint8Array.of(16, 0));
  timers.advance(499);
  wire.push(Uint8Array.of(0, 0, 6, 0, 0, 0), new Uint8Array(12), Uint8Array.of(16));
  timers.advance(499);
  wire.push(Uint8Array.of(0, 0, 0, 6, 0, 0, 0), new Uint8Array(12));
  timers.advance(10_000);
  assert.equal(wire.closed, undefined);
  assert.equal(timers.count, 0);
  void endpoint.close();
});

test('a transport that throws ends the gate', async () => {
  const { endpoint, wire } = await openRig();
  wire.send = () => {
    throw new Error('broken');
  };
  await assert.rejects(endpoint.invoke(0, 0, noBytes), LostError);
  assert.equal((await endpoint.closed).error?.message, 'broken');
});
