import type { Random } from '../random.ts';
import { answerTo } from './answers.ts';
import type { Conversation, Grammar } from './conversation.ts';
import { noise } from './mutate.ts';
import type { Stream } from './streams.ts';
import { isValue } from './values.ts';
import { Kind, maxPieceBytes, pieceBytes, wireFrame, type WireFrame } from './wire.ts';

interface Hand {
  readonly conversation: Conversation;
  readonly grammar: Grammar;
  readonly random: Random;
}

/** An enclave may have more, and each takes memory. */
const maxStreams = 40;
const pieceSizes = [1, 1, 2, 17, 100, 1000, 1000, 4096, 20_000, maxPieceBytes];

/** One more frame of a stream, or the answer to a call that waits for one, that breaks no rule; nothing when there are none. */
export function streamMove(hand: Hand): WireFrame | undefined {
  const { streams } = hand.conversation;
  const { random } = hand;
  const open = streams.all.filter(({ we }) => !we.hasClosed);
  const isAsked = streams.accepts.length > 0 && open.length < maxStreams;
  if (isAsked && (open.length === 0 || random.below(5) === 0)) return give(hand);
  if (open.length === 0) return undefined;
  const frame = moveOf(random.pick(open), random);
  if (frame !== undefined) streams.sent(frame);
  return frame;
}

/** Gives a connection, or does not. */
function give(hand: Hand): WireFrame {
  const { streams } = hand.conversation;
  const accept = hand.random.pick(streams.accepts);
  const frame = answerTo(accept.callId, accept.shape, hand);
  streams.answered(accept, frame.kind === Kind.RETURN && isValue(accept.shape.result, frame.payload));
  return frame;
}

function moveOf(stream: Stream, random: Random): WireFrame | undefined {
  const { id: callId, we, they, room, ungranted } = stream;
  const dice = random.below(24);
  if (dice === 0 || (they.hasClosed && dice < 8)) return wireFrame({ kind: Kind.STREAM_CLOSE, callId });
  if (dice === 8 && !we.hasEnded) return wireFrame({ kind: Kind.STREAM_END, callId });
  if (ungranted > 0 && (dice < 16 || we.hasEnded)) {
    const amount = random.below(3) === 0 ? 1 + random.below(ungranted) : ungranted;
    return wireFrame({ kind: Kind.STREAM_CREDIT, callId, parentId: amount });
  }
  const mostBytes = Math.min(room - pieceBytes, maxPieceBytes);
  if (we.hasEnded || mostBytes < 1) return undefined;
  const sizeBytes = Math.min(mostBytes, random.pick(pieceSizes));
  return wireFrame({ kind: Kind.STREAM_DATA, callId, payload: noise(random, sizeBytes) });
}

/** Grants and closes until everything has come back that was sent, and every stream that is over is forgotten. */
export async function settleStreams(
  { conversation }: Hand,
  { send, deadline }: { readonly send: (frame: WireFrame) => void; readonly deadline: number },
): Promise<void> {
  const { streams } = conversation;
  const say = (frame: WireFrame): void => {
    streams.sent(frame);
    send(frame);
  };
  const grant = (): void => {
    for (const { id: callId, we, they, ungranted } of streams.all) {
      if (we.hasClosed) continue;
      if (they.hasClosed) say(wireFrame({ kind: Kind.STREAM_CLOSE, callId }));
      else if (ungranted > 0) say(wireFrame({ kind: Kind.STREAM_CREDIT, callId, parentId: ungranted }));
    }
  };
  const isQuiet = (): boolean => {
    grant();
    return streams.isQuiet();
  };
  await conversation.until('the streams are quiet', isQuiet, deadline - performance.now());
}
