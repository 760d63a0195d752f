import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';

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

async function usersOf(statusPath: string): Promise<readonly number[]> {
  // A process may end meanwhile.
  const status = await readFile(statusPath, 'utf8').catch(() => '');
  // The first thread may be dead while others live (proc_pid_status(5)).
  const isDead = /^State:\s+[ZX]/m.test(status) && /^Threads:\s+[01]$/m.test(status);
  const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number);
  return isDead || ids === undefined ? [] : ids;
}
