import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { descendants, isRunning, processesWith, until } from '@enclos/process-kit';
import { kill, within } from '../processes.ts';
import { markVariables, parseMark, type Mark } from '../marks.ts';
import { compiled, makePipe, type Lane } from '../workplace.ts';

export type Victim = 'host' | 'platform' | 'wrapper' | 'enclave';

/** When to kill whom. */
export interface Moment {
  readonly victim: Victim;
  readonly step: string;
  /** Which occurrence of the step. */
  readonly nth: number;
  /** How long the process stands still at the step; 0: it goes on, and the kill comes when it comes. */
  readonly holdMs: number;
  /** From the mark of the step to the kill. */
  readonly delayMs: number;
}

/** What a run did, until all of it was gone. */
export interface Run {
  readonly marks: readonly Mark[];
  /** Undefined when the run was over before its moment. */
  readonly killedAt: bigint | undefined;
  readonly exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
}

/** Far more than anything here takes on a loaded machine. */
const runLimitMs = 60_000;
const goneLimitMs = 30_000;

/** @throws Error when something of the run hangs, or is left. */
export async function runLoop(lane: Lane, moment: Moment | undefined, rounds: number): Promise<Run> {
  const pipe = join(lane.folder, 'marks');
  makePipe(pipe);
  // Open for both, so that no reader or writer waits for the other and there is no end while we look (fifo(7)).
  const descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const marks: Mark[] = [];
  let killedAt: bigint | undefined;
  const child = startHost(lane, moment, rounds);
  const kills = (): void => {
    const victim = moment === undefined ? undefined : find(moment.victim, child, marks);
    const at = process.hrtime.bigint();
    if (victim !== undefined && isRunning(victim) && kill(victim)) killedAt = at;
  };
  const stream = new Socket({ fd: descriptor, readable: true, writable: false });
  let seen = 0;
  createInterface({ input: stream }).on('line', (line) => {
    const made = parseMark(line);
    marks.push(made);
    if (moment === undefined || made.step !== moment.step || ++seen !== moment.nth) return;
    if (moment.delayMs === 0) kills();
    else setTimeout(kills, moment.delayMs);
  });
  try {
    const exit = await within('the host ends', runLimitMs, exitOf(child));
    await until('all of the run is gone', () => leftOf(lane).length === 0, goneLimitMs);
    // Its last words may still be in the pipe.
    const said = (): boolean => exit.code !== 0 || hasSaidTheEnd(marks);
    await until('the host said that it ends', said, goneLimitMs);
    // A host that was over when the kill came ended as it wanted.
    if (moment?.victim === 'host' && exit.signal === null) killedAt = undefined;
    return { marks, killedAt, exit };
  } finally {
    for (const processId of leftOf(lane)) kill(processId);
    stream.destroy();
    rmSync(pipe, { force: true });
  }
}

/** Not as the last: a write to a mount that was under way goes on for a moment. */
export function hasSaidTheEnd(marks: readonly Mark[]): boolean {
  return marks.some(({ step }) => step === 'ended');
}

async function exitOf(child: ChildProcess): Promise<Run['exit']> {
  const [code, signal] = (await once(child, 'exit')) as unknown as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function leftOf(lane: Lane): readonly number[] {
  return [...processesWith(`${lane.folder}/`), ...processesWith(lane.enclaveMarker)];
}

function startHost(lane: Lane, moment: Moment | undefined, rounds: number): ChildProcess {
  const files = ['image', 'state', 'mount', 'audit'] as const;
  const args = [...files.flatMap((name) => [`--${name}`, lane[name]]), ...lane.hostArguments];
  const hold = moment === undefined || moment.holdMs === 0 ? '' : `${moment.step} ${moment.nth} ${moment.holdMs}`;
  return spawn(process.execPath, [lane.hostProgram, ...args, '--rounds', String(rounds)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...lane.hostEnvironment,
      TMPDIR: lane.tmp,
      NODE_OPTIONS: `--import=${compiled('marking.preload.js')}`,
      [markVariables.pipe]: join(lane.folder, 'marks'),
      [markVariables.watch]: lane.folder,
      [markVariables.hold]: hold,
    },
  });
}

/** The process of a victim, or undefined when there is none yet. */
function find(victim: Victim, host: ChildProcess, marks: readonly Mark[]): number | undefined {
  if (victim === 'host') return host.pid;
  if (victim === 'platform') return marks.findLast(({ step }) => step === 'platform')?.processId;
  const wrapper = marks.findLast(({ step }) => step === 'spawned')?.value;
  if (wrapper === undefined || victim === 'wrapper') return wrapper;
  return descendants(wrapper).at(-1) ?? wrapper;
}
