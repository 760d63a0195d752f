import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The cgroup of this process that counts tasks (cgroups(7), pids). */
export interface PidsCgroup {
  /** The lowest bound that applies to it; undefined when there is none. */
  readonly tasks: number | undefined;
  /** Makes a cgroup in it that may have so many tasks; undefined when that is not allowed. */
  make(tasks: number): MadeCgroup | undefined;
}

export interface MadeCgroup {
  readonly folder: string;
  /** While something runs in it, it stays until the next time that a cgroup is made or removed. */
  remove(): void;
}

const mountFolder = '/sys/fs/cgroup';
const prefix = 'enclos-';
/** A new cgroup is entered at once, and the kernel does not remove a cgroup with processes in it. */
const abandonedAfterMs = 60_000;

/**
 * @param root where cgroups are mounted; a parameter for tests, as is `own`.
 * @param own the text of /proc/self/cgroup.
 * @returns undefined where no cgroup counts the tasks of this process.
 */
export function ownPidsCgroup(root: string = mountFolder, own: string = ownCgroups()): PidsCgroup | undefined {
  const found = findFolder(root, own);
  if (found === undefined) return undefined;
  const { base, folder, version } = found;
  // A process can be in its cgroup for a moment after its end.
  const left = new Set<string>();
  const removeLeft = (): void => {
    for (const path of left) {
      quietly(() => {
        rmdirSync(path);
        left.delete(path);
      });
    }
  };
  return Object.freeze({
    tasks: lowestBound(folder, base),
    make(tasks: number) {
      removeLeft();
      removeAbandoned(folder);
      const path = join(folder, `${prefix}${randomBytes(8).toString('hex')}`);
      const remove = (): void => {
        left.add(path);
        removeLeft();
      };
      try {
        // Tasks can be counted in a cgroup that itself has processes, memory cannot; the new cgroup then belongs to the same
        // domain (Documentation/admin-guide/cgroup-v2.rst, "Threads").
        if (version === 2) quietly(() => set(folder, 'cgroup.subtree_control', '+pids'));
        mkdirSync(path);
        if (version === 2) set(path, 'cgroup.type', 'threaded');
        set(path, 'pids.max', String(tasks));
        return { folder: path, remove };
      } catch {
        remove();
        return undefined;
      }
    },
  });
}

function ownCgroups(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    return '';
  }
}

interface CgroupPlace {
  readonly base: string;
  readonly folder: string;
  readonly version: 1 | 2;
}

/** A line of the file is `number:controllers:path`; version 2 has no controllers there. */
function findFolder(root: string, own: string): CgroupPlace | undefined {
  const lines = own.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const places = lines.flatMap((match): CgroupPlace[] => {
    const [, controllers = '', path = ''] = match ?? [];
    // A path outside of the cgroup namespace: its folder is not visible.
    if (path === '' || path.includes('/..')) return [];
    if (controllers.split(',').includes('pids')) {
      return [{ base: join(root, 'pids'), folder: join(root, 'pids', path), version: 1 }];
    }
    return controllers === '' ? [{ base: root, folder: join(root, path), version: 2 }] : [];
  });
  return places.find(({ folder, version }) => isCounted(folder, version));
}

function isCounted(folder: string, version: 1 | 2): boolean {
  try {
    if (version === 1) return statSync(join(folder, 'cgroup.procs')).isFile();
    return readFileSync(join(folder, 'cgroup.controllers'), 'utf8').split(/\s/).includes('pids');
  } catch {
    return false;
  }
}

function lowestBound(folder: string, base: string): number | undefined {
  const bounds: number[] = [];
  for (let at = folder; at.startsWith(base); at = dirname(at)) {
    const bound = Number(readBound(at));
    if (Number.isSafeInteger(bound) && bound > 0) bounds.push(bound);
  }
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

/** `max` is not a number, and the topmost cgroup does not have the file. */
function readBound(folder: string): string {
  try {
    return readFileSync(join(folder, 'pids.max'), 'utf8').trim();
  } catch {
    return '';
  }
}

/** Removes the cgroups that killed platforms left. */
function removeAbandoned(folder: string): void {
  for (const name of entries(folder)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(folder, name);
    quietly(() => {
      if (Date.now() - statSync(path).mtimeMs > abandonedAfterMs) rmdirSync(path);
    });
  }
}

/** Only the kernel makes these files, so one that is absent is not created. */
function set(folder: string, name: string, value: string): void {
  writeFileSync(join(folder, name), value, { flag: 'r+' });
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Not allowed here, or in use.
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
