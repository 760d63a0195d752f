import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import { decodeHeader, encodeMessage, headerBytes, maximumBytes, type Message } from '../../src/protocol/messages.ts';
import type { Mode } from '../../src/roles.ts';

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });
const nonce = bytes(32, 32);
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });
const mode = fc.constantFrom<Mode>('fresh', 'cached');
const none = fc.constant(new Uint8Array());
const message: fc.Arbitrary<Message> = fc.oneof(
  record({ kind: fc.constant('challenge' as const), nonce, leastMode: mode }),
  record({ kind: fc.constant('nonce' as const), nonce }),
  record({
    kind: fc.constant('evidence' as const),
    mode: fc.constant('fresh' as const),
    quote: bytes(1, 5000),
    signature: none,
    endorsements: bytes(0, 5000),
  }),
  record({
    kind: fc.constant('evidence' as const),
    mode: fc.constant('cached' as const),
    quote: none,
    signature: bytes(1, maximumBytes.signature),
    endorsements: bytes(0, 5000),
  }),
  fc.constant<Message>({ kind: 'accepted' }),
  record({
    kind: fc.constant('refused' as const),
    reason: fc.constantFrom('protocol' as const, 'evidence' as const, 'policy' as const, 'no-evidence' as const),
  }),
);

test('messages come back as they went in, in whatever pieces the stream has', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      bytes(0, 5),
      fc.array(fc.integer({ min: 1, max: 700 })),
      (sent, rest, sizes) => {
        const stream = concatBytes(...sent.map(encodeMessage), rest);
        const reader = new FrameReader();
        const received: Message[] = [];
        for (let at = 0, piece = 0; at < stream.length; piece++) {
          const size = sizes[piece] ?? 1000;
          reader.push(stream.subarray(at, at + size));
          at += size;
          // The rest is what no frame took: it is not looked at.
          while (received.length < sent.length) {
            const next = reader.next();
            if (next === undefined) break;
            received.push(next);
          }
        }
        assert.deepEqual(received, sent);
        assert.deepEqual(reader.rest, rest);
      },
    ),
  );
});

test('a message in single bytes is read, however long it is', () => {
  const endorsements = new Uint8Array(maximumBytes.endorsements).fill(7);
  const long: Message = {
    kind: 'evidence',
    mode: 'fresh',
    quote: new Uint8Array(100),
    signature: new Uint8Array(),
    endorsements,
  };
  const reader = new FrameReader();
  let read: Message | undefined;
  for (const byte of encodeMessage(long)) {
    reader.push(Uint8Array.of(byte));
    read = reader.next();
  }
  assert.deepEqual(read, long);
});

/** What reading these bytes throws. */
function refusal(frame: Uint8Array): string {
  const reader = new FrameReader();
  reader.push(frame);
  try {
    return reader.next()?.kind ?? 'more is wanted';
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return error.code;
  }
}

const evidence = (parts: {
  readonly mode?: number;
  readonly quote?: number;
  readonly signature?: number;
  readonly endorsements?: number;
  readonly content?: number;
}): Uint8Array => {
  const {
    mode: number = 2,
    quote = 0,
    signature = 0,
    endorsements = 0,
    content = quote + signature + endorsements,
  } = parts;
  const payload = new Uint8Array(11 + content);
  const view = new DataView(payload.buffer);
  view.setUint8(0, number);
  view.setUint32(1, quote, true);
  view.setUint16(5, signature, true);
  view.setUint32(7, endorsements, true);
  const header = new Uint8Array(headerBytes);
  header.set([1, 3]);
  new DataView(header.buffer).setUint32(2, payload.length, true);
  return concatBytes(header, payload);
};

test('each rule about a frame refuses what breaks it', () => {
  const [accepted, refused] = [
    encodeMessage({ kind: 'accepted' }),
    encodeMessage({ kind: 'refused', reason: 'policy' }),
  ];
  assert.equal(refusal(accepted), 'accepted');
  assert.equal(refusal(accepted.subarray(0, 5)), 'more is wanted');
  assert.equal(refusal(refused.subarray(0, 6)), 'more is wanted');
  const changed = (frame: Uint8Array, at: number, value: number): Uint8Array =>
    frame.map((byte, i) => (i === at ? value : byte));
  assert.equal(refusal(changed(accepted, 0, 2)), 'CODEC_INVALID');
  assert.equal(refusal(changed(accepted, 1, 0)), 'CODEC_INVALID');
  assert.equal(refusal(changed(accepted, 1, 6)), 'CODEC_INVALID');
  assert.equal(refusal(changed(refused, 6, 9)), 'CODEC_INVALID');
  const challenge = encodeMessage({ kind: 'challenge', nonce: new Uint8Array(32), leastMode: 'fresh' });
  assert.equal(refusal(changed(challenge, challenge.length - 1, 3)), 'CODEC_INVALID');
  assert.equal(refusal(changed(challenge.subarray(0, -1), 2, 32)), 'CODEC_TRUNCATED');
});

test('a header that announces too much is refused before its payload comes', () => {
  const limits = [33, 32, 11 + 131_072 + 160 + 524_288, 0, 1];
  for (const [index, limit] of limits.entries()) {
    const header = new Uint8Array(headerBytes);
    header.set([1, index + 1]);
    new DataView(header.buffer).setUint32(2, limit, true);
    assert.equal(decodeHeader(header).payloadBytes, limit);
    new DataView(header.buffer).setUint32(2, limit + 1, true);
    assert.equal(refusal(header), 'CODEC_OUT_OF_RANGE');
  }
});

test('evidence is of one mode: a quote without a signature, or a signature without a quote', () => {
  assert.equal(refusal(evidence({ quote: 5 })), 'evidence');
  assert.equal(refusal(evidence({ mode: 1, signature: 70 })), 'evidence');
  for (const parts of [
    {},
    { signature: 70 },
    { quote: 5, signature: 70 },
    { mode: 1, quote: 5 },
    { mode: 1 },
    { mode: 3, quote: 5 },
  ]) {
    assert.equal(refusal(evidence(parts)), 'CODEC_INVALID');
  }
  assert.equal(refusal(evidence({ quote: 131_073, content: 131_073 })), 'CODEC_OUT_OF_RANGE');
  assert.equal(refusal(evidence({ mode: 1, signature: 161 })), 'CODEC_OUT_OF_RANGE');
  assert.equal(refusal(evidence({ quote: 1, endorsements: 524_289, content: 10 })), 'CODEC_OUT_OF_RANGE');
  assert.equal(refusal(evidence({ quote: 5, content: 4 })), 'CODEC_TRUNCATED');
  assert.equal(refusal(evidence({ quote: 5, content: 6 })), 'CODEC_TRAILING');
});
