import type { ProgramSettings } from '@enclos/manifest';
import type { IsolationLayer } from '@enclos/tee';
import { firstFreeDescriptor } from '../layers/command.ts';
import { byPath, limitWords, type LimitName } from '../layers/limits.ts';
import { layer, layersOfOther, type ConfinedProgram, type IsolationPlan } from '../layers/plan.ts';
import { atMost } from '../layers/starter.ts';
import { cgroupWords, threadWords } from '../layers/threads.ts';
import { wayWords } from '../layers/way.ts';
import { lastStepWords } from './last-step.ts';

/** What differs between the programs of a platform. */
export interface ProgramNeeds {
  readonly heapSizeBytes: bigint;
  readonly threads: number;
  /** Its name, then its arguments. */
  readonly argv: readonly string[];
  /** The variables that it has, and no others. */
  readonly environment: ReadonlyMap<string, string>;
  /** The path of its last step, which has its filter. */
  readonly lastStep: string;
  /** Whether it has a descriptor through which sockets are passed to it. */
  readonly passage: boolean;
  /** Its relay, if it has a private network. */
  readonly relay?: ProgramRelay | undefined;
  /** The user that it runs as, on a separated platform. */
  readonly user?: number | undefined;
  /** The folders of the cgroups that its first process enters. */
  readonly cgroups?: readonly string[] | undefined;
}

/** What runs before a program with a private network, and beside it. */
export interface ProgramRelay {
  readonly path: string;
  /** The words of the step that makes its sockets, and of the relay itself. */
  readonly prepare: readonly string[];
  readonly run: readonly string[];
}

/** What the layers of the machine give a program, where that is not what they give the interpreter. */
const gives: Readonly<Record<string, string>> = {
  environment: 'The variables of the manifest that have a value, and no others.',
  descriptors:
    'No descriptors but those of the enclave, whatever the starter of the platform left open (close_range), and at most 1024 more that it opens (RLIMIT_NOFILE).',
  memory:
    'Memory that can be written is bounded by the heap size of the manifest and 64 MiB (RLIMIT_DATA, RLIMIT_STACK), all of it by 4 GiB and ' +
    'twice the heap size (RLIMIT_AS), and none is shared (system call filter).',
  'file-view':
    'No file of the machine has a name, for any call that asks for one (system call filter, and below it the view of the files).',
};

const ofProgram = layer(
  'program',
  true,
  'A static program, checked before it starts, with its own allow-list of system calls under that of other enclaves: it can add no code to what was measured.',
);

const ofPrivateProgram = layer(
  'program',
  true,
  'A static program, checked before it starts, with its own allow-list of system calls under that of other enclaves: it can add no code to what was measured. Beside it runs a relay of the platform, with another such list.',
);

/** What else a program with a private network has. */
function privateGives(way: IsolationPlan['way']): Readonly<Record<string, string>> {
  const by = way === 'bubblewrap' ? 'bubblewrap' : 'unshare';
  return {
    namespaces: `Own network, process, IPC, host-name and mount namespaces (${by}). Its network is a loopback interface and nothing else: a relay carries the declared listeners and destinations, whose bytes the host sees.`,
    seccomp:
      'System call filter: what is not listed is refused. Sockets of TCP and UDP alone, no raw, netlink, vsock or Unix sockets, no processes, no tracing, no mounts.',
    memory: `${gives['memory'] ?? ''} What the kernel holds for its sockets is not counted; settings of its network bound it for each descriptor, where /proc/sys can be written.`,
    descriptors:
      'No descriptors but the channel of the platform, whatever the starter of the platform left open (close_range), and at most 1024 more that it opens (RLIMIT_NOFILE).',
  };
}

const besides = 64;

/** How many tasks a program may have. */
export function programTasks(threads: number): number {
  return besides + threads;
}

/**
 * The isolation of a program: what this machine gives the interpreter, by the same way, with another file view and another filter.
 * @param program `filterPath` is the outer filter, under which the last step adds its own
 */
export function programPlan(plan: IsolationPlan, program: ConfinedProgram): IsolationPlan {
  const network = program.preparesNetwork === true ? 'private' : 'declared';
  return Object.freeze({ ...plan, ...plan.wayOf?.(program), layers: programLayers(plan, network) });
}

/** The layers of any program on this machine. @param network of its manifest */
export function programLayers(
  { layers, threads, way }: Pick<IsolationPlan, 'layers' | 'threads' | 'way'>,
  network: ProgramSettings['network'],
): readonly IsolationLayer[] {
  const counted = threads?.by === 'limit' || threads?.by === 'cgroup';
  const own = network === 'private' ? { ...gives, ...privateGives(way) } : gives;
  return layersOfOther(network === 'private' ? ofPrivateProgram : ofProgram, layers, (name) =>
    name === 'threads' && counted ? threadsDetail(threads.by) : own[name],
  );
}

function threadsDetail(by: 'limit' | 'cgroup'): string {
  const how =
    by === 'limit' ? 'RLIMIT_NPROC, which counts nothing but the enclave' : 'pids.max of a cgroup for this enclave';
  return `Threads are bounded by the manifest: ${besides}, and one for each of its threads (${how}).`;
}

const mebibyte = 1024n * 1024n;
/** What a program has besides its heap: its own data, stacks of threads, and the records of its allocator. */
const besidesHeapBytes = 64n * mebibyte;
/** A runtime such as Go's reserves some gibibytes of addresses that it never uses. */
const addressSpaceBytes = 4n * 1024n * mebibyte;
const stackBytes = 8n * mebibyte;
/** A passage is 8, and what is below it and not used is closed by the last step. */
const firstFreeAfterPassage = 9;

/** The command that starts one program. */
export function programCommand(plan: IsolationPlan, needs: ProgramNeeds, path: string): readonly string[] {
  const { starterPath, limits } = plan;
  const first = [...cgroupWords(needs.cgroups), ...limits.flatMap((name) => wordsOf(name, plan, needs))];
  const last = threadWords(plan.threads, programTasks(needs.threads));
  const { relay, user, lastStep } = needs;
  const inside = relay === undefined ? [] : [relay.path, ...relay.prepare];
  const words = [
    ...wayWords(plan, { starterPath, user, last, inside }, relay?.path ?? lastStep),
    ...(relay === undefined ? [] : [...relay.run, lastStep]),
    ...lastStepWords(path, needs),
  ];
  return first.length === 0 ? words : [starterPath, ...first, '-', ...byPath(words)];
}

function wordsOf(
  name: LimitName,
  plan: Pick<IsolationPlan, 'inherited'>,
  { heapSizeBytes, passage }: Pick<ProgramNeeds, 'heapSizeBytes' | 'passage'>,
): readonly string[] {
  const closeFrom = passage ? firstFreeAfterPassage : firstFreeDescriptor(plan);
  if (name !== 'memory') return limitWords[name]({ closeFrom, heapSizeBytes });
  return [
    ...atMost('data', heapSizeBytes + besidesHeapBytes),
    ...atMost('addressSpace', addressSpaceBytes + 2n * heapSizeBytes),
    ...atMost('stack', stackBytes),
  ];
}
