import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameDecoder, FrameKind, type Frame } from '../../src/index.ts';
import { isEnclosError } from '@enclos/errors';
import { frame, hasCode, noBytes, pushed } from '../harness.ts';

const limit = { maxFrameBytes: 8192 };
const u32 = fc.nat({ max: 0xffff_ffff });
const id = fc.integer({ min: 1, max: 0xffff_ffff });
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ payload: bytes(300) }).map((fields) => frame(FrameKind.HELLO, fields)),
  fc
    .record({
      table: fc.nat(1),
      functionIndex: fc.nat(0xffff),
      callId: id,
      parentCallId: u32,
      timeoutMs: u32,
      payload: bytes(300),
    })
    .map((fields) => frame(FrameKind.CALL, fields)),
  fc.record({ callId: id, payload: bytes(300) }).map((fields) => frame(FrameKind.RETURN, fields)),
  fc.record({ callId: id, payload: bytes(300) }).map((fields) => frame(FrameKind.THROW, fields)),
  fc.record({ callId: id }).map((fields) => frame(FrameKind.CANCEL, fields)),
  fc.record({ functionIndex: fc.nat(4), payload: bytes(300) }).map((fields) => frame(FrameKind.LOG, fields)),
  fc.constant(frame(FrameKind.GOODBYE)),
  fc
    .record({ callId: id, payload: fc.uint8Array({ minLength: 1, maxLength: 300 }) })
    .map((fields) => frame(FrameKind.STREAM_DATA, fields)),
  fc
    .record({ callId: id, parentCallId: fc.integer({ min: 1, max: 0xffff_ffff }) })
    .map((fields) => frame(FrameKind.STREAM_CREDIT, fields)),
  fc
    .record({ kind: fc.constantFrom(FrameKind.STREAM_END, FrameKind.STREAM_CLOSE), callId: id })
    .map(({ kind, ...fields }) => frame(kind, fields)),
);

/** Cuts bytes into chunks of the given sizes, round and round. */
function* chunksOf(all: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < all.length; turn++) {
    const next = at + (sizes[turn % sizes.length] ?? 1);
    yield all.slice(at, next);
    at = next;
  }
}

/** A header with any field values, valid or not. */
function rawFrame(
  fields: Partial<Omit<Frame, 'kind'>> & { readonly kind: number; readonly length?: number },
): Uint8Array {
  const payload = fields.payload ?? noBytes;
  const all = new Uint8Array(20 + payload.length);
  const view = new DataView(all.buffer);
  view.setUint32(0, fields.length ?? 16 + payload.length, true);
  view.setUint8(4, fields.kind);
  view.setUint8(5, fields.table ?? 0);
  view.setUint16(6, fields.functionIndex ?? 0, true);
  view.setUint32(8, fields.callId ?? 0, true);
  view.setUint32(12, fields.parentCallId ?? 0, true);
  view.setUint32(16, fields.timeoutMs ?? 0, true);
  all.set(payload, 20);
  return all;
}

test('a frame has the documented bytes', () => {
  const encoded = encodeFrame(
    frame(FrameKind.CALL, {
      table: 1,
      functionIndex: 0x0203,
      callId: 0x04050607,
      parentCallId: 8,
      timeoutMs: 9,
      payload: Uint8Array.of(0xaa),
    }),
  );
  assert.deepEqual([...encoded], [17, 0, 0, 0, 2, 1, 3, 2, 7, 6, 5, 4, 8, 0, 0, 0, 9, 0, 0, 0, 0xaa]);
});

