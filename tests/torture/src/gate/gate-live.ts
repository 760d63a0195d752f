import { setTimeout as sleep } from 'node:timers/promises';
import { systemInterface } from '@enclos/edl';
import { createWorkshop, descendants, residentMiB, target, type SignedImage } from '@enclos/integration-tests';
import { readImage } from '@enclos/manifest';
import { encodeGateHello, errorsFromEnclave, type EnclaveExit, type LaunchedEnclave } from '@enclos/tee';
import { startWatchedPlatform, type WatchedPlatform } from '../lab.ts';
import type { Program, Tally } from '../program.ts';
import { createRandom, type Random } from '../random.ts';
import { nextAttack } from './attacks.ts';
import { Conversation, Finding, tables, type Grammar } from './conversation.ts';
import { createCounts, type Counts } from './counts.ts';
import { nextMove, quiesce, type Mover } from './moves.ts';
import { chunked, framesBytes, mutateBytes, mutateFrames, noise } from './mutate.ts';
import { readInterface } from './shape.ts';
import { Kind, wireFrame, type WireFrame } from './wire.ts';

const defaultFrames = 100_000;
const maxFindings = 5;
/** The heap of the manifest is 64 MiB, the interpreter takes as much again: what grows without a bound passes this. */
const maxResidentMiB = 320;
/** No answer takes this long, however slow the machine is. */
const watchdogMs = 30_000;
/** How long an attack that may not be fatal is given to be so. */
const graceMs = 40;
/** Every so many enclaves, one does not get past its start. */
const brokenStartsEvery = 6;

const grammar: Grammar = {
  ...tables(readInterface(target.describe()), readInterface(systemInterface.describe())),
  codes: new Set<string>([...errorsFromEnclave, 'GATE_PROTOCOL_VIOLATION', 'GATE_REMOTE_ERROR']),
  maxFrameBytes: 524_288,
};
const echoes: ReadonlySet<string> = new Set(['numbers', 'texts', 'data', 'tree']);
const endless: ReadonlySet<string> = new Set(['wait']);
const startArguments = Uint8Array.of(0);

/** One of the places where enclaves are attacked: a platform of its own, and enclaves of one mode. */
interface Lane {
  readonly platform: WatchedPlatform;
  readonly signed: SignedImage;
  readonly debug: boolean;
  readonly random: Random;
  readonly counts: Counts;
  readonly tally: Tally;
}

/**
 * Frames of a hostile host against live enclaves. Most break no rule, so that an enclave lives long and sees many;
 * in the end each is attacked by what it may not survive. Half of the enclaves are debug enclaves, whose error
 * output the platform gives away: an exception that nobody caught would be seen there.
 */
export const gateLive: Program = async ({ seed, frames: wanted = defaultFrames }, tally) => {
  const workshop = createWorkshop();
  const random = createRandom(seed);
  const counts = createCounts();
  let isolation = '';
  try {
    await Promise.all(
      [false, true].map(async (debug) => {
        const signed = await workshop.signed('target', { debug });
        const platform = await startWatchedPlatform(workshop, debug ? 'debug' : 'production');
        const { layers } = await platform.launcher.describe();
        isolation = `${layers.filter(({ active }) => active).length} of ${layers.length} layers of isolation`;
        const lane = { platform, signed, debug, random: createRandom(random.below(2 ** 31)), counts, tally };
        while (counts.frames < wanted && tally.failures < maxFindings) await attackOne(lane);
        counts.residentMiB('platform', residentMiB(platform.processId));
        await platform.close();
        await tally.check(`the platform of ${debug ? 'debug' : 'production'} enclaves complained of nothing`, () => {
          if (platform.complaints() !== '') throw new Finding(platform.complaints());
        });
      }),
    );
  } finally {
    await workshop.close();
  }
  process.stdout.write(`${counts.text()}\n${isolation}\n`);
};

