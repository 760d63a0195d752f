import { chmod, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { runCommand, type IsolationPlan, type Run } from '@enclos/isolation';
import { requireCapabilities } from './capabilities.ts';
import { requireRootOnly, requireSecret } from './root-only.ts';
import { runningUsers } from './running-users.ts';
import { requireUsers, type SeparatedUsers, type UserRange } from './users.ts';

export interface SeparationOptions extends SeparatedUsers {
  /** The folder in which hosts find their sockets. Made when absent. Default: /run/enclos. */
  readonly runtimeFolder?: string;
  /** The folder that holds the copy of the interpreter. Made when absent. Default: /var/cache/enclos. */
  readonly cacheFolder?: string;
  /** The largest image that a host may upload, which bounds the memory of all. Default: the largest possible image. */
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
 * Checks the preconditions of separation: root, users that no other process has, and that only root can read the keys or change
 * what runs.
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
  requireCapabilities(await readFile('/proc/self/status', 'utf8').catch(() => ''), hostUsers.length > 0);
  for (const folder of secretFolders) await requireSecret(folder);
  for (const program of [process.execPath, fileURLToPath(import.meta.url)]) await requireRootOnly(program);
  // When hosts are containers, root in one of them can become any user, and could keep the platform from starting for ever. The
  // pool keeps an enclave from sharing its user: it gives out no user that has a process.
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

/** Neither a process of an earlier platform nor any other process may share a user with an enclave. */
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
    // Set explicitly, whatever the umask of the process.
    if (made !== undefined) await chmod(path, 0o711);
  } catch (cause) {
    throw new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', `${path} cannot be made.`, { cause });
  }
  return requireRootOnly(path, { passable: true });
}

/**
 * Checks that enclaves really get their own users here. The plan was tried as the first user of the range; trying the last
 * shows that a user namespace knows them all.
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
