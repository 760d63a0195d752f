import { setTimeout as sleep } from 'node:timers/promises';
import { encodeValue, systemInterface } from '@enclos/edl';
import { createWorkshop, descendants, residentMiB, target, type SignedImage } from '@enclos/process-kit';
import { readImage } from '@enclos/manifest';
import { encodeGateHello, errorsFromEnclave, type EnclaveExit, type LaunchedEnclave } from '@enclos/tee';
import { startWatchedPlatform, type WatchedPlatform } from '../lab.ts';
import type { Program, Tally } from '../program.ts';
import { createRandom, type Random } from '../random.ts';
import { tables } from './conversation.ts';
import { createCounts, type Counts } from './counts.ts';
import { Finding } from './finding.ts';
import { nextMove } from './moves.ts';
import { chunked, framesBytes, mutateBytes, mutateFrames, noise } from './mutate.ts';
import {
  ask,
  attack,
  endWithin,
  graceMs,
  greet,
  openSession,
  report,
  talk,
  watchdogMs,
  type Session,
} from './session.ts';
import { readInterface } from './shape.ts';
import { Kind, wireFrame, type WireFrame } from './wire.ts';

const defaultFrames = 100_000;
const maxFindings = 5;
/** The heap of the manifest is 64 MiB, the interpreter takes as much again: what grows without a bound passes this. */
const maxResidentMiB = 320;
/** Every so many enclaves, one does not get past its start. */
const brokenStartsEvery = 6;

const enclave = {
  grammar: {
    ...tables(readInterface(target.describe()), readInterface(systemInterface.describe())),
    codes: new Set<string>([...errorsFromEnclave, 'GATE_PROTOCOL_VIOLATION', 'GATE_REMOTE_ERROR']),
    maxFrameBytes: 524_288,
  },
  echoes: new Set(['numbers', 'texts', 'data', 'tree']),
  endless: new Set(['wait']),
  asking: new Set(['ask', 'nest', 'storm']),
};
const startParameters = systemInterface.trusted.start.parameters;
const noVariables = encodeValue(startParameters, { hostEnvironment: [] });
const strangeVariable = encodeValue(startParameters, { hostEnvironment: [{ name: 'A', value: 'B' }] });
const serveIndex = enclave.grammar.offered[0]?.find(({ name }) => name === 'serve')?.index ?? 0;
/** Two texts, and the function that gives them back. */
const canary = {
  index: enclave.grammar.offered[0]?.find(({ name }) => name === 'texts')?.index ?? 0,
  payload: Uint8Array.of(2, 104, 105, 3, 226, 130, 172),
};

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
        const lane = { debug, random: createRandom(random.below(2 ** 31)), counts, tally };
        const signed = await workshop.signed('target', { debug });
        const platform = await startWatchedPlatform(workshop, debug ? 'debug' : 'production');
        const { layers } = await platform.launcher.describe();
        isolation = `${layers.filter(({ active }) => active).length} of ${layers.length} layers of isolation`;
        while (counts.frames < wanted && tally.failures < maxFindings) await attackOne({ ...lane, signed, platform });
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
  counts.opened += 1;
  const session = openSession(launched.gate, enclave, { random, counts });
  const isBroken = counts.opened % brokenStartsEvery === 0;
  const name = `${debug ? 'debug' : 'production'} enclave ${counts.opened}`;
  try {
    if (isBroken) await breakStart(session, signed);
    else await liveThrough(session, lane);
    await checkEnd(session, launched, isBroken);
    tally.pass();
  } catch (error) {
    tally.fail(`${name}, ${report(session, error)}`);
    await launched.terminate();
  }
}

async function liveThrough(session: Session, { signed, platform }: Lane): Promise<void> {
  const { counts, mover } = session;
  await greet(session, helloOf(signed));
  await ask(session, { table: 1, payload: noVariables });
  const processId = descendants(platform.processId).at(-1) ?? 0;
  const look = (): void => {
    const resident = residentMiB(processId);
    counts.residentMiB('enclave', resident);
    counts.residentMiB('platform', residentMiB(platform.processId));
    if (resident > maxResidentMiB) throw new Finding(`The enclave takes ${resident.toFixed(0)} MiB.`);
    if (platform.exitCode() !== null) throw new Finding(`The platform ended with ${String(platform.exitCode())}.`);
  };
  await ask(session, { index: serveIndex });
  await talk(session, 6 + mover.random.below(14), look);
  await ask(session, canary);
  await attack(session);
  look();
}

function helloOf({ image }: SignedImage): WireFrame {
  const { name, interfaceDigest } = readImage(image).manifest;
  return wireFrame({ kind: Kind.HELLO, payload: encodeGateHello({ name, interfaceDigest }) });
}

/** What a host can do wrong before its enclave serves anything. */
async function breakStart(session: Session, signed: SignedImage): Promise<void> {
  const { mover, counts } = session;
  const { conversation, random } = mover;
  const hello = helloOf(signed);
  const start = wireFrame({ kind: Kind.CALL, table: 1, callId: 1, payload: noVariables });
  const frames = random.pick<() => WireFrame[]>([
    () => [start, hello],
    () => [hello, hello],
    () => [{ ...hello, payload: mutateBytes(hello.payload.slice(), random) }, start],
    () => [{ ...hello, payload: noise(random, random.pick([0, 1, 100, 70_000])) }],
    () => [hello, { ...start, payload: noise(random, random.below(100)) }, start, { ...start, callId: 3 }],
    // A variable that the manifest does not take.
    () => [hello, { ...start, payload: strangeVariable }],
    () => [hello, ...Array.from({ length: 40 }, () => nextMove(mover)), start],
    () => [hello],
    () => [],
  ])();
  conversation.isWild = true;
  session.doing = 'a start that is broken';
  if (frames.length > 1 && random.below(2) === 0) mutateFrames(frames, random);
  const bytes = framesBytes(frames);
  session.last = random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
  counts.attack(session.doing, frames.length);
  for (const chunk of chunked(session.last, random)) conversation.write(chunk);
  await endWithin(conversation, random.pick([0, graceMs, 10 * graceMs]), false);
}

const ends: readonly { readonly exitCode: number; readonly detail: string; readonly atStart: boolean }[] = [
  { exitCode: 0, detail: 'The enclave ended with its host.', atStart: false },
  // `start` refused its variables, or the gate closed before it was over.
  {
    exitCode: 4,
    detail:
      'Its code failed before it was ready: a module threw, or used a name that does not exist inside, or its start function failed.',
    atStart: true,
  },
];

/** The process must be gone when its gate is, for a reason that is known, and without a word on its error output. */
async function checkEnd({ mover, counts }: Session, launched: LaunchedEnclave, isBroken: boolean): Promise<void> {
  mover.conversation.destroy();
  const late = sleep(watchdogMs, undefined, { ref: false }).then((): EnclaveExit => {
    throw new Finding('Its host is gone, and it runs.');
  });
  late.catch(() => undefined);
  const { exitCode, signal, detail } = await Promise.race([launched.exited, late]);
  const [first = '', ...rest] = detail.split('\n');
  const how = `${first} (code ${exitCode ?? 'none'}, signal ${signal ?? 'none'})`;
  counts.end(how);
  const isKnown = ends.some((end) => end.exitCode === exitCode && end.detail === first && (isBroken || !end.atStart));
  // A debug enclave whose gate ends in the greeting says so.
  const isSaid = isBroken && (rest[0] ?? '').startsWith('The enclave could not start: EnclosError: ');
  if (!isKnown || (rest.length > 0 && !isSaid)) throw new Finding(`${how}\n${rest.join('\n')}`);
}
