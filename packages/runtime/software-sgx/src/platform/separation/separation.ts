import { chmod, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import type { IsolationPlan } from '../isolation/plan.ts';
import { runCommand, type Run } from '../isolation/run.ts';
import { requireCapabilities } from './capabilities.ts';
import { requireRootOnly, requireSecret } from './root-only.ts';
import { runningUsers } from './running-users.ts';
import { requireUsers, type SeparatedUsers, type UserRange } from './users.ts';

export interface SeparationOptions extends SeparatedUsers {
  /** Where hosts find their sockets. Made when absent. Default: /run/enclos. */
  readonly runtimeFolder?: string;
  /** Where the copy of the interpreter is kept. Made when absent. Default: /var/cache/enclos. */
  readonly cacheFolder?: string;
  /** The largest image that a host may bring, which bounds the memory of all. Default: the largest that there is. */
  readonly maxImageBytes?: number;
}

/** A machine that was checked: platform, hosts and enclaves can be kept apart on it. */
export interface Separation extends SeparatedUsers {
  readonly runtimeFolder: string;
  readonly cacheFolder: string;
  readonly folderHosts: number;
  readonly maxImageBytes: number | undefined;
}

const defaultFolders = { runtimeFolder: '/run/enclos', cacheFolder: '/var/cache/enclos' };

/**
 * Checks what separation rests on: root, users that nobody else has, and that
 * nobody but root can read the keys or change what runs.
 *
 * @param secretFolders the folders of vendor and machine
 * @throws PLATFORM_USERS_REFUSED, PLATFORM_SEPARATION_UNAVAILABLE
 */
export async function prepareSeparation(
  options: SeparationOptions,
  secretFolders: readonly string[],
): Promise<Separation> {
  requireUsers(options);
  const { hostUsers, enclaveUsers, folderHosts = 0, maxImageBytes } = options;
  if (process.getuid?.() !== 0) throw unavailable('The platform does not run as root.');
  requireCapabilities(await readFile('/proc/self/status', 'utf8').catch(() => ''));
  for (const folder of secretFolders) await requireSecret(folder);
  for (const program of [process.execPath, fileURLToPath(import.meta.url)]) await requireRootOnly(program);
  // Where hosts are containers, root in one can become any user, and could keep the platform from starting for ever. What
  // keeps an enclave from sharing its user is the pool, which gives out none that has a process.
  if (folderHosts === 0) await requireIdle(enclaveUsers);
  return Object.freeze({
    hostUsers: Object.freeze([...hostUsers]),
    enclaveUsers: Object.freeze({ ...enclaveUsers }),
    folderHosts,
    maxImageBytes,
    runtimeFolder: await passableFolder(options.runtimeFolder ?? defaultFolders.runtimeFolder),
    cacheFolder: await passableFolder(options.cacheFolder ?? defaultFolders.cacheFolder),
  });
}

/** What an earlier platform left running, or what is somebody's: neither may share a user with an enclave. */
async function requireIdle({ first, last }: UserRange): Promise<void> {
  for (const [user, processId] of await runningUsers()) {
    if (user < first || user > last) continue;
    throw new EnclosError('PLATFORM_USERS_REFUSED', `Process ${processId} runs as enclave user ${user}.`, {
      details: { user, processId },
    });
  }
}

async function passableFolder(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o711 });
    // Whatever the mask of the process is.
    if (made !== undefined) await chmod(path, 0o711);
  } catch (cause) {
    throw new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', `${path} cannot be made.`, { cause });
  }
  return requireRootOnly(path, { passable: true });
}

/**
 * Checks that enclaves do get users of their own here: the plan was tried under
 * the first of the range. The last shows that a user namespace knows them all.
 * @throws PLATFORM_SEPARATION_UNAVAILABLE
 */
export function requireUserSwitch(plan: IsolationPlan, { last }: UserRange, run: Run = runCommand): void {
  const hasSwitch = plan.layers.some(({ name, active }) => name === 'privileges' && active);
  const words = ['--reuid', `${last}`, '--regid', `${last}`, '--clear-groups', '--', 'true'];
  if (hasSwitch && run('setpriv', words) !== undefined) return;
  throw unavailable('A process cannot be given the users of enclaves (setpriv, with SETUID, SETGID and SETPCAP).');
}

function unavailable(reason: string): EnclosError {
  return new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', reason);
}
