import { basename } from 'node:path';
import type { IsolationPlan, PlanOptions } from '../../src/platform/isolation/plan.ts';
import type { Run } from '../../src/platform/isolation/run.ts';

export interface Machine {
  /** Programs that are installed. Default: util-linux. */
  readonly programs?: readonly string[];
  /** A command line with one of these words fails. */
  readonly without?: readonly string[];
  readonly userId?: number;
  readonly enclaveUser?: number;
}

export interface Planned {
  readonly plan: IsolationPlan;
  /** What was tried, in its order. */
  readonly commands: readonly string[];
}

export const utilLinux = ['setpriv', 'prlimit', 'unshare', 'ldd'];
const known = [...utilLinux, 'bwrap'];

/** Plays a machine: a command works when all its programs are there and no word of it is one that the machine lacks. */
export function machineOptions(machine: Machine, commands: string[] = []): PlanOptions {
  const programs = machine.programs ?? utilLinux;
  const run: Run = (command, args) => {
    const words = [command, ...args];
    commands.push(words.join(' '));
    const missing = words
      .map((word) => basename(word))
      .filter((name) => known.includes(name) && !programs.includes(name));
    const lacking = words.filter((word) => machine.without?.includes(word));
    return missing.length + lacking.length === 0 ? '' : undefined;
  };
  const { userId = 0, enclaveUser } = machine;
  const options = { interpreterPath: process.execPath, filterPath: '/run/filter.bpf', run, userId };
  return enclaveUser === undefined ? options : { ...options, enclaveUser };
}

export function missingLayers(plan: IsolationPlan): readonly string[] {
  return plan.layers.filter(({ active }) => !active).map(({ name }) => name);
}

export const layersOfTheMachine = [
  'memory',
  'parent-death',
  'no-dumps',
  'namespaces',
  'privileges',
  'file-view',
  'seccomp',
];
