import { byPath, limitWords, type LimitName } from './limits.ts';
import { layer, layersOfOther, type ConfinedProgram, type IsolationPlan } from './plan.ts';
import { atMost } from './starter.ts';
import { cgroupWords, threadWords } from './threads.ts';
import { wayWords } from './way.ts';

/** What differs between the processes of SGX images. */
export interface StubNeeds {
  /** The range of the enclave. */
  readonly enclaveBytes: bigint;
  readonly arenaBytes: number;
  readonly threads: number;
  /** The user that it runs as, on a separated platform. */
  readonly user?: number | undefined;
  /** The folders of the cgroups that its first process enters. */
  readonly cgroups?: readonly string[] | undefined;
}

/** What the layers of the machine give a stub, where that is not what they give the interpreter. */
const gives: Readonly<Record<string, string>> = {
  environment: 'Empty environment.',
  memory:
    'Memory is bounded by the range of the enclave and its arena (RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK), and none of it is shared ' +
    '(system call filter).',
  threads: 'Threads are bounded by those of the launch: as many, one more, and those of what starts them.',
  'file-view':
    'The stub, which opens no file, has a view of the files that holds nothing but itself and what starts it.',
};

const ofStub = layer(
  'stub',
  true,
  "The stub's own allow-list of system calls, set before any code of the enclave runs: another call ends the process.",
);

/**
 * The isolation of the stub of SGX images: what this machine gives the interpreter, by the same way, with another file view and another
 * filter.
 */
export function stubPlan(plan: IsolationPlan, program: ConfinedProgram): IsolationPlan {
  const layers = layersOfOther(ofStub, plan.layers, (name) => gives[name]);
  return Object.freeze({ ...plan, ...plan.wayOf?.(program), layers });
}

/** Descriptors 3 to 8, of which some are unused, and one more for each thread but the first. */
const firstGateAfter = 9;

const mebibyte = 1024n * 1024n;
/** Its own data and stacks, which also come out of the range. */
const stubBytes = 64n * mebibyte;
/** While it looks for a place, the range may be mapped twice. */
const ranges = 2n;
const stackBytes = 8n * mebibyte;

/** The stub has a thread for each gate, and one that waits for the end of any. */
const ownTasks = 1;

/** What starts it and waits for its end: `unshare`, which is in the user namespace of the stub, or bubblewrap and its first process. */
const wrapperTasks = { limit: 1, cgroup: 2 } as const;

/** How many tasks a stub and what starts it may have, where they are counted so. */
export function stubTasks(threads: number, by: keyof typeof wrapperTasks): number {
  return threads + ownTasks + wrapperTasks[by];
}

/** The command that starts one SGX image. */
export function stubCommand(plan: IsolationPlan, needs: StubNeeds, stubPath: string): readonly string[] {
  const { starterPath, limits } = plan;
  const first = [...cgroupWords(needs.cgroups), ...limits.flatMap((name) => wordsOf(name, needs))];
  const last = threadWords(plan.threads, stubTasks(needs.threads, 'limit'));
  const words = wayWords(plan, { starterPath, user: needs.user, last }, stubPath);
  return first.length === 0 ? words : [starterPath, ...first, '-', ...byPath(words)];
}

function wordsOf(name: LimitName, { enclaveBytes, arenaBytes, threads }: StubNeeds): readonly string[] {
  if (name !== 'memory') return limitWords[name]({ closeFrom: firstGateAfter + threads - 1, heapSizeBytes: 0n });
  const shared = BigInt(arenaBytes) + stubBytes;
  return [
    ...atMost('data', enclaveBytes + shared),
    ...atMost('addressSpace', ranges * enclaveBytes + shared),
    ...atMost('stack', stackBytes),
  ];
}
