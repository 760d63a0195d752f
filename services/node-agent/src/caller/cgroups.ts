import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCgroupPaths, unified, type CgroupPaths } from './cgroup-paths.ts';
import {
  controllersOf,
  mountedVersion,
  openHierarchy,
  unavailable,
  type HierarchyPlace,
  type Self,
} from './hierarchy.ts';

/** The node's cgroups in which pods have limits. */
export interface Cgroups {
  /** What an enclave that enters them counts towards: always `memory`. */
  readonly controllers: readonly string[];
  /** The folders of the agent's own cgroups. */
  readonly own: readonly string[];
  /**
   * The folders that an enclave enters to be counted with a process.
   * @param paths of that process
   * @throws AGENT_CGROUP_UNAVAILABLE when one of the controllers would not count it there.
   */
  readonly foldersOf: (paths: CgroupPaths) => Promise<readonly string[]>;
}

export interface CgroupsOptions {
  /** The node's /sys/fs/cgroup. */
  readonly root: string;
  /** The same of the agent's container. */
  readonly own?: string;
  /** The agent. A parameter, so that tests can simulate other namespaces. */
  readonly self?: Self;
  /** Which version is mounted at a path. A parameter, so that tests can simulate other nodes. */
  readonly versionOf?: typeof mountedVersion;
}

/** The controllers by which pods are limited. Version 1 has a hierarchy for each; version 2 has one for all. */
const wanted = ['cpu', 'memory', 'pids'] as const;

/**
 * Finds the cgroups in which the kubelet limits pods: version 2 for everything, version 1, or both side by side (hybrid).
 * There version 2 is mounted at `unified`, often without a single controller: an enclave in it is counted with nothing.
 * @throws AGENT_CGROUP_UNAVAILABLE when the agent is not found in them, or none counts memory.
 */
export async function openCgroups({ root, own = '/sys/fs/cgroup', ...options }: CgroupsOptions): Promise<Cgroups> {
  const { versionOf = mountedVersion } = options;
  const self = options.self ?? { processId: process.pid, paths: await ownPaths() };
  const places = await placesOf({ root, own, versionOf });
  const controllers = places.flatMap((place) => place.controllers).sort();
  if (!controllers.includes('memory')) throw unavailable(`No cgroups at ${root} count memory.`);
  const hierarchies = await Promise.all(places.map(async (place) => openHierarchy(place, self)));
  return Object.freeze({
    controllers: Object.freeze(controllers),
    own: Object.freeze(hierarchies.map(({ own: folder }) => folder)),
    foldersOf: (paths: CgroupPaths) => Promise.all(hierarchies.map(async ({ folderOf }) => folderOf(paths))),
  });
}

type Mounts = Required<Pick<CgroupsOptions, 'root' | 'own' | 'versionOf'>>;

/** The hierarchies that count something of what is wanted. The kernel has each controller in one of them at most. */
async function placesOf({ root, own, versionOf }: Mounts): Promise<readonly HierarchyPlace[]> {
  const unifiedAt = async (at: string, ownAt: string, found: readonly string[]): Promise<HierarchyPlace[]> => {
    if ((await versionOf(at)) !== 2) return [];
    const present = await controllersOf(at);
    const controllers = wanted.filter((name) => present.includes(name) && !found.includes(name));
    const hasOwn = (await versionOf(ownAt)) === 2;
    return controllers.length === 0 ? [] : [{ root: at, own: ownAt, name: unified, controllers, hasOwn }];
  };
  if ((await versionOf(root)) !== undefined) return unifiedAt(root, own, []);
  const places: HierarchyPlace[] = [];
  for (const name of wanted) {
    const [at, ownAt] = [join(root, name), join(own, name)];
    if ((await versionOf(at)) !== 1) continue;
    places.push({ root: at, own: ownAt, name, controllers: [name], hasOwn: (await versionOf(ownAt)) === 1 });
  }
  const found = places.map(({ name }) => name);
  return [...places, ...(await unifiedAt(join(root, 'unified'), join(own, 'unified'), found))];
}

async function ownPaths(): Promise<CgroupPaths> {
  return parseCgroupPaths(await readFile('/proc/self/cgroup', 'utf8').catch(() => '')) ?? new Map();
}
