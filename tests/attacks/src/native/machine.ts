import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import {
  enclaveCommand,
  planAllWays,
  writeStartFiles,
  type IsolationPlan,
  type IsolationWay,
  type StartFiles,
} from '@enclos/isolation';
import { runWithFile } from './run-with-file.ts';

/** A way to isolation, the user that starts the platform, and the user that its enclaves run as. */
export interface Setting {
  readonly name: string;
  readonly way: IsolationWay;
  readonly asUser: readonly string[];
  readonly userId: number;
  /** As on a separated platform. */
  readonly enclaveUser?: number;
}

/** A number without an account, which the kernel does not need. */
const ordinaryUser = 61_184;
const isRoot = process.getuid?.() === 0;
const becomeOrdinary = ['setpriv', '--reuid', `${ordinaryUser}`, '--regid', `${ordinaryUser}`, '--clear-groups', '--'];

const users = [
  { name: 'this user', asUser: [], userId: process.getuid?.() ?? 0 },
  { name: 'a user that root gives it', asUser: [], userId: 0, enclaveUser: ordinaryUser },
  { name: 'an ordinary user', asUser: becomeOrdinary, userId: ordinaryUser },
];

/** Both ways, as root, as a separated platform and as an ordinary user. */
export const settings: readonly Setting[] = (['bubblewrap', 'util-linux'] as const).flatMap((way) =>
  users.map(({ name, ...user }) => ({ ...user, way, name: `${way} as ${name}` })),
);

export function needsRoot({ asUser, enclaveUser }: Setting): string | false {
  return (asUser.length > 0 || enclaveUser !== undefined) && !isRoot && 'needs root, to become another user';
}

/** Why there is no compiler for the attacks; false when there is one, and in CI, where they have to run. */
export const compilerAbsence: string | false =
  compilers().length === 0 && process.env['CI'] === undefined && 'needs gcc (apt-get install gcc libc6-dev)';

