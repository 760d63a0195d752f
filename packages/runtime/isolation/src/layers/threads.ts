import type { IsolationLayer } from '@enclos/tee';
import type { PidsCgroup } from './pids-cgroup.ts';
import { atMost } from './starter.ts';

/** What bounds the threads of an enclave. */
export type ThreadBound =
  /** RLIMIT_NPROC, for a user that only the enclave has, or in its own user namespace (since Linux 5.14). */
  | { readonly by: 'limit' }
  /** A cgroup for each enclave. */
  | { readonly by: 'cgroup'; readonly cgroup: PidsCgroup }
  /** The platform's own cgroup, whose bound everything in it shares. */
  | { readonly by: 'platform'; readonly tasks: number };

/** The interpreter itself starts about 15 threads. */
const besides = 64;
const forEach = 4;

/** How many threads an enclave may have. @param threads calls that run at once, of the measured manifest */
export function maxThreads(threads: number): number {
  return besides + forEach * threads;
}

/** The words for the last starter, which runs as the enclave's user and in its namespaces. */
export function threadWords(bound: ThreadBound | undefined, tasks: number): readonly string[] {
  return bound?.by === 'limit' ? atMost('processes', tasks) : [];
}

/** The words for the first starter. @param folders of cgroups of version 1 or 2 */
export function cgroupWords(folders: readonly string[] = []): readonly string[] {
  return folders.map((folder) => `j${folder}/cgroup.procs`);
}

/** A bound under which the interpreter cannot start. If it starts anyway, the bound is not effective. */
const tooFew = 1;

export interface ThreadTrial {
  /** Whether RLIMIT_NPROC would count the threads of one enclave and of nothing else. */
  readonly countsAlone: boolean;
  readonly cgroup: PidsCgroup | undefined;
  /** Starts the interpreter with these words for the first and the last starter. */
  readonly starts: (first: readonly string[], last: readonly string[]) => boolean;
}

/**
 * Finds a bound by trying it. RLIMIT_NPROC does not bind root, not even in a user namespace (kernel/fork.c, copy_process), so
 * root gets a cgroup for each enclave where one can be made.
 */
export function findThreadBound({ countsAlone, cgroup, starts }: ThreadTrial): ThreadBound | undefined {
  const byLimit = (tasks: number): boolean => starts([], threadWords({ by: 'limit' }, tasks));
  if (countsAlone && !byLimit(tooFew) && byLimit(maxThreads(1))) return { by: 'limit' };
  if (cgroup === undefined) return undefined;
  const inCgroup = (tasks: number): boolean | undefined => {
    const made = cgroup.make(tasks);
    if (made === undefined) return undefined;
    try {
      return starts(cgroupWords([made.folder]), []);
    } finally {
      made.remove();
    }
  };
  if (inCgroup(tooFew) === false && inCgroup(maxThreads(1)) === true) return { by: 'cgroup', cgroup };
  return cgroup.tasks === undefined ? undefined : { by: 'platform', tasks: cgroup.tasks };
}

export function threadsLayer(bound: ThreadBound | undefined): IsolationLayer {
  return Object.freeze({ name: 'threads', active: bound !== undefined, detail: detailOf(bound) });
}

function detailOf(bound: ThreadBound | undefined): string {
  const byManifest = `Threads are bounded by the manifest: ${besides}, and ${forEach} for each of its threads`;
  switch (bound?.by) {
    case 'limit':
      return `${byManifest} (RLIMIT_NPROC, which counts nothing but the enclave).`;
    case 'cgroup':
      return `${byManifest} (pids.max of a cgroup for this enclave).`;
    case 'platform':
      return `Threads are bounded together with those of the platform, to ${bound.tasks} (pids.max of its cgroup).`;
    case undefined:
      return (
        'Run the platform as an ordinary user with user namespaces, or separated; or, as root, in a cgroup with a bound ' +
        '(TasksMax= of systemd, --pids-limit of podman).'
      );
  }
}
