import { byPath, limitWords } from './limits.ts';
import type { IsolationPlan } from './plan.ts';
import { cgroupWords, maxThreads, threadWords } from './threads.ts';

/** The words between the first starter and the interpreter, and the places in them for what differs between enclaves. */
export interface Way {
  /** The same for every enclave: see {@link enclaveCommand}. */
  readonly prefix: readonly string[];
  /** The place for the words that give the process its own user; absent when it cannot have one. */
  readonly userAt?: number;
  /** The place for the last starter: after all namespaces are made and the enclave's user is set. */
  readonly lastAt: number;
}

/** An enclave uses 3 to 6. */
const firstFreeDescriptor = 7;

/** The words that give an enclave its own user, and a group of the same number as its only group. */
export function userWords(user: number): readonly string[] {
  return ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
}

/** What differs between the enclaves of a platform. */
export interface EnclaveNeeds {
  readonly heapSizeBytes: bigint;
  /** Calls that run at once, of the measured manifest. */
  readonly threads: number;
  /** Memory that the platform itself needs in the enclave's process. */
  readonly extraDataBytes?: bigint;
  /** The user that the enclave runs as, on a separated platform. */
  readonly user?: number | undefined;
  /** The folder of the cgroup that its first process enters; undefined: it stays in the platform's cgroup. */
  readonly cgroup?: string | undefined;
}

/**
 * The command that starts one enclave, up to and including its interpreter. An enclave whose cgroup cannot be entered, such as
 * that of a container that has just ended, does not start.
 */
export function enclaveCommand(plan: IsolationPlan, needs: EnclaveNeeds, interpreterPath: string): readonly string[] {
  const { starterPath, limits, inherited } = plan;
  const closeFrom = inherited === undefined ? firstFreeDescriptor : inherited.descriptor + 1;
  const first = [...cgroupWords(needs.cgroup), ...limits.flatMap((name) => limitWords[name]({ ...needs, closeFrom }))];
  const last = threadWords(plan.threads, maxThreads(needs.threads));
  const words = wayWords(plan, { starterPath, user: needs.user, last }, interpreterPath);
  return first.length === 0 ? words : [starterPath, ...first, '-', ...byPath(words)];
}

interface WayNeeds {
  readonly starterPath: string;
  readonly user: number | undefined;
  /** The words for the last starter, which is left out when it has nothing to do. */
  readonly last: readonly string[];
}

/** The words of a way, with the user, the last starter and the interpreter filled in. */
export function wayWords(way: Way, { starterPath, user, last }: WayNeeds, interpreterPath: string): readonly string[] {
  const { prefix, userAt, lastAt } = way;
  if (user !== undefined && userAt === undefined) {
    throw new RangeError('This way of isolation cannot give a process its own user.');
  }
  const splitAt = user === undefined ? lastAt : (userAt ?? lastAt);
  const early = [
    ...prefix.slice(0, splitAt),
    ...(user === undefined ? [] : userWords(user)),
    ...prefix.slice(splitAt, lastAt),
  ];
  const late = [...prefix.slice(lastAt), interpreterPath];
  return last.length === 0 ? [...early, ...late] : [...early, starterPath, ...last, '-', ...byPath(late)];
}
