import { setTimeout as sleep } from 'node:timers/promises';
import { nextAttack } from './attacks.ts';
import { Conversation, type Grammar } from './conversation.ts';
import type { Counts } from './counts.ts';
import { Finding } from './finding.ts';
import { nextMove, quiesce, type Mover } from './moves.ts';
import { chunked, framesBytes } from './mutate.ts';
import type { Random } from '../random.ts';
import { Kind, wireFrame, type WireFrame } from './wire.ts';
import type { Duplex } from 'node:stream';

/** No answer takes this long, however slow the machine is. */
export const watchdogMs = 30_000;
/** How long an attack that may not be fatal is given to be so. */
export const graceMs = 40;

/** One connection to the side that is attacked, from the greeting to the end. */
export interface Session {
  readonly mover: Mover;
  readonly counts: Counts;
  /** For the report of a finding. */
  doing: string;
  last: Uint8Array;
}

export interface Target {
  readonly grammar: Grammar;
  /** Names of functions that give back what they get. */
  readonly echoes: ReadonlySet<string>;
  /** Those that end when they are cancelled and not before. */
  readonly endless: ReadonlySet<string>;
  /** Those that ask back. */
  readonly asking: ReadonlySet<string>;
}

export function openSession(
  stream: Duplex,
  target: Target,
  { random, counts }: { readonly random: Random; readonly counts: Counts },
): Session {
  const conversation = new Conversation(stream, target.grammar, counts);
  return { mover: { ...target, conversation, random }, counts, doing: 'the greeting', last: new Uint8Array(0) };
}

export async function greet({ mover: { conversation } }: Session, hello: WireFrame): Promise<void> {
  conversation.send(hello);
  await conversation.until('a greeting', () => conversation.hasGreeted, watchdogMs);
  if (conversation.hasEnded) throw new Finding('It ended at a right greeting.');
}

/** A call that is right must be served as if nothing had been. */
export async function ask(session: Session, fields: Partial<WireFrame>): Promise<void> {
  const { conversation, echoes, grammar } = session.mover;
  const frame = wireFrame({ kind: Kind.CALL, callId: conversation.takeId(), ...fields });
  const name = grammar.offered[frame.table]?.[frame.index]?.name ?? '';
  conversation.ours.set(frame.callId, { frame, isEcho: echoes.has(name), mayFail: false, mustSucceed: true });
  conversation.send(frame);
  session.counts.frames += 1;
  await conversation.until(`${name} is answered`, () => !conversation.ours.has(frame.callId), watchdogMs);
  if (conversation.hasEnded) throw new Finding(`It ended at a right call of ${name}.`);
}

/** Batches of what breaks no rule: the other side must serve on. `look` looks after each whether it is well. */
export async function talk(session: Session, batches: number, look: () => void): Promise<void> {
  const { conversation, random } = session.mover;
  // Near the end of their range ids come round.
  if (random.below(4) === 0) conversation.continueFrom(0xffff_ff00 + random.below(0x100));
  for (let batch = 0; batch < batches; batch++) {
    session.doing = 'what breaks no rule';
    await send(session, someMoves(session.mover, 20 + random.below(120)));
    look();
    if (random.below(3) > 0) session.counts.frames += await quiesce(session.mover, watchdogMs);
    if (conversation.hasEnded) throw new Finding('It ended, and no rule was broken.');
  }
  session.doing = 'the answers that are left';
  session.counts.frames += await quiesce(session.mover, watchdogMs);
  if (conversation.hasEnded) throw new Finding('It ended, and no rule was broken.');
}

function someMoves(mover: Mover, count: number): readonly WireFrame[] {
  return Array.from({ length: count }, () => nextMove(mover));
}

async function send(session: Session, frames: readonly WireFrame[]): Promise<void> {
  const { conversation, random } = session.mover;
  session.last = framesBytes(frames);
  session.counts.frames += frames.length;
  for (const chunk of chunked(session.last, random)) conversation.write(chunk);
  // Lets the other side come between: else every batch is read before anything of it is answered.
  if (random.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** What the other side need not survive, on top of what it is busy with. */
export async function attack(session: Session): Promise<void> {
  const { mover, counts } = session;
  const { conversation, random } = mover;
  const before = someMoves(mover, random.below(30));
  if (before.length > 0) await send(session, before);
  if (random.below(2) === 0) await beAsked(session);
  const { name, frames, chunks, behind, isFatal } = nextAttack(mover);
  conversation.isWild = true;
  session.doing = name;
  session.last = Buffer.concat(chunks);
  counts.attack(name, frames);
  for (const chunk of chunks) conversation.write(chunk);
  if (behind === 'half-close') conversation.halfClose();
  if (behind === 'destroy') conversation.destroy();
  const mustEnd = isFatal || behind !== 'nothing';
  await endWithin(conversation, mustEnd ? watchdogMs : graceMs, mustEnd);
}

/** Makes the other side wait for us, if it has a function for that and a slot. */
async function beAsked({ mover, counts }: Session): Promise<void> {
  const { conversation, grammar, asking } = mover;
  const shape = grammar.offered[0]?.find(({ name }) => asking.has(name));
  if (shape === undefined) return;
  const frame = wireFrame({ kind: Kind.CALL, index: shape.index, callId: conversation.takeId() });
  conversation.ours.set(frame.callId, { frame, isEcho: false, mayFail: true });
  conversation.send(frame);
  counts.frames += 1;
  const deadline = performance.now() + graceMs;
  while (conversation.theirs.size === 0 && performance.now() < deadline) await sleep(2);
}

/** @throws Finding, also when there must be an end and there is none. */
export async function endWithin(conversation: Conversation, withinMs: number, mustEnd: boolean): Promise<void> {
  const ended = conversation.until('an end', () => false, mustEnd ? withinMs : watchdogMs);
  if (mustEnd) return ended;
  ended.catch(() => undefined);
  await Promise.race([sleep(withinMs), ended]);
  if (conversation.finding !== undefined) throw conversation.finding;
}

/** What is said of a finding: enough to see it, and to look for it again with the seed. */
export function report(session: Session, error: unknown): string {
  const text = error instanceof Finding ? error.message : String(error instanceof Error ? error.stack : error);
  return `${session.doing}: ${text}\n  last bytes: ${Buffer.from(session.last.subarray(0, 2048)).toString('hex')}`;
}
