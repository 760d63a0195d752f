import { access, constants, readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { EnclosError } from '@enclos/errors';

/** The node's cgroups of version 2. */
export interface Cgroups {
  /**
   * The folder of the cgroup that /proc/PID/cgroup names.
   * @throws AGENT_CGROUP_UNAVAILABLE when it is not there, or is that of the whole node.
   */
  folderOf(path: string): Promise<string>;
}

/** CGROUP2_SUPER_MAGIC (linux/magic.h). */
const cgroup2Magic = 0x6367_7270;
/** Kubernetes has four levels above a container. */
const maxDepth = 12;

export interface CgroupsOptions {
  /** Where the node's whole hierarchy is mounted. */
  readonly root: string;
  /** Where the container runtime mounted the agent's own part of it. */
  readonly own?: string;
  /** The agent. A parameter, so that tests can play other namespaces. */
  readonly self?: { readonly processId: number; readonly cgroup: string };
}

/**
 * A container may have a cgroup namespace, and then sees the cgroups of others relative to its own
 * (cgroup_namespaces(7)): `/../../pod1/container`. So the agent finds itself in the node's hierarchy, by the number
 * that a cgroup has in every mount, and makes sure that it is there.
 * @throws AGENT_CGROUP_UNAVAILABLE
 */
export async function openCgroups({ root, own = '/sys/fs/cgroup', self }: CgroupsOptions): Promise<Cgroups> {
  if (!(await isCgroup2(root))) throw unavailable(`There are no cgroups of version 2 at ${root}.`);
  const { processId, cgroup } = self ?? { processId: process.pid, cgroup: await ownCgroup() };
  const candidates = ['', await findOwn(root, own)].filter((base) => base !== undefined);
  const isBase = await Promise.all(candidates.map(async (base) => holds(join(root, base, cgroup), processId)));
  const base = candidates.find((_, i) => isBase[i]);
  if (base === undefined) throw unavailable(`The agent does not find its own cgroup below ${root}.`);
  if (base !== '' && (await isDelegated(root))) {
    // cgroups(7), `nsdelegate`: nothing is moved across the border of a namespace.
    throw unavailable('The agent is in a separate cgroup namespace: start it by `nsenter --target 1 --cgroup`.');
  }
  return Object.freeze({
    async folderOf(path: string) {
      const inside = posix.join('/', base, path).replace(/\/$/, '');
      if (inside === '') throw unavailable('The caller is in no cgroup but that of the whole node.');
      const folder = join(root, inside);
      await access(join(folder, 'cgroup.procs'), constants.W_OK).catch((cause: unknown) => {
        throw new EnclosError('AGENT_CGROUP_UNAVAILABLE', `Nothing can be moved into the cgroup ${inside}.`, { cause });
      });
      return folder;
    },
  });
}

async function ownCgroup(): Promise<string> {
  const text = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  return /^0::(\/.*)$/m.exec(text)?.[1] ?? '/';
}

async function holds(folder: string, processId: number): Promise<boolean> {
  const members = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  return members.split('\n').includes(`${processId}`);
}

/** By the options of the mount, after the hyphen (proc_pid_mountinfo(5)). */
async function isDelegated(root: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const own = mounts.split('\n').find((line) => line.split(' ')[4] === root);
  return own?.split(' - ')[1]?.includes('nsdelegate') ?? false;
}

async function isCgroup2(path: string): Promise<boolean> {
  const { type } = await statfs(path).catch(() => ({ type: 0 }));
  return type === cgroup2Magic;
}

/** @returns the path of the namespace's root below that of the node; undefined when it is not found. */
async function findOwn(root: string, own: string): Promise<string | undefined> {
  // Where the two hierarchies are mounted side by side, the second one is not at the usual place.
  if (!(await isCgroup2(own))) return undefined;
  const { ino: wanted } = await stat(own);
  let level = [''];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const at of level) {
      const folder = join(root, at);
      // A cgroup may end while it is looked at.
      const found = await stat(folder).catch(() => undefined);
      if (found?.ino === wanted) return at;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      next.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(at, name)));
    }
    level = next;
  }
  return undefined;
}

function unavailable(reason: string): EnclosError {
  return new EnclosError('AGENT_CGROUP_UNAVAILABLE', reason);
}
