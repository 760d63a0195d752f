import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { createEndpoint, createTransportPair, encodeFrame, FrameKind } from '../src/index.ts';
import { frame, hasCode, hello, LostError, openRig, optionsFor, rig, settle, testLimits, watch } from './harness.ts';

test('our greeting is the first thing sent, and at once', () => {
  const { wire } = rig({ hello: Uint8Array.of(7) });
  assert.deepEqual(wire.frames(), [frame(FrameKind.HELLO, { payload: Uint8Array.of(7) })]);
});

test('two endpoints greet, call both ways, and say goodbye', async () => {
  const [left, right] = createTransportPair();
  const greetings: number[] = [];
  const acceptHello = (payload: Uint8Array): void => void greetings.push(payload[0] ?? 0);
  const a = createEndpoint(optionsFor(left, { hello: Uint8Array.of(1), acceptHello }));
  const b = createEndpoint(optionsFor(right, { hello: Uint8Array.of(2), acceptHello, initiator: false }));
  await Promise.all([a.ready, b.ready]);
  assert.deepEqual(new Set(greetings), new Set([1, 2]));
  assert.deepEqual(await a.invoke(0, 3, Uint8Array.of(9)), Uint8Array.of(9));
  assert.deepEqual(await b.invoke(1, 3, Uint8Array.of(8)), Uint8Array.of(8));
  await a.close();
  assert.deepEqual(await a.closed, { orderly: true });
  assert.deepEqual(await b.closed, { orderly: true });
});

test('calls made before the greeting wait for it', async () => {
  const { endpoint, wire } = rig();
  const call = watch(endpoint.invoke(0, 1, Uint8Array.of(5)));
  await settle();
  assert.deepEqual(wire.frames(), [frame(FrameKind.HELLO)]);
  wire.push(hello);
  await settle();
  assert.deepEqual(wire.frames(), [frame(FrameKind.CALL, { functionIndex: 1, callId: 1, payload: Uint8Array.of(5) })]);
  wire.push(frame(FrameKind.RETURN, { callId: 1 }));
  await settle();
  assert.equal(call.state, 'resolved');
});

test('a peer that does not greet in time is dropped', async () => {
  const { endpoint, wire, timers } = rig();
  const call = endpoint.invoke(0, 0, new Uint8Array(0));
  timers.advance(1000);
  await assert.rejects(endpoint.ready, hasCode('GATE_HELLO_TIMEOUT'));
  await assert.rejects(call, LostError);
  assert.ok(hasCode('GATE_HELLO_TIMEOUT')(wire.closed?.reason));
  const { orderly, error } = await endpoint.closed;
  assert.equal(orderly, false);
  assert.ok(hasCode('GATE_HELLO_TIMEOUT')(error));
});

test('a greeting byte by byte does not stretch the time for it', async () => {
  const { endpoint, wire, timers } = rig();
  for (const byte of hello.subarray(0, 19)) {
    timers.advance(60);
    wire.push(Uint8Array.of(byte));
  }
  await assert.rejects(
    endpoint.ready,
    (error) => hasCode('GATE_HELLO_TIMEOUT')(error) || hasCode('GATE_FRAME_TIMEOUT')(error),
  );
});

test('a refused greeting closes the gate, and pending calls are lost', async () => {
  for (const [thrown, code] of [
    [new Error('no'), 'GATE_HELLO_REFUSED'],
    [new EnclosError('GATE_BUSY'), 'GATE_BUSY'],
  ] as const) {
    const { endpoint, wire } = rig({
      acceptHello: () => {
        throw thrown;
      },
    });
    const call = endpoint.invoke(0, 0, new Uint8Array(0));
    wire.push(hello);
    await assert.rejects(endpoint.ready, hasCode(code));
    await assert.rejects(call, (error) => error instanceof LostError && hasCode(code)(error.cause));
    assert.ok(wire.closed?.reason);
    assert.equal(wire.frames().length, 1);
  }
});

test('anything before the greeting is a violation', async () => {
  for (const early of [
    frame(FrameKind.CALL, { callId: 2 }),
    frame(FrameKind.GOODBYE),
    frame(FrameKind.LOG),
    frame(FrameKind.CANCEL, { callId: 2 }),
  ]) {
    const { endpoint, wire } = rig();
    wire.push(early);
    await assert.rejects(endpoint.ready, hasCode('GATE_PROTOCOL_VIOLATION'));
    assert.ok(wire.closed?.reason);
    assert.deepEqual(wire.frames(), [frame(FrameKind.HELLO)]);
  }
});

test('a second greeting is a violation', async () => {
  const { endpoint, wire } = await openRig();
  wire.push(hello);
  assert.ok(hasCode('GATE_PROTOCOL_VIOLATION')((await endpoint.closed).error));
});

test('a stream that ends before the greeting loses the gate', async () => {
  const { endpoint, wire } = rig();
  wire.events?.end(new Error('reset'));
  await assert.rejects(endpoint.ready, LostError);
  assert.equal((await endpoint.closed).error?.message, 'reset');
});

test('closing before the greeting rejects ready and drops waiting calls', async () => {
  const { endpoint, wire } = rig();
  const call = endpoint.invoke(0, 0, Uint8Array.of(1));
  void endpoint.close();
  await assert.rejects(endpoint.ready, LostError);
  await assert.rejects(call, LostError);
  assert.deepEqual(wire.frames(), [frame(FrameKind.HELLO), frame(FrameKind.GOODBYE)]);
  wire.events?.end();
  assert.deepEqual(await endpoint.closed, { orderly: true });
});

test('closing inside acceptHello does not open the gate', async () => {
  const made = rig({ acceptHello: () => void made.endpoint.close() });
  made.wire.push(hello, encodeFrame(frame(FrameKind.CALL, { callId: 2 })));
  await assert.rejects(made.endpoint.ready, LostError);
  assert.deepEqual(made.wire.frames(), [frame(FrameKind.HELLO), frame(FrameKind.GOODBYE)]);
  made.wire.events?.end();
  assert.deepEqual(await made.endpoint.closed, { orderly: true });
});

test('options out of range are refused', () => {
  for (const wrong of [
    { maxFrameBytes: 4181 },
    { maxConcurrentCalls: 0 },
    { maxQueuedCalls: -1 },
    { maxPendingCalls: 0 },
    { maxDepth: 65 },
    { helloTimeoutMs: 2 ** 31 },
    { frameTimeoutMs: 0.5 },
    { closeTimeoutMs: Number.NaN },
  ]) {
    assert.throws(() => rig({ limits: { ...testLimits, ...wrong } }), hasCode('GATE_INVALID_ARGUMENT'));
  }
  assert.throws(() => rig({ hello: new Uint8Array(8173) }), hasCode('GATE_INVALID_ARGUMENT'));
});
