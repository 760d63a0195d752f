import { byPath, limitWords } from './limits.ts';
import type { IsolationPlan } from './plan.ts';
import { cgroupWords, maxThreads, threadWords } from './threads.ts';

/** What goes between the first starter and the interpreter, and where in it goes what differs between enclaves. */
export interface Way {
  /** Whatever the enclave: see {@link enclaveCommand}. */
  readonly prefix: readonly string[];
  /** Where the words go that give the process a user of its own; absent where it cannot have one. */
  readonly userAt?: number;
  /** Where the last starter goes: all namespaces are made, and the user is that of the enclave. */
  readonly lastAt: number;
}

/** After those of an enclave: 3 to 6. */
const firstFreeDescriptor = 7;

/** What gives an enclave a user of its own, of a group of the same number and of no other. */
export function userWords(user: number): readonly string[] {
  return ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
}

/** What differs between the enclaves of a platform. */
export interface EnclaveNeeds {
  readonly heapSizeBytes: bigint;
  /** Calls that run at once, of the measured manifest. */
  readonly threads: number;
  /** Memory of the platform's own in the enclave's process. */
  readonly extraDataBytes?: bigint;
  /** The user that the enclave runs as, on a separated platform. */
  readonly user?: number | undefined;
  /** The folder of the cgroup that it is in from its first process on; undefined: it stays where the platform is. */
  readonly cgroup?: string | undefined;
}

/**
 * The command that starts one enclave, up to its interpreter and with it.
 * An enclave whose cgroup cannot be entered, as of a container that has just ended, does not start.
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
  /** For the last starter, which is left out where it has nothing to do. */
  readonly last: readonly string[];
}

/** The words of a way with the user, the last starter and the interpreter in them. */
export function wayWords(way: Way, { starterPath, user, last }: WayNeeds, interpreterPath: string): readonly string[] {
  const { prefix, userAt, lastAt } = way;
  if (user !== undefined && userAt === undefined) {
    throw new RangeError('This way to isolation gives no process a user of its own.');
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
