import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What is being written beside its place. A process that is killed leaves it; its name says whose it is. */
export interface Unfinished {
  readonly path: string;
  /** `tmp`: nobody has seen it yet. `done`: it is in its place, and what the one before it left is being removed. */
  readonly state: State;
}

type State = 'tmp' | 'done';

const pattern = /^\.(.+)\.(\d{1,10})-(\d{1,20})-([0-9a-f]{12})-[0-9a-f]{12}\.(tmp|done)$/;

/** Nothing is known of processes on another machine, in another container, or before the last start. */
const longestMs: Readonly<Record<State, number>> = { tmp: 7 * 24 * 60 * 60 * 1000, done: 60 * 1000 };

/**
 * A new name beside a place, `.NAME.PROCESS-START-MACHINE-RANDOM.tmp`. Who wrote it is in the name, so there is no moment at
 * which it is there and nobody's.
 */
export function unfinishedPath(target: string): string {
  const random = randomBytes(6).toString('hex');
  const owner = `${process.pid}-${startOf(process.pid) ?? '0'}-${thisMachine()}-${random}`;
  return join(dirname(target), `.${basename(target)}.${owner}.tmp`);
}

/** The same one, in its next state. */
export function donePath(path: string): string {
  return path.replace(/\.tmp$/, '.done');
}

/** What others write for the same place and have not ended, as far as can be known. */
export async function livingBeside(target: string, own: string): Promise<readonly Unfinished[]> {
  const all = await unfinishedIn(dirname(target), basename(target));
  return all.filter(({ path, isDead }) => !isDead && path !== own && path !== donePath(own));
}

/** Removes what processes that have ended left: for one place, or all of a folder's. It never fails: it is nobody's purpose. */
export async function removeUnfinished(folder: string, name?: string): Promise<void> {
  const all = await unfinishedIn(folder, name);
  const dead = all.filter(({ isDead }) => isDead);
  await Promise.all(dead.map(({ path }) => rm(path, { recursive: true, force: true }).catch(() => undefined)));
}

interface Judged extends Unfinished {
  readonly isDead: boolean;
}

async function unfinishedIn(folder: string, wanted?: string): Promise<readonly Judged[]> {
  const names = await readdir(folder).catch(() => []);
  const judged = names.map(async (name): Promise<Judged | undefined> => {
    const [, of, process_ = '', start, machine, state] = pattern.exec(name) ?? [];
    if (of === undefined || (wanted !== undefined && of !== wanted)) return undefined;
    // The pattern has these two.
    const known = { path: join(folder, name), state: state as State };
    if (machine === thisMachine()) return { ...known, isDead: startOf(Number(process_)) !== start };
    return { ...known, isDead: await isOld(known) };
  });
  return (await Promise.all(judged)).filter((one) => one !== undefined);
}

/** Gone is dead enough. */
async function isOld({ path, state }: Unfinished): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found === undefined || Date.now() - Math.max(found.mtimeMs, found.ctimeMs) > longestMs[state];
}

/**
 * When a process started, in ticks since the machine did: with its number that is a process, and no later one (proc_pid_stat(5), field 22).
 * @returns undefined when there is none.
 */
function startOf(processId: number): string | undefined {
  try {
    // Its name is in parentheses, and may hold spaces and parentheses of its own.
    const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${processId}/stat`, 'utf8')) ?? [];
    const fields = rest.split(' ');
    // A zombie writes nothing any more.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** This start of this machine and its process numbers: they mean nothing elsewhere. */
function thisMachine(): string {
  machine ??= createHash('sha256').update(readMachine()).digest('hex').slice(0, 12);
  return machine;
}

let machine: string | undefined;

function readMachine(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Without /proc nothing can be known, and so nothing is anybody's on the same machine.
    return randomBytes(16).toString('hex');
  }
}