/** Each kind, by the table in the package's README: what is built today has to speak with what is built later. */
const goldenFrames: readonly (readonly [bytes: string, of: Frame])[] = [
  ['12000000010000000000000000000000000000000102', frame(FrameKind.HELLO, { payload: Uint8Array.of(1, 2) })],
  [
    '1100000002010302070605040800000009000000aa',
    frame(FrameKind.CALL, {
      table: 1,
      functionIndex: 0x0203,
      callId: 0x04050607,
      parentCallId: 8,
      timeoutMs: 9,
      payload: Uint8Array.of(0xaa),
    }),
  ],
  ['11000000030000000700000000000000000000000a', frame(FrameKind.RETURN, { callId: 7, payload: Uint8Array.of(10) })],
  ['11000000040000000800000000000000000000000b', frame(FrameKind.THROW, { callId: 8, payload: Uint8Array.of(11) })],
  ['1000000005000000090000000000000000000000', frame(FrameKind.CANCEL, { callId: 9 })],
  [
    '11000000060002000000000000000000000000000c',
    frame(FrameKind.LOG, { functionIndex: 2, payload: Uint8Array.of(12) }),
  ],
  ['1000000007000000000000000000000000000000', frame(FrameKind.GOODBYE)],
  [
    '11000000080000000300000000000000000000000d',
    frame(FrameKind.STREAM_DATA, { callId: 3, payload: Uint8Array.of(13) }),
  ],
  ['1000000009000000030000000010000000000000', frame(FrameKind.STREAM_CREDIT, { callId: 3, parentCallId: 4096 })],
  ['100000000a000000030000000000000000000000', frame(FrameKind.STREAM_END, { callId: 3 })],
  ['100000000b000000030000000000000000000000', frame(FrameKind.STREAM_CLOSE, { callId: 3 })],
];

test('every kind of frame has the bytes that it always had', () => {
  assert.deepEqual(
    goldenFrames.map(([, { kind }]) => kind),
    Object.values(FrameKind),
  );
  for (const [hex, of] of goldenFrames) {
    assert.equal(Buffer.from(encodeFrame(of)).toString('hex'), hex);
    assert.deepEqual(pushed(new FrameDecoder(limit), Uint8Array.from(Buffer.from(hex, 'hex'))), [of]);
  }
});

test('a frame above the limit is refused when it arrives whole in one chunk, alone or after others', () => {
  const largest = frame(FrameKind.HELLO, { payload: new Uint8Array(limit.maxFrameBytes - 20).fill(1) });
  const tooLarge = rawFrame({ kind: FrameKind.HELLO, payload: new Uint8Array(limit.maxFrameBytes - 19) });
  assert.deepEqual(pushed(new FrameDecoder(limit), encodeFrame(largest)), [largest]);
  for (const before of [noBytes, encodeFrame(largest)]) {
    const decoder = new FrameDecoder(limit);
    const seen: Frame[] = [];
    const chunk = new Uint8Array(Buffer.concat([before, tooLarge, encodeFrame(largest)]));
    assert.throws(() => decoder.read(chunk, (found) => seen.push(found)), hasCode('GATE_PROTOCOL_VIOLATION'));
    assert.equal(seen.length, before.length > 0 ? 1 : 0);
    assert.equal(decoder.heldBytes, 0);
  }
});

test('frames survive encoding and any chunking', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (frames, sizes) => {
        const decoder = new FrameDecoder(limit);
        const all = Buffer.concat(frames.map(encodeFrame));
        const decoded = [...chunksOf(all, sizes)].flatMap((chunk) => pushed(decoder, chunk));
        assert.deepEqual(decoded, frames);
        assert.equal(decoder.heldBytes, 0);
      },
    ),
  );
});

test('arbitrary bytes give frames or a protocol violation, and never hold more than a frame', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes(80), anyFrame.map(encodeFrame)), { maxLength: 20 }), (chunks) => {
      const decoder = new FrameDecoder(limit);
      try {
        for (const chunk of chunks) {
          for (const decoded of pushed(decoder, chunk)) {
            assert.deepEqual(pushed(new FrameDecoder(limit), encodeFrame(decoded)), [decoded]);
          }
          assert.ok(decoder.heldBytes <= limit.maxFrameBytes);
        }
      } catch (error) {
        assert.ok(isEnclosError(error, 'GATE_PROTOCOL_VIOLATION'), String(error));
      }
    }),
  );
});

