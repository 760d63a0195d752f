import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameDecoder, FrameKind, type EndpointOptions, type Frame } from '../src/index.ts';
import {
  deferred,
  frame,
  hasCode,
  hello,
  noBytes,
  openRig,
  rig,
  settle,
  testLimits,
  thrown,
  watch,
  pushed,
} from './harness.ts';

const call = (callId: number, fields: Partial<Frame> = {}): Frame => frame(FrameKind.CALL, { callId, ...fields });
/** All of a frame but the payload that its header announces. */
const headerOf = (whole: Frame): Uint8Array => encodeFrame(whole).subarray(0, 20);
const violation = hasCode('GATE_PROTOCOL_VIOLATION');
/** Function n of table t takes at most n + 100 t bytes. */
const maxPayloadBytes = (table: number, index: number): number => index + 100 * table;

test('a call with more than its function takes is a violation at its header', async () => {
  const refused: readonly (readonly [Partial<EndpointOptions>, Frame])[] = [
    [{ maxPayloadBytes }, call(2, { payload: new Uint8Array(1) })],
    [{ maxPayloadBytes }, call(2, { functionIndex: 7, payload: new Uint8Array(8) })],
    [{ maxPayloadBytes }, call(2, { table: 1, functionIndex: 7, payload: new Uint8Array(108) })],
    [{ maxPayloadBytes: () => Number.NaN }, call(2, { payload: new Uint8Array(1) })],
  ];
  for (const [options, whole] of refused) {
    for (const bytes of [headerOf(whole), encodeFrame(whole)]) {
      let dispatched = 0;
      const { endpoint, wire } = await openRig({ ...options, dispatch: async () => Uint8Array.of(dispatched++) });
      wire.push(bytes);
      assert.ok(violation((await endpoint.closed).error));
      assert.equal(dispatched, 0);
    }
  }
});

test('a call with exactly what its function takes is served', async () => {
  const { wire } = await openRig({ maxPayloadBytes });
  wire.push(call(2), call(4, { table: 1, functionIndex: 7, payload: new Uint8Array(107) }));
  await settle();
  assert.deepEqual(
    wire.frames().map(({ kind, callId, payload }) => [kind, callId, payload.length]),
    [
      [FrameKind.RETURN, 2, 0],
      [FrameKind.RETURN, 4, 107],
    ],
  );
});

test('a result larger than asked for, or for no call, is a violation at its header', async () => {
  for (const whole of [
    frame(FrameKind.RETURN, { callId: 1, payload: new Uint8Array(6) }),
    frame(FrameKind.RETURN, { callId: 3, payload: new Uint8Array(1) }),
  ]) {
    const { endpoint, wire } = await openRig();
    watch(endpoint.invoke(0, 0, noBytes, { maxResultBytes: 5 }));
    wire.push(headerOf(whole));
    assert.ok(violation((await endpoint.closed).error));
  }
});

test('before the greeting nothing else is kept, not even a payload', async () => {
  const { endpoint, wire } = rig();
  wire.push(headerOf(call(2, { payload: new Uint8Array(5000) })));
  assert.ok(violation((await endpoint.closed).error));
});

test('an answer behind a goodbye in one chunk does not make the end disorderly', async () => {
  const { endpoint, wire } = rig();
  const pending = watch(endpoint.invoke(0, 0, noBytes));
  const answer = encodeFrame(frame(FrameKind.RETURN, { callId: 1, payload: Uint8Array.of(1) }));
  wire.push(Buffer.concat([hello, encodeFrame(frame(FrameKind.GOODBYE)), answer]));
  wire.events?.end();
  assert.deepEqual(await endpoint.closed, { orderly: true });
  assert.equal(pending.state, 'rejected');
});

test('the decoder keeps nothing of a payload whose header is refused', () => {
  const decoder = new FrameDecoder({
    maxFrameBytes: 8192,
    checkHeader: () => {
      throw new TypeError('refused');
    },
  });
  assert.throws(
    () => pushed(decoder, encodeFrame(call(2, { payload: new Uint8Array(100) })).subarray(0, 60)),
    TypeError,
  );
  assert.equal(decoder.heldBytes, 0);
});

test('waiting calls have a byte budget; what leaves the queue gives its bytes back', async () => {
  const first = deferred<Uint8Array>();
  let count = 0;
  const { wire } = await openRig({
    limits: { ...testLimits, maxConcurrentCalls: 1, maxQueuedCalls: 10, maxQueuedBytes: 100 },
    dispatch: ({ payload }) => (count++ === 0 ? first.promise : Promise.resolve(payload)),
  });
  const sized = (callId: number, sizeBytes: number): Frame => call(callId, { payload: new Uint8Array(sizeBytes) });
  const busy = (): readonly number[] =>
    wire
      .frames()
      .filter(({ kind, payload }) => kind === FrameKind.THROW && thrown(payload).code === 'GATE_BUSY')
      .map(({ callId }) => callId);
  // The first one runs, and is not counted.
  wire.push(sized(2, 5000), sized(4, 60), sized(6, 41), sized(8, 40), sized(10, 1), sized(12, 0));
  await settle();
  assert.deepEqual(busy(), [6, 10]);
  wire.push(frame(FrameKind.CANCEL, { callId: 4 }), sized(14, 61), sized(16, 60));
  await settle();
  assert.deepEqual(busy(), [14]);
  first.resolve(noBytes);
  await settle();
  assert.deepEqual(
    wire.frames().map(({ kind, callId }) => [kind, callId]),
    [2, 8, 12, 16].map((callId) => [FrameKind.RETURN, callId]),
  );
  assert.equal(count, 4);
});

test('the byte budget has a range', () => {
  for (const maxQueuedBytes of [-1, 0.5, 2 ** 40 + 1, Number.NaN]) {
    assert.throws(() => rig({ limits: { ...testLimits, maxQueuedBytes } }), hasCode('GATE_INVALID_ARGUMENT'));
  }
});
