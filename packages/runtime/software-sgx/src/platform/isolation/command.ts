import { byPath, limitWords } from './limits.ts';
import type { IsolationPlan } from './plan.ts';
import { cgroupWords, maxThreads, threadWords } from './threads.ts';
import { wayWords } from './way.ts';

/** After those of an enclave: 3 to 6. */
const firstFreeDescriptor = 7;

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