function compilers(): readonly string[] {
  return ['gcc-14', 'gcc'].filter((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** A layer that a command is started without. */
export type Removable = 'seccomp' | 'threads' | 'memory' | 'descriptors';

/** What the program of the attacks passes; `flood` is 2000 descriptors. */
export type PassedKind = 'connected' | 'listening' | 'unconnected' | 'unix' | 'flood';

export interface StartedAttack {
  /** A layer that it is started without. */
  readonly without?: Removable;
  /** Started by a program that leaves descriptors open. */
  readonly leaking?: boolean;
  /** What the host passes to it over a private socket in place of the gate. */
  readonly holding?: PassedKind;
  /** All in one process, each with a socket of the same kind: where none of them changes anything. */
  readonly together?: boolean;
}

/** The attacks, and what starts them in place of the interpreter: the platform's own commands. */
export interface AttackMachine {
  planOf(setting: Setting): IsolationPlan;
  /** Runs attempts, one process each. @returns by name what each printed */
  run(setting: Setting, names: readonly string[], options?: StartedAttack): Readonly<Record<string, string>>;
  /** The path of the attacks' program. */
  readonly program: string;
  /** What the attacks' program leaves open to what it starts, as the words before it. */
  readonly leaker: readonly string[];
  close(): void;
}

const calls = 4;
const needs = { heapSizeBytes: 64n * 1024n * 1024n, threads: calls };
/** The bound of threads that the manifest of such an enclave has. */
export const threadsAllowed = 64 + 4 * calls;

export async function createAttackMachine(): Promise<AttackMachine> {
  // Not below the folder for temporary files of this user, which others might not be able to enter.
  const folder = mkdtempSync('/tmp/enclos-attacks-');
  chmodSync(folder, 0o755);
  const program = compileAttacks(folder);
  const files = await writeStartFiles(folder);
  const plans = new Map<Setting, IsolationPlan>();
  const planOf = (setting: Setting): IsolationPlan => {
    const plan = plans.get(setting) ?? makePlan(setting, program, files);
    plans.set(setting, plan);
    return plan;
  };
  return Object.freeze({
    planOf,
    run(setting: Setting, names: readonly string[], options: StartedAttack = {}) {
      const plan = planOf(setting);
      const processes = options.together === true ? [names] : names.map((name) => [name]);
      const found = processes.flatMap((each) => attempt(plan, setting, { names: each, program, ...options }));
      return Object.fromEntries(found);
    },
    program,
    leaker: [program, 'leak'],
    close: () => rmSync(folder, { recursive: true }),
  });
}

/** Compiles the program of the attacks into a folder. @returns its path */
export function compileAttacks(folder: string): string {
  const program = join(folder, 'attack');
  const sources = ['attack.c', 'sockets.c', 'hold.c', 'passer.c'].map((name) =>
    fileURLToPath(new URL(`../../../src/native/${name}`, import.meta.url)),
  );
  const [compiler = 'gcc'] = compilers();
  // One program, without libraries: a file view has to hold nothing else.
  const words = ['-O1', '-static', '-pthread', '-Wall', '-Wextra', '-Werror', '-o', program, ...sources];
  const { status, stderr } = spawnSync(compiler, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The attacks do not compile: ${stderr}`);
  return program;
}

/** The plan that this machine gives, for the attacks' program. It knows no options of the interpreter, and makes a thread as that does. */
function makePlan({ way, asUser, userId, enclaveUser }: Setting, program: string, files: StartFiles): IsolationPlan {
  const plans = planAllWays({
    interpreterPath: program,
    ...files,
    run: (command, args, inherited) => {
      const at = args.indexOf('--openssl-config=/dev/null');
      const words = at === -1 ? args : [...args.slice(0, at), 'start'];
      const ran = runWithFile([...asUser, command, ...words], inherited);
      return ran.status === 0 ? ran.stdout : undefined;
    },
    userId,
    ...(enclaveUser === undefined ? {} : { enclaveUser }),
  });
  const plan = plans.find((candidate) => candidate.way === way);
  if (plan === undefined) throw new Error(`There is no plan by ${way}.`);
  return plan;
}

interface Attempt extends StartedAttack {
  readonly names: readonly string[];
  readonly program: string;
}

function attempt(
  plan: IsolationPlan,
  { asUser, enclaveUser: user }: Setting,
  { names, program, without, leaking = false, holding }: Attempt,
): readonly (readonly [name: string, printed: string])[] {
  const own =
    plan.threads?.by === 'cgroup' && without !== 'threads' ? plan.threads.cgroup.make(threadsAllowed) : undefined;
  try {
    const command = enclaveCommand(plan, { ...needs, user, cgroups: own === undefined ? [] : [own.folder] }, program);
    const words = [...asUser, ...(without === undefined ? command : withoutLayer(command, without)), ...names];
    const host = [...(leaking ? [program, 'leak'] : []), ...(holding === undefined ? [] : [program, 'hold', holding])];
    const { stdout, stderr } = runWithFile([...host, ...words], plan.inherited);
    const lines = stdout.split('\n');
    return names.map((name) => {
      const found = lines.find((line) => line.startsWith(`${name} `));
      if (found === undefined) throw new Error(`${name} did not run: ${stderr}`);
      return [name, found.slice(name.length + 1)] as const;
    });
  } finally {
    own?.remove();
  }
}

const filterOptions = ['--seccomp-filter', '--seccomp'];
/** The resources of each layer that the starter sets: see its file. */
const resources: Readonly<Record<Exclude<Removable, 'seccomp'>, readonly string[]>> = {
  threads: ['r6'],
  memory: ['r2', 'r3', 'r9'],
  descriptors: ['r7'],
};

/** The same command without the words of one layer. */
function withoutLayer(command: readonly string[], layer: Removable): readonly string[] {
  const options = layer === 'seccomp' ? filterOptions : resources[layer];
  const isGone = (word: string | undefined): boolean => word !== undefined && options.includes(word);
  const left = command.filter((word, i) => !isGone(word) && !isGone(command[i - 1]));
  const kept = layer === 'descriptors' ? left.filter((word) => !/^c\d$/.test(word)) : left;
  if (kept.length === command.length && layer !== 'threads') throw new Error(`The command has no ${layer}.`);
  return kept;
}
