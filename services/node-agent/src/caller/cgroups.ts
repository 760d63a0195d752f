import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
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
}

/**
 * A container most often has a cgroup namespace, and sees the cgroups of others relative to its own
 * (cgroup_namespaces(7)): `/../../pod1/container`. So the agent finds itself in the node's hierarchy, by the number
 * that a cgroup has in every mount.
 * @throws AGENT_CGROUP_UNAVAILABLE
 */
export async function openCgroups({ root, own = '/sys/fs/cgroup' }: CgroupsOptions): Promise<Cgroups> {
  if (!(await isCgroup2(root))) throw unavailable(`There are no cgroups of version 2 at ${root}.`);
  const base = await findOwn(root, own);
  return Object.freeze({
    async folderOf(path: string) {
      // Joined to a root, `..` of too much ends there; so `base` must be known when there is any.
      if (base === undefined && path.split('/').includes('..')) {
        throw unavailable('The agent does not find its own cgroup in the hierarchy of the node.');
      }
      const inside = posix.join('/', base ?? '', path).replace(/\/$/, '');
      if (inside === '') throw unavailable('The caller is in no cgroup but that of the whole node.');
      const folder = join(root, inside);
      await access(join(folder, 'cgroup.procs'), constants.W_OK).catch((cause: unknown) => {
        throw new EnclosError('AGENT_CGROUP_UNAVAILABLE', `Nothing can be moved into the cgroup ${inside}.`, { cause });
      });
      return folder;
    },
  });
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