const refused: readonly (readonly [string, Uint8Array])[] = [
  ['a length below the header', rawFrame({ kind: 7, length: 15 })],
  ['a length over the limit', rawFrame({ kind: 1, length: 8189 })],
  ['the largest length', rawFrame({ kind: 1, length: 0xffff_ffff })],
  ['kind 0', rawFrame({ kind: 0 })],
  ['kind 12', rawFrame({ kind: 12, callId: 1 })],
  ['HELLO with a call id', rawFrame({ kind: 1, callId: 1 })],
  ['HELLO with a function', rawFrame({ kind: 1, functionIndex: 1 })],
  ['HELLO with a table', rawFrame({ kind: 1, table: 1 })],
  ['CALL without an id', rawFrame({ kind: 2 })],
  ['CALL of table 2', rawFrame({ kind: 2, callId: 1, table: 2 })],
  ['RETURN without an id', rawFrame({ kind: 3 })],
  ['RETURN with a table', rawFrame({ kind: 3, callId: 1, table: 1 })],
  ['RETURN with a function', rawFrame({ kind: 3, callId: 1, functionIndex: 1 })],
  ['RETURN with a parent', rawFrame({ kind: 3, callId: 1, parentCallId: 1 })],
  ['RETURN with a timeout', rawFrame({ kind: 3, callId: 1, timeoutMs: 1 })],
  ['THROW without an id', rawFrame({ kind: 4 })],
  ['THROW with a payload over its bound', rawFrame({ kind: 4, callId: 1, payload: new Uint8Array(4163) })],
  ['CANCEL without an id', rawFrame({ kind: 5 })],
  ['CANCEL with a payload', rawFrame({ kind: 5, callId: 1, payload: Uint8Array.of(0) })],
  ['LOG with a call id', rawFrame({ kind: 6, callId: 1 })],
  ['LOG of level 5', rawFrame({ kind: 6, functionIndex: 5 })],
  ['GOODBYE with a payload', rawFrame({ kind: 7, payload: Uint8Array.of(0) })],
  ['GOODBYE with a timeout', rawFrame({ kind: 7, timeoutMs: 1 })],
  ['GOODBYE with a call id', rawFrame({ kind: 7, callId: 1 })],
  ['STREAM_DATA without a stream', rawFrame({ kind: 8, payload: Uint8Array.of(0) })],
  ['STREAM_DATA without bytes', rawFrame({ kind: 8, callId: 1 })],
  ['STREAM_DATA over its bound', rawFrame({ kind: 8, callId: 1, length: 16 + 65_537 })],
  ['STREAM_DATA with an amount', rawFrame({ kind: 8, callId: 1, parentCallId: 1, payload: Uint8Array.of(0) })],
  ['STREAM_CREDIT without a stream', rawFrame({ kind: 9, parentCallId: 1 })],
  ['STREAM_CREDIT without an amount', rawFrame({ kind: 9, callId: 1 })],
  ['STREAM_CREDIT with a payload', rawFrame({ kind: 9, callId: 1, parentCallId: 1, payload: Uint8Array.of(0) })],
  ['STREAM_CREDIT with a timeout', rawFrame({ kind: 9, callId: 1, parentCallId: 1, timeoutMs: 1 })],
  ['STREAM_END without a stream', rawFrame({ kind: 10 })],
  ['STREAM_END with a payload', rawFrame({ kind: 10, callId: 1, payload: Uint8Array.of(0) })],
  ['STREAM_CLOSE without a stream', rawFrame({ kind: 11 })],
  ['STREAM_CLOSE with a table', rawFrame({ kind: 11, callId: 1, table: 1 })],
];

for (const [what, encoded] of refused) {
  test(`refused whole and byte by byte: ${what}`, () => {
    assert.throws(() => pushed(new FrameDecoder(limit), encoded), hasCode('GATE_PROTOCOL_VIOLATION'));
    const decoder = new FrameDecoder(limit);
    assert.throws(
      () => [...chunksOf(encoded, [1])].forEach((chunk) => pushed(decoder, chunk)),
      hasCode('GATE_PROTOCOL_VIOLATION'),
    );
    assert.equal(decoder.heldBytes, 0);
  });
}

