import type { Random } from '../random.ts';
import { answer, nextMove, type Mover } from './moves.ts';
import { chunked, framesBytes, mutateBytes, mutateFrames, noise } from './mutate.ts';
import { Kind, maxPieceBytes, referenceDecode, throwPayload, windowBytes, wireFrame, type WireFrame } from './wire.ts';

/** What breaks the protocol, or the connection. */
export interface Attack {
  readonly name: string;
  readonly frames: number;
  readonly chunks: readonly Uint8Array[];
  /** What happens to the connection behind the bytes. */
  readonly behind: 'nothing' | 'half-close' | 'destroy';
  /** The bytes alone are enough: the peer must end the connection by itself. */
  readonly isFatal: boolean;
}

type Make = (mover: Mover) => readonly WireFrame[];

const unknownId = 0x7fff_fff1;
const shortest = (mover: Mover) => {
  const shapes = mover.grammar.offered[0] ?? [];
  return shapes.reduce((least, shape) => (shape.maxParameterBytes < least.maxParameterBytes ? shape : least));
};
const callOf = (mover: Mover, fields: Partial<WireFrame>): WireFrame =>
  wireFrame({ kind: Kind.CALL, index: shortest(mover).index, callId: unknownId, ...fields });

/** Of a stream, and by itself nothing that may not be sent. */
const ofStream = (callId: number, random: Random): WireFrame =>
  random.pick([
    wireFrame({ kind: Kind.STREAM_DATA, callId, payload: new Uint8Array(1) }),
    wireFrame({ kind: Kind.STREAM_CREDIT, callId, parentId: 1 }),
    wireFrame({ kind: Kind.STREAM_END, callId }),
    wireFrame({ kind: Kind.STREAM_CLOSE, callId }),
  ]);

/** One frame too many each: whatever state the conversation is in, these end it. */
const fatal: Readonly<Record<string, Make>> = {
  'a length of four gigabytes': () => [wireFrame({ kind: Kind.CALL, callId: 1, claimedBytes: 0xffff_ffff })],
  'a length one over the limit': ({ grammar }) => [
    wireFrame({ kind: Kind.CALL, callId: 1, claimedBytes: grammar.maxFrameBytes - 3 }),
  ],
  'a length below a header': ({ random }) => [
    wireFrame({ kind: Kind.CALL, callId: 1, claimedBytes: random.below(16) }),
  ],
  'an unknown kind': ({ random }) => [wireFrame({ kind: random.pick([0, 12, 255]) })],
  'an unknown table': (mover) => [callOf(mover, { table: 2 + mover.random.below(254) })],
  'a reserved field': ({ random }) => [
    wireFrame({
      kind: Kind.CANCEL,
      callId: 1,
      ...random.pick([{ table: 1 }, { index: 1 }, { parentId: 1 }, { timeoutMs: 1 }]),
    }),
  ],
  'a second greeting': ({ random }) => [wireFrame({ kind: Kind.HELLO, payload: noise(random, random.below(100)) })],
  'a call without an id': (mover) => [callOf(mover, { callId: 0 })],
  'a call with an id of the other side': (mover) => [callOf(mover, { callId: 2 + 2 * mover.random.below(1000) })],
  'a cancellation of a call of the other side': () => [wireFrame({ kind: Kind.CANCEL, callId: 2 })],
  'a call in one that was not made': (mover) => [callOf(mover, { parentId: 0xffff_fff0 })],
  'arguments over the bound of their function': (mover) => [
    callOf(mover, { payload: new Uint8Array(shortest(mover).maxParameterBytes + 1) }),
  ],
  'arguments of a function that there is not': (mover) => [
    callOf(mover, { index: 0xffff, payload: new Uint8Array(1) }),
  ],
  'a result that nobody waits for': () => [wireFrame({ kind: Kind.RETURN, callId: 0xffff_fffe })],
  'an error that nobody waits for': () => [
    wireFrame({ kind: Kind.THROW, callId: 0xffff_fffe, payload: throwPayload('GATE_BUSY') }),
  ],
  'a result of a call of its own': () => [wireFrame({ kind: Kind.RETURN, callId: unknownId })],
  'a log that is no text': () => [wireFrame({ kind: Kind.LOG, payload: Uint8Array.of(0xff) })],
  'a log of an unknown level': () => [wireFrame({ kind: Kind.LOG, index: 5 })],
  'a log over its bound': () => [wireFrame({ kind: Kind.LOG, payload: new Uint8Array(8193) })],
  'a reserved field of a stream': ({ random }) => [
    wireFrame({
      kind: random.pick([Kind.STREAM_END, Kind.STREAM_CLOSE]),
      callId: 1,
      ...random.pick([{ table: 1 }, { index: 1 }, { parentId: 1 }, { timeoutMs: 1 }, { payload: new Uint8Array(1) }]),
    }),
  ],
  'a stream without a number': ({ random }) => [ofStream(0, random)],
  'something of a stream that there is not': ({ random }) => [ofStream(unknownId, random)],
  'a piece of a stream without bytes': () => [wireFrame({ kind: Kind.STREAM_DATA, callId: 1 })],
  'a piece of a stream over its bound': () => [
    wireFrame({ kind: Kind.STREAM_DATA, callId: 1, payload: new Uint8Array(maxPieceBytes + 1) }),
  ],
  'a grant of nothing': () => [wireFrame({ kind: Kind.STREAM_CREDIT, callId: 1 })],
  'a goodbye with a payload': () => [wireFrame({ kind: Kind.GOODBYE, payload: new Uint8Array(1) })],
};

