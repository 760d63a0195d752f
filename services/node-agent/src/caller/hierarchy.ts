import { access, constants, readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { unified, type CgroupPaths } from './cgroup-paths.ts';

/** One tree of cgroups, of version 1 or 2. */
export interface Hierarchy {
  /** The folder of the cgroup that the agent has in it. */
  readonly own: string;
  /**
   * The folder of the cgroup that a process has in it.
   * @throws AGENT_CGROUP_UNAVAILABLE when it is not there, is that of the whole node, or does not count everything.
   */
  readonly folderOf: (paths: CgroupPaths) => Promise<string>;
}

export interface HierarchyPlace {
  /** Where all of the node's is mounted. */
  readonly root: string;
  /** Where the container runtime mounted the agent's own part of it. */
  readonly own: string;
  /** A controller of version 1, or {@link unified}. */
  readonly name: string;
  /** What it counts. */
  readonly controllers: readonly string[];
  /** Whether the agent's part is a hierarchy too, and not the folder in which they are mounted. */
  readonly hasOwn: boolean;
}

/** The agent among the processes of the node. */
export interface Self {
  readonly processId: number;
  readonly paths: CgroupPaths;
}

/** CGROUP_SUPER_MAGIC and CGROUP2_SUPER_MAGIC (linux/magic.h). */
const magics: ReadonlyMap<number, 1 | 2> = new Map([
  [0x0027_e0eb, 1],
  [0x6367_7270, 2],
]);

/** The version of the cgroups that are mounted at a path; undefined: there are none. */
export async function mountedVersion(path: string): Promise<1 | 2 | undefined> {
  const { type } = await statfs(path).catch(() => ({ type: 0 }));
  return magics.get(type);
}

/** The controllers that a cgroup of version 2 has. */
export async function controllersOf(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'cgroup.controllers'), 'utf8').catch(() => '');
  return text.split(/\s+/).filter((name) => name !== '');
}

/**
 * A container may have a cgroup namespace, and then sees the cgroups of others relative to its own
 * (cgroup_namespaces(7)): `/../../pod1/container`. So the agent finds itself in the node's hierarchy, by the number
 * that a cgroup has in every mount, and makes sure that it is there.
 * @throws AGENT_CGROUP_UNAVAILABLE
 */
export async function openHierarchy(place: HierarchyPlace, { processId, paths }: Self): Promise<Hierarchy> {
  const { root, name, controllers } = place;
  const self = paths.get(name);
  const candidates = ['', place.hasOwn ? await findOwn(place) : undefined].filter((base) => base !== undefined);
  const isBase = await Promise.all(
    candidates.map(async (base) => self !== undefined && (await holds(join(root, base, self), processId))),
  );
  const base = candidates.find((_, i) => isBase[i]);
  if (base === undefined) throw unavailable(`The agent does not find its own cgroup below ${root}.`);
  if (base !== '' && (await isDelegated(root))) {
    // cgroups(7), `nsdelegate`: nothing is moved across the border of a namespace.
    throw unavailable('The agent is in a separate cgroup namespace: start it by `nsenter --target 1 --cgroup`.');
  }
  return Object.freeze({
    own: join(root, base, self ?? ''),
    async folderOf(of: CgroupPaths) {
      const path = of.get(name);
      if (path === undefined) throw unavailable(`The caller has no cgroup of ${controllers.join(', ')}.`);
      const inside = posix.join('/', base, path).replace(/\/$/, '');
      if (inside === '') {
        throw unavailable(`The caller is in no cgroup of ${controllers.join(', ')} but that of the whole node.`);
      }
      const folder = join(root, inside);
      await access(join(folder, 'cgroup.procs'), constants.W_OK).catch((cause: unknown) => {
        throw new EnclosError('AGENT_CGROUP_UNAVAILABLE', `Nothing can be moved into the cgroup ${inside}.`, { cause });
      });
      if (name === unified) await requireControllers(folder, inside, controllers);
      return folder;
    },
  });
}

/** A cgroup of version 2 counts only what the one above it has turned on. */
async function requireControllers(folder: string, inside: string, needed: readonly string[]): Promise<void> {
  const present = await controllersOf(folder);
  const missing = needed.filter((controller) => !present.includes(controller));
  if (missing.length > 0) throw unavailable(`The cgroup ${inside} does not count: ${missing.join(', ')}.`);
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

/** Kubernetes has four levels above a container. */
const maxDepth = 12;

/** @returns the path of the agent's part below the root of the node's; undefined when it is not found. */
async function findOwn({ root, own }: HierarchyPlace): Promise<string | undefined> {
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

export function unavailable(reason: string): EnclosError {
  return new EnclosError('AGENT_CGROUP_UNAVAILABLE', reason);
}
