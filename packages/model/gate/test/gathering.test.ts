import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind, type Frame } from '../src/index.ts';
import { FakeTransport, frame, noBytes, openRig, settle, testLimits, watch } from './harness.ts';

const streamTurns = 3;
const piece = (stream: number, byte = stream): Frame =>
  frame(FrameKind.STREAM_DATA, { callId: stream, payload: new Uint8Array(100).fill(byte) });

/** Sends a frame in each of `turns` turns of the event loop. @returns how many batches had left when each later turn began. */
async function batchesAtEachTurn(turns: number): Promise<readonly number[]> {
  const { endpoint, wire } = await openRig({ streamTurns });
  const before = wire.sends.length;
  const batches: number[] = [];
  return new Promise((resolve) => {
    const turn = (number: number): void => {
      if (number > 0) batches.push(wire.sends.length - before);
      if (number > turns) return resolve(batches);
      // Ahead of what the writer asks for, so that the frame of a turn is there before the writer looks.
      setImmediate(() => turn(number + 1));
      if (number < turns) endpoint.stream(piece(2), false);
    };
    turn(0);
  });
}

test('frames of streams wait for others, and cross with them', async () => {
  const { endpoint, wire } = await openRig({ streamTurns });
  const before = wire.sends.length;
  endpoint.stream(piece(2), false);
  endpoint.stream(piece(4), false);
  assert.equal(wire.sends.length, before);
  await settle(2);
  assert.equal(wire.sends.length, before + 1);
  assert.deepEqual(
    wire.frames().map(({ callId }) => callId),
    [2, 4],
  );
});

test('a lone frame leaves after the first turn that brings no other', async () => {
  assert.deepEqual(await batchesAtEachTurn(1), [0, 1]);
});

test('a frame in each turn is waited for, and no longer than the turns allow', async () => {
  assert.deepEqual(await batchesAtEachTurn(2), [0, 0, 1]);
  assert.deepEqual(await batchesAtEachTurn(2 * (streamTurns + 1)), [0, 0, 0, 1, 1, 1, 1, 2, 2]);
});

test('without turns to wait they cross with what their own turn brings', async () => {
  const { endpoint, wire } = await openRig();
  endpoint.stream(piece(2), false);
  await settle();
  assert.deepEqual(
    wire.frames().map(({ callId }) => callId),
    [2],
  );
});

test('a call does not wait, and takes along what does', async () => {
  const { endpoint, wire } = await openRig({ streamTurns });
  endpoint.stream(piece(2), false);
  watch(endpoint.invoke(0, 0, noBytes));
  // Microtasks only.
  for (let i = 0; i < 40; i++) await Promise.resolve();
  assert.deepEqual(
    wire.frames().map(({ kind }) => kind),
    [FrameKind.STREAM_DATA, FrameKind.CALL],
  );
});

test('a full batch does not wait either', async () => {
  const { endpoint, wire } = await openRig({
    streamTurns,
    limits: { ...testLimits, maxFrameBytes: 100_000 },
  });
  const large = frame(FrameKind.STREAM_DATA, { callId: 2, payload: new Uint8Array(40_000) });
  endpoint.stream(large, false);
  endpoint.stream(large, false);
  assert.equal(wire.frames().length, 1);
  await settle(streamTurns + 1);
  assert.equal(wire.frames().length, 1);
});

test('nothing is sent behind the end of the gate', async () => {
  const { endpoint, wire } = await openRig({ streamTurns });
  endpoint.stream(piece(2), false);
  void endpoint.close(new Error('over'));
  const before = wire.sends.length;
  await settle(streamTurns + 2);
  assert.equal(wire.sends.length, before);
});

/** A transport that knows whether it has sent everything, as a socket does. */
class KnowingTransport extends FakeTransport {
  isEmpty = true;

  hasSent(): boolean {
    return this.isEmpty;
  }
}

async function twoBatches(wire: FakeTransport): Promise<readonly [Uint8Array | undefined, Uint8Array | undefined]> {
  const { endpoint } = await openRig({}, wire);
  for (const stream of [2, 4]) {
    endpoint.stream(piece(stream), false);
    await settle();
  }
  return [wire.sends.at(-2), wire.sends.at(-1)];
}

test('the memory of a batch is used again when the transport has sent everything', async () => {
  const [first, second] = await twoBatches(new KnowingTransport());
  assert.equal(first?.buffer, second?.buffer);
  assert.equal(first?.length, second?.length);
});

test('and is not while the transport keeps something, or where that is not known', async () => {
  const keeping = new KnowingTransport();
  keeping.isEmpty = false;
  for (const wire of [keeping, new FakeTransport()]) {
    const [first, second] = await twoBatches(wire);
    assert.notEqual(first?.buffer, second?.buffer);
    assert.deepEqual(
      wire.frames().flatMap(({ kind, payload }) => (kind === FrameKind.STREAM_DATA ? [payload[0]] : [])),
      [2, 4],
    );
  }
});

test('a transport that keeps what it is given keeps little more than the bytes of it', async () => {
  const wire = new KnowingTransport();
  wire.isEmpty = false;
  const { endpoint } = await openRig({}, wire);
  for (let i = 0; i < 50; i++) {
    endpoint.stream(piece(2), false);
    await settle(1);
  }
  const sizes = wire.sends.slice(1);
  assert.equal(sizes.length, 50);
  for (const { buffer, length } of sizes) {
    assert.ok(buffer.byteLength <= 4 * length, `${buffer.byteLength} for ${length}`);
  }
});

test('a payload that was taken over is never written to', async () => {
  const wire = new KnowingTransport();
  const { endpoint } = await openRig({}, wire);
  const large = new Uint8Array(300_000).fill(7);
  watch(endpoint.invoke(0, 0, large));
  endpoint.stream(piece(2), false);
  await settle();
  assert.ok(large.every((byte) => byte === 7));
});

test('16 KiB of calls leave before their tick is over, and the rest together', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxPendingCalls: 100 } });
  const before = wire.sends.length;
  for (let call = 0; call < 30; call++) watch(endpoint.invoke(0, call, new Uint8Array(1000)));
  // 16 frames of 1020 bytes are less than 16 KiB, and 17 are not.
  assert.equal(wire.sends.length - before, 1);
  assert.equal(wire.frames().length, 17);
  await settle();
  assert.equal(wire.sends.length - before, 2);
  assert.equal(wire.frames().length, 13);
});

test('under congestion they do not', async () => {
  const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxPendingCalls: 100 } });
  wire.congested = true;
  watch(endpoint.invoke(0, 0, noBytes));
  await settle();
  const before = wire.sends.length;
  for (let call = 0; call < 30; call++) watch(endpoint.invoke(0, call, new Uint8Array(1000)));
  await settle();
  assert.equal(wire.sends.length, before);
  wire.drain();
  assert.equal(wire.sends.length, before + 1);
});