/** What can be done to a call that the peer has made: empty when it has made none. */
const toTheirs: Readonly<Record<string, Make>> = {
  'an answer twice': (mover) => {
    const one = answer(mover);
    return [one, one];
  },
  'a result over its bound': (mover) => {
    const [[callId, { shape }] = [0, { shape: { maxResultBytes: 0 } }]] = [...mover.conversation.theirs];
    const sizeBytes = Math.min(shape.maxResultBytes + 1, mover.grammar.maxFrameBytes);
    return [wireFrame({ kind: Kind.RETURN, callId, payload: new Uint8Array(sizeBytes) })];
  },
  'an error that is malformed': (mover) => {
    const [callId = 0] = mover.conversation.theirs.keys();
    const payload = mover.random.pick([
      new Uint8Array(0),
      new Uint8Array(1),
      Uint8Array.of(9, 0, 65),
      throwPayload('lower case'),
      throwPayload(''),
      throwPayload('A'.repeat(65)),
      throwPayload('A', Uint8Array.of(0xff)),
    ]);
    return [wireFrame({ kind: Kind.THROW, callId, payload })];
  },
};

/** What can be done to a stream that both sides know. */
const toStreams: Readonly<Record<string, (id: number, mover: Mover) => readonly WireFrame[]>> = {
  'bytes behind the end of a stream': (callId) => [
    wireFrame({ kind: Kind.STREAM_END, callId }),
    wireFrame({ kind: Kind.STREAM_DATA, callId, payload: new Uint8Array(1) }),
  ],
  'a second end of a stream': (callId) => [
    wireFrame({ kind: Kind.STREAM_END, callId }),
    wireFrame({ kind: Kind.STREAM_END, callId }),
  ],
  'something of a stream behind its close': (callId, { random }) => [
    wireFrame({ kind: Kind.STREAM_CLOSE, callId }),
    ofStream(callId, random),
  ],
  'a grant of more than a window': (callId) => [
    wireFrame({ kind: Kind.STREAM_CREDIT, callId, parentId: windowBytes + 1 }),
  ],
  'more than every window of a stream': (callId) =>
    // What is read meanwhile is granted again, once for as long as nobody grants what is sent back.
    Array.from({ length: 24 }, () =>
      wireFrame({ kind: Kind.STREAM_DATA, callId, payload: new Uint8Array(maxPieceBytes) }),
    ),
};

/** What breaks the protocol only while something is under way that may be over by then. */
const maybe: Readonly<Record<string, Make>> = {
  'two calls with one id': (mover) => [callOf(mover, {}), callOf(mover, {}), callOf(mover, {})],
  'the same frames again': (mover) => {
    const frames = Array.from({ length: 8 }, () => nextMove(mover));
    return [...frames, ...frames];
  },
  'answers before they are asked for': () =>
    Array.from({ length: 8 }, (_, at) => wireFrame({ kind: Kind.RETURN, callId: 0x4000_0000 + 2 * at })),
};

/** The end of the connection, in and between frames. */
const ends: readonly Attack['behind'][] = ['half-close', 'destroy'];

export function nextAttack(mover: Mover): Attack {
  const { random, conversation } = mover;
  const dice = random.below(10);
  if (dice < 3) return crafted(mover, random.pick(Object.entries(fatal)));
  if (dice === 8) return { ...crafted(mover, random.pick(Object.entries(maybe))), isFatal: false };
  const isAsked = conversation.theirs.size > 0;
  if (isAsked && (dice === 3 || dice === 9)) return crafted(mover, random.pick(Object.entries(toTheirs)));
  const known = conversation.streams.all.filter(({ we }) => !we.hasEnded && !we.hasClosed);
  if (known.length > 0 && dice > 6) {
    const [name, make] = random.pick(Object.entries(toStreams));
    const { id } = random.pick(known);
    return crafted(mover, [name, () => make(id, mover)]);
  }
  if (dice === 4) return breakOff(mover);
  return mutated(mover);
}

function crafted(mover: Mover, [name, make]: readonly [string, Make]): Attack {
  const frames = make(mover);
  return {
    name,
    frames: frames.length,
    chunks: chunked(framesBytes(frames), mover.random),
    behind: 'nothing',
    isFatal: true,
  };
}

/** A connection that ends somewhere in its frames, after a goodbye or without one. */
function breakOff(mover: Mover): Attack {
  const { random } = mover;
  const frames = Array.from({ length: 1 + random.below(20) }, () => nextMove(mover));
  const goodbye = random.below(3) === 0;
  if (goodbye) frames.splice(random.below(frames.length + 1), 0, wireFrame({ kind: Kind.GOODBYE }));
  const bytes = framesBytes(frames);
  const kept = random.below(3) === 0 ? bytes : bytes.subarray(0, random.below(bytes.length));
  const behind = random.pick(ends);
  const name = `${goodbye ? 'a goodbye and ' : ''}${behind === 'destroy' ? 'a broken connection' : 'half a connection'}`;
  return { name, frames: frames.length, chunks: chunked(kept, random), behind, isFatal: false };
}

/** A long stretch of frames, mutated: where it breaks the protocol, if it does, is not known before. */
function mutated(mover: Mover): Attack {
  const { random, grammar } = mover;
  const frames = Array.from({ length: 20 + random.below(80) }, () => nextMove(mover));
  const count = frames.length;
  const name = random.pick(['mutated frames', 'mutated bytes', 'frames and bytes mutated'] as const);
  if (name !== 'mutated bytes') for (let i = 1 + random.below(5); i > 0; i--) mutateFrames(frames, random);
  let bytes = framesBytes(frames);
  if (name !== 'mutated frames') for (let i = 1 + random.below(5); i > 0; i--) bytes = mutateBytes(bytes, random);
  const isFatal = referenceDecode(bytes, grammar.maxFrameBytes).end === 'refused';
  return { name, frames: count, chunks: chunked(bytes, random), behind: 'nothing', isFatal };
}
