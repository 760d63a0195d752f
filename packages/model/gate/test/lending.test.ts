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

test('large arguments go into the memory that is offered, whatever it held, and smaller ones do not', async () => {
  const offered: Uint8Array[] = [];
  const kept: Uint8Array[] = [];
  const { wire } = await openRig({
    limits: { ...testLimits, maxFrameBytes: 2 ** 21 },
    memoryFor: (sizeBytes) => {
      const memory = new Uint8Array(sizeBytes + 1000).fill(0xee);
      offered.push(memory);
      return memory;
    },
    dispatch: ({ payload }) => {
      kept.push(payload);
      return noBytes;
    },
  });
  const sizes = [LARGE_PAYLOAD_BYTES - 1, LARGE_PAYLOAD_BYTES, 2 ** 20];
  const frames = sizes.map((size, i) => call(2 * i + 2, new Uint8Array(size).fill(i + 1)));
  const stream = readBuffer(...frames);
  for (let at = 0; at < stream.length; at += 50_000) wire.push(stream.slice(at, at + 50_000));
  assert.deepEqual(
    kept,
    frames.map(({ payload }) => payload),
  );
  const isOffered = ({ buffer }: Uint8Array): boolean => offered.some((memory) => memory.buffer === buffer);
  assert.deepEqual(kept.map(isOffered), [false, true, true]);
  // Nothing but the payload is seen of it from its beginning on.
  for (const { buffer, byteOffset } of kept) assert.ok(!new Uint8Array(buffer, 0, byteOffset).includes(0xee));
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
