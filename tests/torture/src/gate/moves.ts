import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { answerTo, lines, someArguments } from './answers.ts';
import type { Conversation, Grammar } from './conversation.ts';
import { largestPayload } from './conversation.ts';
import { boundaries } from './mutate.ts';
import { settleStreams, streamMove } from './stream-moves.ts';
import { Kind, wireFrame, type WireFrame } from './wire.ts';

/** What a host may do to its enclave, and a client to its server, without breaking the protocol: hostile, and not fatal. */
export interface Mover {
  readonly conversation: Conversation;
  readonly grammar: Grammar;
  readonly random: Random;
  /** Names of functions that give back what they get. */
  readonly echoes: ReadonlySet<string>;
  /** Those that end when they are cancelled and not before. */
  readonly endless: ReadonlySet<string>;
  /** Those that ask back. */
  readonly asking: ReadonlySet<string>;
}

/** One more frame of a conversation. What it means for the conversation is noted there. */
export function nextMove(mover: Mover): WireFrame {
  const { random, conversation } = mover;
  const dice = random.below(20);
  if (dice < 3 && conversation.theirs.size > 0) return answer(mover);
  if (dice === 3) return cancel(mover);
  if (dice === 4) return logLine(random);
  const ofStream = dice < 10 ? streamMove(mover) : undefined;
  if (ofStream !== undefined) return ofStream;
  return call(mover, random.below(4) === 0 ? parentOf(mover) : 0);
}

function call({ conversation, grammar, random, echoes, endless, asking }: Mover, nested: number): WireFrame {
  const table = random.below(12) === 0 ? 1 : 0;
  const functions = grammar.offered[table] ?? grammar.offered[0] ?? [];
  const chosen = random.pick(functions);
  // Those that wait and those that ask take the time of others, so they are to be few; but they are what makes depth.
  const isBusy = endless.has(chosen.name) || asking.has(chosen.name);
  const shape = isBusy && nested === 0 && random.below(4) > 0 ? random.pick(functions) : chosen;
  const isUnknown = table >= grammar.offered.length || random.below(40) === 0;
  const index =
    isUnknown && random.below(2) === 0 ? functions.length + random.below(0x1_0000 - functions.length) : shape.index;
  const timeoutMs = random.below(12) === 0 ? random.pick(boundaries) : 0;
  const payload = isUnknown ? new Uint8Array(0) : someArguments(shape.parameters, random, shape.maxParameterBytes);
  const frame = wireFrame({
    kind: Kind.CALL,
    table,
    index,
    callId: conversation.takeId(),
    parentId: nested,
    timeoutMs,
    payload: payload.length <= largestPayload(grammar) ? payload : new Uint8Array(0),
  });
  // A call that is nested may be too deep, or end with the call that it is part of.
  const mayFail = timeoutMs !== 0 || nested !== 0;
  conversation.ours.set(frame.callId, { frame, isEcho: !isUnknown && echoes.has(shape.name), mayFail });
  return frame;
}

/** A call of theirs that is open, often the newest: chains get long. */
function parentOf({ conversation, random }: Mover): number {
  const open = [0, ...conversation.theirs.keys()];
  return random.below(2) === 0 ? (open.at(-1) ?? 0) : random.pick(open);
}

function cancel({ conversation, random }: Mover): WireFrame {
  const callId = random.below(4) === 0 ? 1 + 2 * random.below(2 ** 20) : random.pick([1, ...conversation.ours.keys()]);
  const cancelled = conversation.ours.get(callId);
  if (cancelled !== undefined) cancelled.mayFail = true;
  return wireFrame({ kind: Kind.CANCEL, callId });
}

function logLine(random: Random): WireFrame {
  return wireFrame({ kind: Kind.LOG, index: random.below(5), payload: new TextEncoder().encode(random.pick(lines)) });
}

/** Answers one of the calls of the peer. */
export function answer(mover: Mover): WireFrame {
  const { conversation, random } = mover;
  const [callId, { shape }] = random.pick([...conversation.theirs.entries()]);
  conversation.theirs.delete(callId);
  return answerTo(callId, shape, mover);
}

/** Calls within calls of theirs that come between the last answers. */
const lastCalls = 30;

/** Answers, cancels and grants until nothing is under way on either side. @returns the frames that it took. */
export async function quiesce(mover: Mover, withinMs: number): Promise<number> {
  const { conversation, grammar, endless } = mover;
  let frames = 0;
  const send = (frame: WireFrame): void => {
    frames += 1;
    conversation.send(frame);
  };
  const cancelEndless = (): void => {
    for (const [callId, ours] of conversation.ours) {
      const name = grammar.offered[ours.frame.table]?.[ours.frame.index]?.name;
      if (name === undefined || !endless.has(name)) continue;
      ours.mayFail = true;
      send(wireFrame({ kind: Kind.CANCEL, callId }));
    }
  };
  cancelEndless();
  const deadline = performance.now() + withinMs;
  while (!conversation.hasEnded && (conversation.ours.size > 0 || conversation.theirs.size > 0)) {
    while (conversation.theirs.size > 0) {
      if (frames < lastCalls && mover.random.below(3) === 0) {
        send(call(mover, parentOf(mover)));
        cancelEndless();
        // What it leads to, before its parent is answered.
        if (mover.random.below(2) === 0) break;
      } else send(answer(mover));
    }
    // The rest of theirs is answered when there was time for more.
    if (conversation.theirs.size > 0) {
      await sleep(1);
      continue;
    }
    const waiting = conversation.ours.size;
    await conversation.until(
      `an answer to one of ${waiting} calls`,
      () => conversation.theirs.size > 0 || conversation.ours.size < waiting || waiting === 0,
      deadline - performance.now(),
    );
  }
  await settleStreams(mover, { send, deadline });
  return frames;
}
