import { existsSync, realpathSync } from 'node:fs';
import { EnclosError } from '@enclos/errors';
import type { Isolation, IsolationLayer } from '@enclos/tee';
import { emptyOpensslConfiguration } from '../interpreter-flags.ts';
import { runCommand, type InheritedFile, type Run } from './run.ts';

/** How an enclave process is started on this machine, and what that gives. */
export interface IsolationPlan {
  /** Goes before the interpreter, whatever the enclave: see {@link commandPrefix}. */
  readonly prefix: readonly string[];
  /** Where in the prefix the words go that give the process a user of its own; absent where it cannot have one. */
  readonly userAt?: number;
  readonly layers: readonly IsolationLayer[];
  readonly way: IsolationWay;
  /** What the prefix reads beside its words. */
  readonly inherited?: InheritedFile;
}

/** The two ways to the same layers: what makes the namespaces, the file view and the filter. */
export type IsolationWay = 'bubblewrap' | 'util-linux';

export interface PlanOptions {
  readonly interpreterPath: string;
  /** A file with the seccomp filter. */
  readonly filterPath: string;
  /** Runs a command. A parameter, so that tests can play other machines. */
  readonly run?: Run;
  /** Who runs the platform. Default: the user of this process. */
  readonly userId?: number;
  /** A separated platform: one of the users that its enclaves run as. Every layer is tried under it. */
  readonly enclaveUser?: number;
}

/** A layer of a wrapper: the words that turn it on (the first that work), and what to do where none does. */
export interface Wrapper {
  readonly name: string;
  readonly flags: readonly (readonly string[])[];
  readonly gives: string;
  readonly otherwise: string;
}

