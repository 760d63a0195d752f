import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameKind, LARGE_PAYLOAD_BYTES, type Frame } from '../src/index.ts';
import { deferred, frame, noBytes, openRig, settle, testLimits, watch } from './harness.ts';

const call = (callId: number, payload: Uint8Array): Frame => frame(FrameKind.CALL, { callId, payload });

/** The buffer of a transport that reads into the same memory each time. */
function readBuffer(...frames: readonly Frame[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames.map(encodeFrame)));
}

test('the arguments of a small call are read where they arrived, and nothing is allocated for them', async () => {
  const seen: ArrayBufferLike[] = [];
  const { wire } = await openRig({
    dispatch: ({ payload }) => {
      seen.push(payload.buffer);
      return payload;
    },
  });
  const chunk = readBuffer(call(2, Uint8Array.of(1)), call(4, Uint8Array.of(2)));
  wire.push(chunk);
  assert.deepEqual(
    seen.map((buffer) => buffer === chunk.buffer),
    [true, true],
  );
  // The result was copied before the memory is used again.
  chunk.fill(0xee);
  await settle();
  assert.deepEqual(
    wire.frames().map(({ payload }) => payload),
    [Uint8Array.of(1), Uint8Array.of(2)],
  );
});

test('a call that waits keeps its arguments when the memory that they arrived in is used again', async () => {
  const first = deferred<Uint8Array>();
  const { wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1 },
    dispatch: ({ payload }) => (payload[0] === 1 ? first.promise : payload),
  });
  const chunk = readBuffer(call(2, Uint8Array.of(1)), call(4, Uint8Array.of(2, 3)));
  wire.push(chunk);
  chunk.fill(0xee);
  first.resolve(noBytes);
  await settle();
  assert.deepEqual(wire.frames().at(-1), frame(FrameKind.RETURN, { callId: 4, payload: Uint8Array.of(2, 3) }));
});

test('arguments from 256 KiB on are handed over, because values stay in their memory', async () => {
  const kept: Uint8Array[] = [];
  const { wire } = await openRig({
    limits: { ...testLimits, maxFrameBytes: 2 ** 20 },
    dispatch: ({ payload }) => {
      kept.push(payload);
      return noBytes;
    },
  });
  const chunk = readBuffer(call(2, new Uint8Array(LARGE_PAYLOAD_BYTES).fill(7)));
  wire.push(chunk);
  chunk.fill(0xee);
  assert.deepEqual(kept, [new Uint8Array(LARGE_PAYLOAD_BYTES).fill(7)]);
});

test('a result is the caller’s, whatever arrives after it', async () => {
  const { endpoint, wire } = await openRig();
  const result = watch(endpoint.invoke(0, 0, noBytes));
  const chunk = readBuffer(frame(FrameKind.RETURN, { callId: 1, payload: Uint8Array.of(5) }));
  wire.push(chunk);
  chunk.fill(0xee);
  await settle();
  assert.deepEqual(result, { state: 'resolved', value: Uint8Array.of(5) });
});