test('LOG text over 8 KiB is refused at its header', () => {
  const decoder = new FrameDecoder({ maxFrameBytes: 65_536 });
  assert.throws(() => pushed(decoder, rawFrame({ kind: 6, length: 16 + 8193 })), hasCode('GATE_PROTOCOL_VIOLATION'));
});

test('a length is refused before anything is kept', () => {
  const decoder = new FrameDecoder(limit);
  assert.throws(() => pushed(decoder, Uint8Array.of(0xff, 0xff, 0xff, 0x7f)), hasCode('GATE_PROTOCOL_VIOLATION'));
  assert.equal(decoder.heldBytes, 0);
});

test('after a refusal nothing is accepted any more', () => {
  const decoder = new FrameDecoder(limit);
  assert.throws(() => pushed(decoder, rawFrame({ kind: 0 })));
  assert.throws(() => pushed(decoder, encodeFrame(frame(FrameKind.GOODBYE))), hasCode('GATE_PROTOCOL_VIOLATION'));
});

test('frames before a bad one are handed over, wherever the chunks are cut', () => {
  const all = Buffer.concat([encodeFrame(frame(FrameKind.GOODBYE)), rawFrame({ kind: 0 })]);
  for (const size of [1, 20, 40]) {
    const decoder = new FrameDecoder(limit);
    const seen: number[] = [];
    assert.throws(() => {
      for (const chunk of chunksOf(all, [size])) decoder.read(chunk, ({ kind }) => seen.push(kind));
    });
    assert.deepEqual(seen, [FrameKind.GOODBYE]);
  }
});

test('payloads are copies in memory of their own', () => {
  const chunk = Buffer.from(encodeFrame(frame(FrameKind.RETURN, { callId: 1, payload: Uint8Array.of(1, 2) })));
  const [whole] = pushed(new FrameDecoder(limit), chunk);
  const decoder = new FrameDecoder(limit);
  const pieces = [pushed(decoder, chunk.subarray(0, 21)), pushed(decoder, chunk.subarray(21))].flat();
  chunk.fill(0);
  for (const decoded of [whole, ...pieces]) {
    assert.deepEqual(decoded?.payload, Uint8Array.of(1, 2));
    assert.equal(decoded?.payload.buffer.byteLength, 2);
  }
});

test('a piece of a stream is lent: right within the listener, and in memory that is used again', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      (frames, sizes) => {
        const decoder = new FrameDecoder(limit);
        const copies: Frame[] = [];
        const kept: Uint8Array[] = [];
        for (const chunk of chunksOf(Buffer.concat(frames.map(encodeFrame)), sizes)) {
          decoder.read(chunk, (each) => {
            copies.push({ ...each, payload: each.payload.slice() });
            if (each.kind === FrameKind.STREAM_DATA) kept.push(each.payload);
          });
          chunk.fill(0xee);
        }
        assert.deepEqual(copies, frames);
        // In the chunk, or where pieces are put together that lie in several: one such place for all.
        const places = new Set(
          kept.filter((piece) => !piece.every((byte) => byte === 0xee)).map(({ buffer }) => buffer),
        );
        assert.ok(places.size <= 1);
      },
    ),
  );
});

test('a large frame in small chunks arrives whole', () => {
  const payload = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
  const decoder = new FrameDecoder({ maxFrameBytes: 400_000 });
  const decoded = [...chunksOf(encodeFrame(frame(FrameKind.HELLO, { payload })), [7001])].flatMap((chunk) =>
    pushed(decoder, chunk),
  );
  assert.deepEqual(decoded, [frame(FrameKind.HELLO, { payload })]);
});