async function attackOne(lane: Lane): Promise<void> {
  const { platform, signed, debug, counts, tally, random } = lane;
  const launched = await platform.launcher.launch({ ...signed, debug, isolation: 'best' });
  counts.enclaves += 1;
  const conversation = new Conversation(launched.gate, grammar);
  const mover: Mover = { conversation, grammar, random, echoes, endless };
  const isBroken = counts.enclaves % brokenStartsEvery === 0;
  const doing = { what: 'its start', last: new Uint8Array(0) as Uint8Array };
  try {
    if (isBroken) await breakStart(mover, signed, { counts, doing });
    else await liveThrough(mover, lane, doing);
    await checkEnd(conversation, launched, isBroken, counts);
    tally.pass();
  } catch (error) {
    const text = error instanceof Finding ? error.message : String(error instanceof Error ? error.stack : error);
    const bytes = Buffer.from(doing.last.subarray(0, 2048)).toString('hex');
    tally.fail(
      `${debug ? 'debug' : 'production'} enclave ${counts.enclaves}, ${doing.what}: ${text}\n  last bytes: ${bytes}`,
    );
    await launched.terminate();
  }
}

interface Doing {
  what: string;
  last: Uint8Array;
}

async function liveThrough(mover: Mover, lane: Lane, doing: Doing): Promise<void> {
  const { conversation, random } = mover;
  const { counts, platform } = lane;
  await greet(mover, helloOf(lane.signed));
  const processId = descendants(platform.processId).at(-1) ?? 0;
  const look = (): void => {
    const resident = residentMiB(processId);
    counts.residentMiB('enclave', resident);
    if (resident > maxResidentMiB) throw new Finding(`The enclave takes ${resident.toFixed(0)} MiB.`);
    if (platform.exitCode() !== null) throw new Finding(`The platform ended with ${String(platform.exitCode())}.`);
  };
  // Near the end of their range ids come round.
  if (random.below(4) === 0) conversation.continueFrom(0xffff_ff00 + random.below(0x100));
  for (let batches = 6 + random.below(14); batches > 0; batches--) {
    doing.what = 'a batch';
    const frames = Array.from({ length: 20 + random.below(120) }, () => nextMove(mover));
    await send(mover, frames, { counts, doing });
    look();
    if (random.below(3) > 0) counts.frames += await quiesce(mover, watchdogMs);
    if (conversation.hasEnded) throw new Finding('It ended, and no rule was broken.');
  }
  doing.what = 'all its answers';
  counts.frames += await quiesce(mover, watchdogMs);
  await canary(mover, counts);
  const before = Array.from({ length: random.below(30) }, () => nextMove(mover));
  if (before.length > 0) await send(mover, before, { counts, doing });
  await attack(mover, { counts, doing });
  look();
}

function helloOf({ image }: SignedImage): WireFrame {
  const { name, interfaceDigest } = readImage(image).manifest;
  return wireFrame({ kind: Kind.HELLO, payload: encodeGateHello({ name, interfaceDigest }) });
}

async function greet({ conversation }: Mover, hello: WireFrame): Promise<void> {
  conversation.send(hello);
  await conversation.until('a greeting', () => conversation.hasGreeted, watchdogMs);
  await ask(
    conversation,
    wireFrame({ kind: Kind.CALL, table: 1, callId: conversation.takeId(), payload: startArguments }),
  );
}

/** A call that is right must be served as if nothing had been. */
async function canary({ conversation, grammar: { offered } }: Mover, counts: Counts): Promise<void> {
  const index = offered[0]?.find(({ name }) => name === 'texts')?.index ?? 0;
  const payload = Uint8Array.of(2, 104, 105, 3, 226, 130, 172);
  await ask(conversation, wireFrame({ kind: Kind.CALL, index, callId: conversation.takeId(), payload }));
  counts.frames += 1;
}

async function ask(conversation: Conversation, frame: WireFrame): Promise<void> {
  conversation.ours.set(frame.callId, { frame, isEcho: frame.table === 0, mayFail: false });
  conversation.send(frame);
  await conversation.until('an answer to a right call', () => !conversation.ours.has(frame.callId), watchdogMs);
  if (conversation.hasEnded) throw new Finding('It ended at a right call.');
}

