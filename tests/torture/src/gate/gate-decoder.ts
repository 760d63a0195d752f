import { isEnclosError } from '@enclos/errors';
import { encodeFrame, FrameDecoder, LARGE_PAYLOAD_BYTES, type Frame } from '@enclos/gate';
import type { Program } from '../program.ts';
import { createRandom, type Random } from '../random.ts';
import { boundaries, chunked, framesBytes, mutateBytes, mutateFrames, noise } from './mutate.ts';
import {
  Kind,
  referenceDecode,
  throwPayload,
  wireBytes,
  wireFrame,
  type ReferenceResult,
  type WireFrame,
} from './wire.ts';

const defaultFrames = 1_000_000;
const maxFindings = 10;
/** The least that an endpoint may be given, what the fuzz targets use, and the platform's. */
const frameLimits = [4182, 8192, 1_052_672];
/** A large stream byte by byte takes a second. */
const byteByByteUpTo = 256;

/**
 * Streams of frames, made by the grammar and mutated, against the decoder: however the stream is
 * cut, it gives the frames and the refusal that a plain decoder of the whole stream gives.
 */
export const gateDecoder: Program = async ({ seed, frames: wanted = defaultFrames }, tally) => {
  const random = createRandom(seed);
  const ends = { whole: 0, inside: 0, refused: 0 };
  const counts = { sent: 0, decoded: 0, streams: 0, bytes: 0, slowestMs: 0 };
  const started = performance.now();
  while (counts.sent < wanted && tally.failures < maxFindings) {
    const frames = someFrames(random, 1 + random.below(12));
    const stream = mutated(frames, random);
    const maxFrameBytes = random.pick(frameLimits);
    const before = performance.now();
    const expected = referenceDecode(stream, maxFrameBytes);
    const finding = [stream.length <= byteByByteUpTo ? 1 : 0, 2, 3]
      .map((way) => difference(stream, { maxFrameBytes, expected, chunks: cut(stream, way, random) }))
      .find((text) => text !== undefined);
    if (finding === undefined) tally.pass();
    else tally.fail(`${finding} (limit ${maxFrameBytes}): ${Buffer.from(stream.subarray(0, 4096)).toString('hex')}`);
    ends[expected.end] += 1;
    counts.sent += frames.length;
    counts.decoded += expected.frames.length;
    counts.streams += 1;
    counts.bytes += stream.length;
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - before);
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `frames sent ${counts.sent}, decoded ${counts.decoded}, streams ${counts.streams} ` +
      `(ended whole ${ends.whole}, inside a frame ${ends.inside}, refused ${ends.refused}), ` +
      `${(counts.bytes / 2 ** 20).toFixed(0)} MiB, slowest stream ${counts.slowestMs.toFixed(0)} ms, ${seconds.toFixed(1)} s\n`,
  );
};

/** 0 whole, 1 byte by byte, otherwise at random. */
function cut(stream: Uint8Array, way: number, random: Random): readonly Uint8Array[] {
  if (way === 0) return [stream];
  return way === 1 ? Array.from(stream, (_, at) => stream.subarray(at, at + 1)) : chunked(stream, random);
}

function mutated(frames: WireFrame[], random: Random): Uint8Array {
  for (let times = random.below(3); times > 0; times--) mutateFrames(frames, random);
  let stream = framesBytes(frames);
  for (let times = random.pick([0, 0, 1, 2]); times > 0; times--) stream = mutateBytes(stream, random);
  return stream;
}

function someFrames(random: Random, count: number): WireFrame[] {
  return Array.from({ length: count }, () => someFrame(random));
}

