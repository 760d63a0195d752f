import { basename } from 'node:path';
import type { PidsCgroup } from '../../src/layers/pids-cgroup.ts';
import type { IsolationPlan, PlanOptions } from '../../src/layers/plan.ts';
import type { Run } from '../../src/layers/run.ts';

export interface Machine {
  /** Programs that are installed. Default: util-linux. */
  readonly programs?: readonly string[];
  /** A command line with one of these words fails. */
  readonly without?: readonly string[];
  readonly userId?: number;
  readonly enclaveUser?: number;
  /** Whether RLIMIT_NPROC bounds its processes, which it does not for root. Default: true. */
  readonly countsProcesses?: boolean;
  readonly cgroup?: PidsCgroup | undefined;
}

export interface Planned {
  readonly plan: IsolationPlan;
  /** What was tried, in its order. */
  readonly commands: readonly string[];
}

export const starterPath = '/cache/enclos-start';
export const utilLinux = ['setpriv', 'unshare', 'ldd'];
const known = [...utilLinux, 'bwrap'];

/** A cgroup in which one can be made for each enclave; the machine keeps its bound. */
export const playedCgroup: PidsCgroup = {
  tasks: 4000,
  make: (tasks) => ({ folder: `/cgroup/${tasks}`, remove: () => undefined }),
};

/** Plays a machine: a command works when all its programs are there and no word of it is one that the machine lacks. */
export function machineOptions(machine: Machine, commands: string[] = []): PlanOptions {
  const programs = machine.programs ?? utilLinux;
  const { userId = 0, enclaveUser, countsProcesses = true, cgroup = playedCgroup } = machine;
  const run: Run = (command, args) => {
    const words = [command, ...args];
    const line = words.join(' ');
    commands.push(line);
    const missing = words
      .map((word) => basename(word))
      .filter((name) => known.includes(name) && !programs.includes(name));
    const lacking = words.filter((word) => machine.without?.includes(word));
    // The bounds that let nothing run: of RLIMIT_NPROC, and of a cgroup.
    const bounded = (countsProcesses && line.includes(' r6 v1 ')) || line.includes('j/cgroup/1/');
    const forbidden = userId !== 0 && words.includes('unshare') && !words.includes('--user');
    return missing.length + lacking.length === 0 && !bounded && !forbidden ? '' : undefined;
  };
  const options = {
    interpreterPath: process.execPath,
    filterPath: '/run/filter.bpf',
    starterPath,
    run,
    userId,
    cgroup: 'cgroup' in machine ? machine.cgroup : cgroup,
  };
  return enclaveUser === undefined ? options : { ...options, enclaveUser };
}

export function missingLayers(plan: IsolationPlan): readonly string[] {
  return plan.layers.filter(({ active }) => !active).map(({ name }) => name);
}

/** What the starter gives alone. */
export const limitLayerNames = ['descriptors', 'memory', 'no-dumps'];

export const layersOfTheMachine = [
  ...limitLayerNames,
  'threads',
  'parent-death',
  'namespaces',
  'privileges',
  'file-view',
  'seccomp',
];