async function send(
  { conversation, random }: Mover,
  frames: readonly WireFrame[],
  { counts, doing }: { readonly counts: Counts; readonly doing: Doing },
): Promise<void> {
  doing.last = framesBytes(frames);
  counts.frames += frames.length;
  for (const chunk of chunked(doing.last, random)) conversation.write(chunk);
  // Gives the other side a chance to interleave: else every batch is read before anything of it is answered.
  if (random.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
}

async function attack(mover: Mover, { counts, doing }: { counts: Counts; doing: Doing }): Promise<void> {
  const { conversation } = mover;
  const { name, frames, chunks, then, isFatal } = nextAttack(mover);
  conversation.isWild = true;
  doing.what = name;
  doing.last = Buffer.concat(chunks);
  counts.attack(name, frames);
  for (const chunk of chunks) conversation.write(chunk);
  if (then === 'half-close') conversation.halfClose();
  if (then === 'destroy') conversation.destroy();
  if (isFatal || then !== 'nothing') await conversation.until('an end', () => false, watchdogMs);
  else
    await Promise.race([sleep(graceMs), conversation.until('an end', () => false, watchdogMs).catch(() => undefined)]);
  if (conversation.finding !== undefined) throw conversation.finding;
}

/** What a host can do wrong before its enclave serves anything. */
async function breakStart(
  mover: Mover,
  signed: SignedImage,
  { counts, doing }: { readonly counts: Counts; readonly doing: Doing },
): Promise<void> {
  const { conversation, random } = mover;
  const hello = helloOf(signed);
  const start = wireFrame({ kind: Kind.CALL, table: 1, callId: 1, payload: startArguments });
  const frames = random.pick<() => WireFrame[]>([
    () => [start, hello],
    () => [hello, hello],
    () => [{ ...hello, payload: mutateBytes(hello.payload.slice(), random) }, start],
    () => [{ ...hello, payload: noise(random, random.pick([0, 1, 100, 70_000])) }],
    () => [hello, { ...start, payload: noise(random, random.below(100)) }, start, { ...start, callId: 3 }],
    () => [hello, { ...start, payload: Uint8Array.of(1, 1, 65, 1, 66) }],
    () => [hello, ...Array.from({ length: 40 }, () => nextMove(mover)), start],
    () => [hello],
    () => [],
  ])();
  conversation.isWild = true;
  doing.what = 'a start that is broken';
  if (frames.length > 1 && random.below(2) === 0) mutateFrames(frames, random);
  const bytes = framesBytes(frames);
  const cut = random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
  doing.last = cut;
  counts.attack(doing.what, frames.length);
  for (const chunk of chunked(cut, random)) conversation.write(chunk);
  await Promise.race([
    sleep(random.pick([0, graceMs, 400])),
    conversation.until('an end', () => false, watchdogMs).catch(() => undefined),
  ]);
  if (conversation.finding !== undefined) throw conversation.finding;
}

const ends: readonly { readonly exitCode: number; readonly detail: string; readonly atStart: boolean }[] = [
  { exitCode: 0, detail: 'The enclave ended with its host.', atStart: false },
  // `start` refused its variables, or the gate closed before it was over.
  { exitCode: 4, detail: 'The enclave could not start.', atStart: true },
];

/** The process must be gone when its gate is, for a reason that is known, and without a word on its error output. */
async function checkEnd(
  conversation: Conversation,
  launched: LaunchedEnclave,
  isBroken: boolean,
  counts: Counts,
): Promise<void> {
  conversation.destroy();
  const late = sleep(watchdogMs, undefined, { ref: false }).then((): EnclaveExit => {
    throw new Finding('Its host is gone, and it runs.');
  });
  const { exitCode, signal, detail } = await Promise.race([launched.exited, late]);
  const known = ends.some(
    (end) => end.exitCode === exitCode && detail.startsWith(end.detail) && (isBroken || !end.atStart),
  );
  counts.end(`${detail.split('\n')[0] ?? ''} (code ${exitCode ?? 'none'}, signal ${signal ?? 'none'})`);
  if (!known) throw new Finding(`It ended with code ${exitCode ?? 'none'}, signal ${signal ?? 'none'}: ${detail}`);
  const more = detail.slice(detail.indexOf('.') + 1).trim();
  if (more !== '' && !/^The enclave could not start: EnclosError: /.test(more))
    throw new Finding(`It complained: ${more}`);
}
