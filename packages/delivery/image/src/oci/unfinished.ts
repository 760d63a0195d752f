import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRunning, processMark } from '@enclos/durable';

/** A layout that is being written beside its place. A killed process leaves it; its name tells which process wrote it. */
export interface UnfinishedLayout {
  readonly path: string;
  /** `tmp`: it is not in its place yet. `done`: it is in its place, and the blobs of the previous layout are being removed. */
  readonly state: State;
}

type State = 'tmp' | 'done';

const pattern = /^\.(.+)\.(\d{1,10}-\d{1,20}-[0-9a-f]{12})-[0-9a-f]{12}\.(tmp|done)$/;

/** Nothing is known of processes on another machine, in another container, or before the last start. */
const longestMs: Readonly<Record<State, number>> = { tmp: 7 * 24 * 60 * 60 * 1000, done: 60 * 1000 };

/**
 * A new name beside a place, `.NAME.PROCESS-START-MACHINE-RANDOM.tmp`. The name says which process writes it, so there is no
 * moment at which it is there and its owner is not known.
 */
export function unfinishedPath(target: string): string {
  const owner = `${processMark()}-${randomBytes(6).toString('hex')}`;
  return join(dirname(target), `.${basename(target)}.${owner}.tmp`);
}

/** The same one, in its next state. */
export function donePath(path: string): string {
  return path.replace(/\.tmp$/, '.done');
}

/** What others write for the same place and have not ended, as far as can be known. */
export async function livingBeside(target: string, own: string): Promise<readonly UnfinishedLayout[]> {
  const all = await unfinishedIn(dirname(target), basename(target));
  return all.filter(({ path, isDead }) => !isDead && path !== own && path !== donePath(own));
}

/** Removes what processes that have ended left for one place. Never fails: no caller depends on it. */
export async function removeUnfinished(folder: string, name: string): Promise<void> {
  const all = await unfinishedIn(folder, name);
  const dead = all.filter(({ isDead }) => isDead);
  await Promise.all(dead.map(({ path }) => rm(path, { recursive: true, force: true }).catch(() => undefined)));
}

interface JudgedLayout extends UnfinishedLayout {
  readonly isDead: boolean;
}

async function unfinishedIn(folder: string, wanted: string): Promise<readonly JudgedLayout[]> {
  const names = await readdir(folder).catch(() => []);
  const judged = names.map(async (name): Promise<JudgedLayout | undefined> => {
    const [, of, mark = '', state] = pattern.exec(name) ?? [];
    if (of === undefined || of !== wanted) return undefined;
    // The pattern has these two.
    const known = { path: join(folder, name), state: state as State };
    const isOwnerRunning = isRunning(mark);
    return { ...known, isDead: isOwnerRunning === undefined ? await isOld(known) : !isOwnerRunning };
  });
  return (await Promise.all(judged)).filter((one) => one !== undefined);
}

/** Gone is dead enough. */
async function isOld({ path, state }: UnfinishedLayout): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found === undefined || Date.now() - Math.max(found.mtimeMs, found.ctimeMs) > longestMs[state];
}