const noNewPrivileges = '--no-new-privs';
const diesWithParent = ['--pdeathsig', 'KILL'];
/** What setpriv takes from root. */
export const dropEverything = [noNewPrivileges, '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
const namespaces = ['--net', '--ipc', '--uts', '--pid', '--mount', '--fork', '--kill-child=SIGKILL', '--'];
const needsUtilLinux = 'Install util-linux 2.41 or later, on a kernel with Landlock and seccomp.';

/**
 * Looks once at what util-linux gives on this machine, by trying it. The wrappers are
 * `setpriv`, `prlimit` and `unshare` of util-linux, which every Debian has.
 * They start one another in that order, and the interpreter last.
 */
export function planUtilLinux(options: PlanOptions): IsolationPlan {
  const run = options.run ?? runCommand;
  const starts = ([command = '', ...args]: readonly string[]): boolean => run(command, args) !== undefined;
  const switchUser = options.enclaveUser === undefined ? [] : userWords(options.enclaveUser);
  const outer: Tried[] = [];
  for (const wrapper of outerWrappers) {
    const wrappers = outer.flatMap(({ words }) => words ?? []);
    // A user namespace of its own knows one user, and root outside could not become another one in it.
    const usable = wrapper.flags.filter((words) => switchUser.length === 0 || !words.includes('--user'));
    outer.push({ wrapper, words: usable.find((words) => starts([...wrappers, ...words, 'true'])) });
  }
  const outerWords = outer.flatMap(({ words }) => words ?? []);
  // Tried on the interpreter itself, where it will run: a layer that it cannot start under is no layer.
  const before = switchUser.length === 0 ? [] : ['setpriv', ...switchUser, '--'];
  const works = (words: readonly string[]): boolean =>
    starts([...outerWords, ...words, '--', options.interpreterPath, ...quietStart]);
  const bounded = starts([...memoryWords(minimumHeapBytes), ...outerWords, options.interpreterPath, ...quietStart]);
  // Dropping privileges takes those that the change of the user takes away: both are one step.
  const privileges = tried(privilegesWrapper(options), (flags) => works(['setpriv', ...switchUser, ...flags]));
  const confined = confiningWrappers(options, run).map((wrapper) =>
    tried(wrapper, (flags) => works([...before, 'setpriv', ...flags])),
  );
  const inner = [privileges, ...confined];
  // The filter refuses what the change of the user has to do last, so that comes before.
  const steps = switchUser.length === 0 ? [inner] : [[privileges], confined];
  return Object.freeze({
    way: 'util-linux',
    prefix: Object.freeze([...outerWords, ...steps.flatMap(setprivWords)]),
    userAt: outerWords.length + 1,
    layers: Object.freeze([...ownLayers, memoryLayer(bounded), ...[...outer, ...inner].map(triedLayer)]),
  });
}

function tried(wrapper: Wrapper, works: (flags: readonly string[]) => boolean): Tried {
  return { wrapper, words: wrapper.flags.find(works) };
}

export interface Tried {
  readonly wrapper: Wrapper;
  readonly words: readonly string[] | undefined;
}

export function triedLayer({ wrapper, words }: Tried): IsolationLayer {
  return layer(wrapper.name, words !== undefined, words === undefined ? wrapper.otherwise : wrapper.gives);
}

/** Three layers need no-new-privs, and setpriv takes it once. */
function setprivWords(inner: readonly Tried[]): readonly string[] {
  const given = inner.flatMap(({ words }) => words ?? []);
  if (given.length === 0) return [];
  const once = given.includes(noNewPrivileges)
    ? [noNewPrivileges, ...given.filter((flag) => flag !== noNewPrivileges)]
    : given;
  return ['setpriv', ...once, '--'];
}

const memoryLayerName = 'memory';
export const minimumHeapBytes = 16n * 1024n * 1024n;
/** What the interpreter has mapped before it runs anything: code range, thread stacks, its own heap's start. */
const interpreterDataBytes = 640n * 1024n * 1024n;

/**
 * RLIMIT_DATA: the heap flag bounds JavaScript objects, and this bounds them
 * together with buffers and WebAssembly memory, which may need as much again.
 */
export function memoryWords(heapSizeBytes: bigint, besidesBytes = 0n): readonly string[] {
  return ['prlimit', `--data=${interpreterDataBytes + 2n * heapSizeBytes + besidesBytes}`, '--'];
}

export function memoryLayer(active: boolean): IsolationLayer {
  const gives = 'Memory is bounded by the heap size of the manifest (prlimit --data, heap flag, WebAssembly pages).';
  return layer(memoryLayerName, active, active ? gives : 'Install util-linux (prlimit).');
}

/** What gives an enclave a user of its own, of a group of the same number and of no other. */
function userWords(user: number): readonly string[] {
  return ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
}

export interface CommandPrefixOptions {
  /** Memory of the platform's own in the enclave's process. */
  readonly extraDataBytes?: bigint;
  /** The user that the enclave runs as, on a separated platform. */
  readonly user?: number | undefined;
}

/** What goes before the interpreter of one enclave. */
export function commandPrefix(
  plan: IsolationPlan,
  heapSizeBytes: bigint,
  { extraDataBytes, user }: CommandPrefixOptions = {},
): readonly string[] {
  const bounded = plan.layers.some(({ name, active }) => name === memoryLayerName && active);
  const prefix = user === undefined ? plan.prefix : withUser(plan, user);
  return [...(bounded ? memoryWords(heapSizeBytes, extraDataBytes) : []), ...prefix];
}

/** The prefix of a plan with a user in it. */
export function withUser(
  { prefix, userAt }: Pick<IsolationPlan, 'prefix' | 'userAt'>,
  user: number,
): readonly string[] {
  if (userAt === undefined) throw new RangeError('This way to isolation gives no process a user of its own.');
  return [...prefix.slice(0, userAt), ...userWords(user), ...prefix.slice(userAt)];
}

export const quietStart = [`--openssl-config=${emptyOpensslConfiguration}`, '-e', '0'];

/** What the platform itself gives, on every machine. */
export const ownLayers = [
  layer('interpreter', true, 'Node permission model, no code from strings, no addons, no inspector signal.'),
  layer('authority', true, 'Modules, globals and process members with authority are removed before the bundle runs.'),
  layer(
    'environment',
    true,
    'Empty environment and OpenSSL configuration; no descriptors but the three of the enclave.',
  ),
];

export const dumpWrapper: Wrapper = {
  // Not 0: the kernel pipes a dump to a collector whatever the limit is, except when it is 1 (core(5)).
  name: 'no-dumps',
  flags: [['prlimit', '--core=1:1', '--']],
  gives: 'A crash leaves no memory dump, neither in a file nor with a collector (prlimit --core).',
  otherwise: 'Install util-linux (prlimit).',
};

const outerWrappers: readonly Wrapper[] = [
  {
    // Around all others: the kernel remembers the parent of the process that asks, and that must be the platform.
    // Inside `unshare` it would be `unshare`, which a killed platform leaves behind with its enclave.
    name: 'parent-death',
    flags: [['setpriv', ...diesWithParent, '--']],
    gives: 'The kernel ends the enclave with the platform (setpriv --pdeathsig).',
    otherwise: 'Install util-linux (setpriv).',
  },
  dumpWrapper,
  {
    name: 'namespaces',
    flags: [
      ['unshare', ...namespaces],
      ['unshare', '--user', '--map-current-user', ...namespaces],
    ],
    gives: 'Own network, process, IPC, host-name and mount namespaces (unshare): no network at all.',
    otherwise: 'Run the platform as root, or allow unprivileged user namespaces.',
  },
];

/**
 * Changing the user takes back what `parent-death` arranged, so it is arranged
 * again behind it (prctl(2), PR_SET_PDEATHSIG); setpriv keeps that order.
 */
function privilegesWrapper({ enclaveUser, userId = process.getuid?.() }: PlanOptions): Wrapper {
  const tied = enclaveUser === undefined ? [] : diesWithParent;
  return {
    name: 'privileges',
    flags: capabilityFlags(userId).map((flags) => [...flags, ...tied]),
    gives: 'No capabilities, and none to be had (setpriv --no-new-privs --bounding-set).',
    otherwise: 'Install util-linux (setpriv), and give root the capability SETPCAP, which dropping needs.',
  };
}

function confiningWrappers(options: PlanOptions, run: Run): readonly Wrapper[] {
  return [
    {
      name: 'file-view',
      flags: [[noNewPrivileges, ...landlockFlags(options.interpreterPath, run)]],
      // Landlock has no right for stat(2): landlock(7), "Current limitations".
      gives:
        'Landlock: only the interpreter and its libraries can be read and run (setpriv --landlock-access). Names and ' +
        'sizes of other files can be seen.',
      otherwise: needsUtilLinux,
    },
    {
      name: 'seccomp',
      flags: [[noNewPrivileges, '--seccomp-filter', options.filterPath]],
      gives: 'System call filter: no sockets, no processes, no tracing, no mounts (setpriv --seccomp-filter).',
      otherwise: needsUtilLinux,
    },
  ];
}

/** An ordinary user has no capabilities to drop: that no program can raise them is enough. */
function capabilityFlags(userId: number | undefined): readonly (readonly string[])[] {
  return userId === 0 ? [dropEverything] : [dropEverything, [noNewPrivileges]];
}

function landlockFlags(interpreterPath: string, run: Run): readonly string[] {
  const { runnable, readable } = interpreterFiles(interpreterPath, run);
  const rules = [
    ...runnable.map((path) => `path-beneath:execute,read-file:${realpathSync(path)}`),
    ...readable.map((path) => `path-beneath:read-file:${path}`),
  ];
  return ['--landlock-access', 'fs', ...rules.flatMap((rule) => ['--landlock-rule', rule])];
}

/** Where the loader finds libraries by their names (ld.so(8)). */
const loaderCache = '/etc/ld.so.cache';

/** Everything that the interpreter opens to start, by the names that it asks for. */
export function interpreterFiles(
  interpreterPath: string,
  run: Run,
): { readonly runnable: readonly string[]; readonly readable: readonly string[] } {
  const listed = run('ldd', [interpreterPath]) ?? listedByLoader(interpreterPath, run);
  const libraries = listed.match(/\/\S+/g) ?? [];
  // A small image has no cache: the loader then looks in its folders.
  const cache = existsSync(loaderCache) ? [loaderCache] : [];
  return { runnable: [interpreterPath, ...libraries], readable: [...cache, emptyOpensslConfiguration] };
}

/** `ldd` is a script of the shell, which asks the loader: a small image has only that (ld.so(8), `--list`). */
function listedByLoader(interpreterPath: string, run: Run): string {
  const loader = loaders.find((path) => existsSync(path));
  return loader === undefined ? '' : (run(loader, ['--list', interpreterPath]) ?? '');
}

/** As the programs of x86-64 and of AArch64 name it. */
const loaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'];

export function layer(name: string, active: boolean, detail: string): IsolationLayer {
  return Object.freeze({ name, active, detail });
}

/**
 * `strict` takes all or nothing; `best` takes what is there.
 * @throws ISOLATION_UNAVAILABLE naming the missing layers.
 */
export function requireIsolation(plan: IsolationPlan, mode: Isolation): void {
  const missing = plan.layers.filter((candidate) => !candidate.active).map((candidate) => candidate.name);
  if (mode === 'best' || missing.length === 0) return;
  throw new EnclosError('ISOLATION_UNAVAILABLE', `Strict isolation lacks: ${missing.join(', ')}.`, {
    details: { missing },
  });
}