test('a large payload is read into the memory where it stays, which no byte of another frame enters', () => {
  const payload = Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251);
  const stream = Buffer.concat([
    encodeFrame(frame(FrameKind.RETURN, { callId: 1, payload })),
    encodeFrame(frame(FrameKind.RETURN, { callId: 3, payload: Uint8Array.of(7) })),
  ]);
  const decoder = new FrameDecoder({ maxFrameBytes: 4_000_000 });
  assert.equal(decoder.room(), undefined);
  const decoded: Frame[] = [];
  const memories = new Set<ArrayBufferLike>();
  const shared = new Uint8Array(65_536);
  for (let at = 0; at < stream.length;) {
    const memory = decoder.room() ?? shared;
    // Memory follows the bytes that arrived, not the claimed length.
    if (memory !== shared) assert.ok(memory.length <= Math.max(65_536, 32 * at));
    if (memory !== shared) memories.add(memory.buffer);
    const count = Math.min(memory.length, stream.length - at, 50_000);
    memory.set(stream.subarray(at, at + count));
    decoder.read(memory.subarray(0, count), (each) => decoded.push(each));
    at += count;
  }
  assert.deepEqual(decoded, [
    frame(FrameKind.RETURN, { callId: 1, payload }),
    frame(FrameKind.RETURN, { callId: 3, payload: Uint8Array.of(7) }),
  ]);
  assert.ok(memories.has(decoded[0]?.payload.buffer ?? assert.fail()));
  assert.ok(!memories.has(decoded[1]?.payload.buffer ?? assert.fail()));
});

test('memory is not cleared for a payload, which holds nothing that was there before', (t) => {
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  t.mock.method(Buffer, 'allocUnsafeSlow', (sizeBytes: number) => allocate(sizeBytes).fill(0xaa));
  for (const sizeBytes of [1, 70_000, 300_000, 3_000_000]) {
    const payload = new Uint8Array(sizeBytes).fill(1);
    const decoder = new FrameDecoder({ maxFrameBytes: 4_000_000 });
    const stream = encodeFrame(frame(FrameKind.RETURN, { callId: 1, payload }));
    const decoded = [...chunksOf(stream, [20, 50_000])].flatMap((chunk) => pushed(decoder, chunk));
    const { buffer } = decoded[0]?.payload ?? assert.fail();
    assert.deepEqual(decoded[0]?.payload, payload);
    // A handler can look at all of its memory.
    assert.ok(!new Uint8Array(buffer).includes(0xaa));
  }
});

test('whether chunks come in the room or elsewhere, frames are the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.boolean()), { minLength: 1 }),
      fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 4 }),
      (reads, sizes) => {
        const frames = sizes.map((size, i) =>
          frame(FrameKind.RETURN, { callId: i + 1, payload: new Uint8Array(size).fill(i + 1) }),
        );
        const stream = Buffer.concat(frames.map(encodeFrame));
        const decoder = new FrameDecoder({ maxFrameBytes: 500_000 });
        const decoded: Frame[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const [most, usesRoom] = reads[turn % reads.length] ?? assert.fail();
          const room = usesRoom ? decoder.room() : undefined;
          const count = Math.min(most, stream.length - at, room?.length ?? most);
          const memory = room?.subarray(0, count) ?? new Uint8Array(count);
          memory.set(stream.subarray(at, at + count));
          decoder.read(memory, (each) => decoded.push(each));
          at += count;
        }
        assert.deepEqual(decoded, frames);
      },
    ),
  );
});

test('encodeFrame refuses what a decoder would refuse', () => {
  for (const bad of [
    frame(FrameKind.CALL),
    frame(FrameKind.CALL, { callId: 1, table: 2 }),
    frame(FrameKind.CALL, { callId: 2 ** 32 }),
    frame(FrameKind.CALL, { callId: 1, functionIndex: 65_536 }),
    frame(FrameKind.CALL, { callId: 1, timeoutMs: -1 }),
    frame(FrameKind.CALL, { callId: 1, parentCallId: 0.5 }),
    frame(FrameKind.GOODBYE, { payload: Uint8Array.of(1) }),
    frame(FrameKind.LOG, { functionIndex: 5 }),
  ]) {
    assert.throws(() => encodeFrame(bad), hasCode('GATE_INVALID_ARGUMENT'));
  }
});

test('a decoder needs a sensible limit', () => {
  for (const maxFrameBytes of [0, 4181, 2 ** 30 + 1, Number.NaN]) {
    assert.throws(() => new FrameDecoder({ maxFrameBytes }), hasCode('GATE_INVALID_ARGUMENT'));
  }
});
