import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EnclosError } from '@enclos/errors';
import type { UserRange } from './users.ts';

/** Processes are read in batches of this size, so that many of them do not block the platform. */
const batch = 64;

/**
 * The users that appear in any of the four user ids of a process, each with the id of one such process. A zombie does not
 * count.
 *
 * @param procFolder a parameter, so that tests can simulate other machines.
 * @throws PLATFORM_SEPARATION_UNAVAILABLE when the kernel does not show its processes.
 */
export async function runningUsers(procFolder = '/proc'): Promise<ReadonlyMap<number, number>> {
  const names = (await readdir(procFolder).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const users = new Map<number, number>();
  for (let from = 0; from < names.length; from += batch) {
    const part = names.slice(from, from + batch);
    const found = await Promise.all(part.map(async (name) => usersOf(join(procFolder, name, 'status'))));
    found.forEach((ids, i) => ids.forEach((user) => users.set(user, Number(part[i]))));
  }
  if (users.size === 0) {
    throw new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', `No process can be seen in ${procFolder}.`);
  }
  return users;
}

/**
 * A user for a process that tries something: not the next one that an enclave would get, where there is a choice.
 * @throws PLATFORM_USERS_EXHAUSTED
 */
export async function freeUser({ first, last }: UserRange): Promise<number> {
  const busy = await runningUsers();
  for (let user = last; user >= first; user -= 1) if (!busy.has(user)) return user;
  throw new EnclosError('PLATFORM_USERS_EXHAUSTED', `No user from ${first} to ${last} is free for the trial.`);
}

/** Waits until no process runs as this user, a second at most: a wrapper ends before what it wraps. */
export async function userLeft(user: number): Promise<void> {
  for (let looks = 0; looks < 50 && (await runningUsers()).has(user); looks += 1) await setTimeout(20);
}

async function usersOf(statusPath: string): Promise<readonly number[]> {
  // A process may end meanwhile.
  const status = await readFile(statusPath, 'utf8').catch(() => '');
  // The first thread may be dead while others live (proc_pid_status(5)).
  const isDead = /^State:\s+[ZX]/m.test(status) && /^Threads:\s+[01]$/m.test(status);
  const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number);
  return isDead || ids === undefined ? [] : ids;
}
