import { byPath, limitWords } from './limits.ts';
import type { IsolationPlan } from './plan.ts';
import { cgroupWords, maxThreads, threadWords } from './threads.ts';
import { wayWords } from './way.ts';

/** An enclave uses 3 to 6, one to which sockets are passed also 8, and one with companions also 9. */
const afterOwn = 7;
const firstFreeWithPassage = 9;
const firstFreeWithCompanions = 10;

/** The first descriptor that an enclave without a passage does not have, and that nothing before it reads. */
export function firstFreeDescriptor({ inherited }: Pick<IsolationPlan, 'inherited'>): number {
  return inherited === undefined ? afterOwn : inherited.descriptor + 1;
}

function firstFree(plan: IsolationPlan, { passage = false, companions = false }: EnclaveNeeds): number {
  if (companions) return firstFreeWithCompanions;
  return passage ? firstFreeWithPassage : firstFreeDescriptor(plan);
}

/** What differs between the enclaves of a platform. */
export interface EnclaveNeeds {
  readonly heapSizeBytes: bigint;
  /** Calls that run at once, of the measured manifest. */
  readonly threads: number;
  /** Memory that the platform itself needs in the enclave's process. */
  readonly extraDataBytes?: bigint;
  /** Whether it has a descriptor through which sockets are passed to it. */
  readonly passage?: boolean;
  /** Whether it has a descriptor through which the channels of companions are passed to it. */
  readonly companions?: boolean;
  /** The user that the enclave runs as, on a separated platform. */
  readonly user?: number | undefined;
  /** The folders of the cgroups that its first process enters. Without any it stays in those of the platform. */
  readonly cgroups?: readonly string[];
}

/**
 * The command that starts one enclave, up to and including its interpreter. An enclave whose cgroup cannot be entered, such as
 * that of a container that has just ended, does not start.
 */
export function enclaveCommand(plan: IsolationPlan, needs: EnclaveNeeds, interpreterPath: string): readonly string[] {
  const { starterPath, limits } = plan;
  const closeFrom = firstFree(plan, needs);
  const first = [...cgroupWords(needs.cgroups), ...limits.flatMap((name) => limitWords[name]({ ...needs, closeFrom }))];
  const last = threadWords(plan.threads, maxThreads(needs.threads));
  const words = wayWords(plan, { starterPath, user: needs.user, last }, interpreterPath);
  return first.length === 0 ? words : [starterPath, ...first, '-', ...byPath(words)];
}