/** A frame that is allowed: each kind, with its fields at their bounds as often as not. */
function someFrame(random: Random): WireFrame {
  const id = random.below(2) === 0 ? 1 + random.below(40) : Math.max(1, random.pick(boundaries));
  switch (1 + random.below(11)) {
    case Kind.HELLO:
      return wireFrame({ kind: Kind.HELLO, payload: somePayload(random) });
    case Kind.CALL:
      return wireFrame({
        kind: Kind.CALL,
        table: random.below(2),
        index: random.pick(boundaries) % 0x1_0000,
        callId: id,
        parentId: random.pick(boundaries),
        timeoutMs: random.pick(boundaries),
        payload: somePayload(random),
      });
    case Kind.RETURN:
      return wireFrame({ kind: Kind.RETURN, callId: id, payload: somePayload(random) });
    case Kind.THROW:
      return wireFrame({
        kind: Kind.THROW,
        callId: id,
        payload: throwPayload('GATE_BUSY', noise(random, random.pick([0, 7, 7, 20, 20, 100, 4087, 4096, 4154]))),
      });
    case Kind.CANCEL:
      return wireFrame({ kind: Kind.CANCEL, callId: id });
    case Kind.LOG:
      return wireFrame({
        kind: Kind.LOG,
        index: random.below(5),
        payload: noise(random, random.pick([0, 1, 8, 20, 20, 80, 80, 4096, 8192, 8193])),
      });
    case Kind.GOODBYE:
      return wireFrame({ kind: Kind.GOODBYE });
    case Kind.STREAM_DATA:
      return wireFrame({
        kind: Kind.STREAM_DATA,
        callId: id,
        payload: noise(random, random.pick(random.below(16) === 0 ? pieceSizes : [1, 2, 20, 100])),
      });
    case Kind.STREAM_CREDIT:
      return wireFrame({ kind: Kind.STREAM_CREDIT, callId: id, parentId: Math.max(1, random.pick(boundaries)) });
    case Kind.STREAM_END:
      return wireFrame({ kind: Kind.STREAM_END, callId: id });
    default:
      return wireFrame({ kind: Kind.STREAM_CLOSE, callId: id });
  }
}

const smallSizes = [0, 0, 1, 2, 3, 8, 20, 33, 64, 100];
/** The last one is too large. */
const pieceSizes = [4162, 4163, 8172, 8173, 65_535, 65_536, 65_537];
const payloadSizes = [255, 256, 1000, 4161, 4162, 4163, 8171, 8172, 8173, 70_000];

function somePayload(random: Random): Uint8Array {
  // The large ones seldom, or most of the time would go into copying.
  const size = random.pick(random.below(16) === 0 ? payloadSizes : smallSizes);
  return noise(random, size);
}

interface Comparison {
  readonly maxFrameBytes: number;
  readonly expected: ReferenceResult;
  readonly chunks: readonly Uint8Array[];
}

/** What the decoder does differently from the reference, in words. */
function difference(stream: Uint8Array, { maxFrameBytes, expected, chunks }: Comparison): string | undefined {
  const decoder = new FrameDecoder({ maxFrameBytes });
  const frames: Frame[] = [];
  let refusals = 0;
  for (const piece of chunks) {
    // The transport may use its buffer again at once: what is overwritten must not be seen later.
    const chunk = piece.slice();
    const error = thrownBy(() =>
      decoder.read(chunk, (frame) => {
        frames.push(isLent(frame) ? { ...frame, payload: frame.payload.slice() } : frame);
      }),
    );
    chunk.fill(0xee);
    if (decoder.heldBytes > maxFrameBytes) return `It held ${decoder.heldBytes} bytes.`;
    if (error === undefined && refusals > 0) return 'It reads on after a refusal.';
    if (error === undefined) continue;
    const isViolation = isEnclosError(error, 'GATE_PROTOCOL_VIOLATION');
    if (!isViolation) return `It threw ${error instanceof Error ? error.message : 'what is no error'}.`;
    refusals += 1;
    // One chunk more shows that it stays refused.
    if (refusals === 2) break;
  }
  if (refusals > 0 !== (expected.end === 'refused')) return `It ${refusals > 0 ? 'refused' : 'accepted'} the stream.`;
  if (frames.length !== expected.frames.length) return `It gave ${frames.length} of ${expected.frames.length} frames.`;
  const other = frames.findIndex((frame, at) => !isSame(frame, expected.frames[at]));
  if (other !== -1) return `Frame ${other} is another one.`;
  const isInside = decoder.unfinishedFrame !== 0;
  if (refusals === 0 && isInside !== (expected.end === 'inside')) return 'It is not where it should be.';
  const restBytes = refusals === 0 ? stream.length - expected.consumed : 0;
  return decoder.heldBytes === restBytes ? undefined : 'It holds other bytes than the rest.';
}

/** Pieces of streams and the arguments of small calls are lent, and nothing else is. */
function isLent({ kind, payload }: Frame): boolean {
  return kind === Kind.STREAM_DATA || (kind === Kind.CALL && payload.length < LARGE_PAYLOAD_BYTES);
}

function thrownBy(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error ?? new Error('It threw nothing.');
  }
}

/** The same fields and payload, and the same bytes when it is encoded again. */
function isSame(frame: Frame, expected: WireFrame | undefined): boolean {
  return expected !== undefined && Buffer.compare(encodeFrame(frame), wireBytes(expected)) === 0;
}
