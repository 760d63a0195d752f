import { existsSync, mkdirSync, readFileSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What this machine has of the cgroups of a node. */
export interface NodeCgroups {
  readonly root: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** Makes those of a container. */
  make(name: string): PodCgroup;
}

/** The cgroups of one container, with the limits that a kubelet would set. */
export interface PodCgroup {
  /** What its processes enter. */
  readonly folders: readonly string[];
  /** The path below each hierarchy. */
  readonly path: string;
  limitMemory(bytes: number): void;
  /** How many processes the kernel ended there for want of memory. */
  killedForMemory(): number;
  remove(): Promise<void>;
}

const root = '/sys/fs/cgroup';
const magics = new Map([
  [0x0027_e0eb, 1],
  [0x6367_7270, 2],
]);

/** Undefined where a test cannot make cgroups that count memory. */
export function nodeCgroups(): NodeCgroups | undefined {
  const found = versionAt(root) === 2 ? unified() : separate();
  if (found === undefined) return undefined;
  try {
    const tried = found.make(`enclos-try-${process.pid}`);
    for (const folder of tried.folders) rmdirSync(folder);
    return found;
  } catch {
    return undefined;
  }
}

function versionAt(path: string): number | undefined {
  return existsSync(path) ? magics.get(statfsSync(path).type) : undefined;
}

function unified(): NodeCgroups | undefined {
  const controllers = ['cpu', 'memory', 'pids'].filter((name) => read(join(root, 'cgroup.controllers')).includes(name));
  if (!controllers.includes('memory')) return undefined;
  return {
    root,
    version: 2,
    controllers,
    make(name) {
      for (const one of controllers) writeFileSync(join(root, 'cgroup.subtree_control'), `+${one}`, { flag: 'r+' });
      const folder = join(root, name);
      mkdirSync(folder);
      return podCgroup([folder], name, {
        limitMemory: (bytes) => set(folder, 'memory.max', bytes),
        killedForMemory: () => Number(/^oom_kill (\d+)$/m.exec(read(join(folder, 'memory.events')))?.[1]),
      });
    },
  };
}

function separate(): NodeCgroups | undefined {
  const controllers = ['cpu', 'memory', 'pids'].filter((name) => versionAt(join(root, name)) === 1);
  if (!controllers.includes('memory')) return undefined;
  return {
    root,
    version: 1,
    controllers,
    make(name) {
      const folders = controllers.map((controller) => join(root, controller, name));
      for (const folder of folders) mkdirSync(folder);
      const memory = join(root, 'memory', name);
      return podCgroup(folders, name, {
        limitMemory: (bytes) => set(memory, 'memory.limit_in_bytes', bytes),
        killedForMemory: () => Number(/^oom_kill (\d+)$/m.exec(read(join(memory, 'memory.oom_control')))?.[1]),
      });
    },
  };
}

function podCgroup(
  folders: readonly string[],
  name: string,
  memory: Pick<PodCgroup, 'limitMemory' | 'killedForMemory'>,
): PodCgroup {
  return {
    folders,
    path: `/${name}`,
    ...memory,
    async remove() {
      for (const folder of folders) await removeEmpty(folder);
    },
  };
}

/** The kernel takes a moment to take ended processes out of it. */
async function removeEmpty(path: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return rmdirSync(path);
    } catch {
      await pause(20);
    }
  }
  throw new Error(`${path} still has processes.`);
}

/** Only the kernel makes these files. */
function set(folder: string, name: string, value: number): void {
  writeFileSync(join(folder, name), `${value}`, { flag: 'r+' });
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
