import { existsSync, realpathSync } from 'node:fs';
import { EnclosError } from '@enclos/errors';
import { emptyOpensslConfiguration } from '@enclos/loader';
import type { Isolation, IsolationLayer } from '@enclos/tee';
import { userWords, wayWords, type Way } from './way.ts';
import { byPath, limitLayer, triedLimits, type LimitName } from './limits.ts';
import { ownPidsCgroup, type PidsCgroup } from './pids-cgroup.ts';
import { runCommand, type InheritedFile, type Run } from './run.ts';
import { findThreadBound, threadsLayer, type ThreadBound } from './threads.ts';

/** How an enclave process is started on this machine, and the layers that this gives. */
export interface IsolationPlan extends Way {
  readonly layers: readonly IsolationLayer[];
  readonly way: IsolationWay;
  /** The program that starts all other programs: see `starter.ts`. */
  readonly starterPath: string;
  /** What the first starter limits. */
  readonly limits: readonly LimitName[];
  /** What bounds the threads, if anything. */
  readonly threads?: ThreadBound;
  /** A file that the prefix reads besides its words. */
  readonly inherited?: InheritedFile;
  /** The same way for another program than the interpreter, with its own file view and its own filter. */
  readonly wayOf?: (program: ConfinedProgram) => ProgramWay;
  /** The same way for the interpreter, which may also read these files and run code of theirs. */
  readonly wayWithFiles?: (files: readonly string[]) => ProgramWay;
}

/** A program that opens no file, not even a library. */
export interface ConfinedProgram {
  readonly path: string;
  /** A file with its seccomp filter. */
  readonly filterPath: string;
  /** What it is started by, which it must be able to run. */
  readonly starters?: readonly string[];
  /** The step inside of the namespaces needs the privileges over the new network that its program drops. */
  readonly preparesNetwork?: boolean;
}

export type ProgramWay = Way & Pick<IsolationPlan, 'inherited'>;

/** The two ways to the same layers: the tool that makes the namespaces, the file view and the filter. */
export type IsolationWay = 'bubblewrap' | 'util-linux';

export interface PlanOptions {
  readonly interpreterPath: string;
  /** A file with the seccomp filter. */
  readonly filterPath: string;
  /** The starter, which the user of the enclave must be able to run. */
  readonly starterPath: string;
  /** Runs a command. A parameter, so that tests can simulate other machines. */
  readonly run?: Run;
  /** The user that runs the platform. Default: the user of this process. */
  readonly userId?: number;
  /** On a separated platform: one of the users that its enclaves run as. Every layer is tried as this user. */
  readonly enclaveUser?: number;
  /** The cgroup in which a cgroup for an enclave can be made. Default: that of this process. */
  readonly cgroup?: PidsCgroup | undefined;
}

/** A layer of a wrapper: the words that turn it on (the first that work), and what to do when none does. */
export interface Wrapper {
  readonly name: string;
  readonly flags: readonly (readonly string[])[];
  readonly gives: string;
  readonly otherwise: string;
}

const noNewPrivileges = '--no-new-privs';
const diesWithParent = ['--pdeathsig', 'KILL'];
/** The privileges that setpriv takes from root. */
export const dropEverything = [noNewPrivileges, '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
const namespaces = ['--net', '--ipc', '--uts', '--pid', '--mount', '--fork', '--kill-child=SIGKILL', '--'];
const ownUserNamespace = '--user';
const needsUtilLinux = 'Install util-linux 2.41 or later, on a kernel with Landlock and seccomp.';

/**
 * Finds out once, by trying, what util-linux offers on this machine. The wrappers are `setpriv` and `unshare` of util-linux,
 * which every Debian has. Each starts the next in that order, and the interpreter comes last.
 */
export function planUtilLinux(options: PlanOptions): IsolationPlan {
  const run = options.run ?? runCommand;
  const starts = ([command = '', ...args]: readonly string[]): boolean => run(command, args) !== undefined;
  const switchUser = options.enclaveUser === undefined ? [] : userWords(options.enclaveUser);
  const outer: TriedWrapper[] = [];
  for (const wrapper of outerWrappers) {
    const wrappers = outer.flatMap(({ words }) => words ?? []);
    // A new user namespace knows one user, and root from outside could not become another user in it.
    const usable = wrapper.flags.filter((words) => switchUser.length === 0 || !words.includes(ownUserNamespace));
    outer.push({ wrapper, words: usable.find((words) => starts([...wrappers, ...words, 'true'])) });
  }
  const outerWords = outer.flatMap(({ words }) => words ?? []);
  const interpreter = [options.interpreterPath, ...quietStart];
  // Tried on the interpreter itself, where it will run: a layer under which it cannot start is useless.
  const before = switchUser.length === 0 ? [] : ['setpriv', ...switchUser, '--'];
  const works = (words: readonly string[]): boolean => starts([...outerWords, ...words, '--', ...interpreter]);
  const limits = triedLimits((words) => starts([options.starterPath, ...words, '-', ...interpreter]));
  // Dropping privileges needs the same privileges as changing the user, so both are one step.
  const privileges = tried(privilegesWrapper(options), (flags) => works(['setpriv', ...switchUser, ...flags]));
  const confined = confiningWrappers(options, run).map((wrapper) =>
    tried(wrapper, (flags) => works([...before, 'setpriv', ...flags])),
  );
  const inner = [privileges, ...confined];
  // The filter refuses calls that the change of user needs, so that comes first. So does the last starter, which the file view
  // does not contain.
  const early = switchUser.length === 0 ? [] : setprivWords([privileges]);
  const wayWith = (confining: readonly TriedWrapper[]): Way => {
    const late = setprivWords(switchUser.length === 0 ? [privileges, ...confining] : confining);
    return Object.freeze({
      prefix: Object.freeze([...outerWords, ...early, ...late]),
      ...(switchUser.length === 0 ? {} : { userAt: outerWords.length + 1 }),
      lastAt: outerWords.length + early.length,
      insideAt: outerWords.length,
    });
  };
  const way = wayWith(confined);
  const countsAlone = options.enclaveUser !== undefined || outerWords.includes(ownUserNamespace);
  const threads = boundThreads(options, { way, limits, countsAlone }, starts);
  const hasFilter = confined.some(({ wrapper, words }) => wrapper.name === 'seccomp' && words !== undefined);
  return Object.freeze({
    way: 'util-linux',
    ...way,
    starterPath: options.starterPath,
    limits,
    ...(threads === undefined ? {} : { threads }),
    layers: Object.freeze([
      ...ownLayers,
      ...limitLayers(limits, hasFilter),
      threadsLayer(threads),
      ...[...outer, ...inner].map(triedLayer),
    ]),
    wayOf: (program: ConfinedProgram) => {
      const own = wayWith(confined.map((each) => confinedFor(program, each)));
      return program.preparesNetwork === true ? keepingCapabilities(own) : own;
    },
    wayWithFiles: (files: readonly string[]) =>
      wayWith(confined.map((each) => withFiles(each, () => interpreterFiles(options.interpreterPath, run), files))),
  });
}

/**
 * In its own user namespace a process has all capabilities over it, and one that is not root loses them with the next program that it
 * becomes, unless they are ambient (capabilities(7)). The step that needs two of them drops them all.
 */
function keepingCapabilities(way: Way): Way {
  const { prefix, lastAt, insideAt = lastAt } = way;
  const at = prefix.indexOf(ownUserNamespace);
  if (at < 0) return way;
  const kept = [...prefix.slice(0, at), '--keep-caps', ...prefix.slice(at)];
  return Object.freeze({ prefix: Object.freeze(kept), lastAt: lastAt + 1, insideAt: insideAt + 1 });
}

/** The words that worked, with the files of another program. */
function confinedFor(program: ConfinedProgram, { wrapper, words }: TriedWrapper): TriedWrapper {
  if (words === undefined) return { wrapper, words };
  const own =
    wrapper.name === 'seccomp'
      ? filterFlags(program.filterPath)
      : landlockFlags({ runnable: [program.path, ...(program.starters ?? [])], readable: [] });
  return { wrapper, words: [noNewPrivileges, ...own] };
}

/** The words that worked, with more files in the view of the interpreter. */
function withFiles(found: TriedWrapper, own: () => OpenedFiles, files: readonly string[]): TriedWrapper {
  const { wrapper, words } = found;
  if (wrapper.name !== 'file-view' || words === undefined) return found;
  const { runnable, readable } = own();
  return { wrapper, words: [noNewPrivileges, ...landlockFlags({ runnable: [...runnable, ...files], readable })] };
}

/** The layers of the outer limits, in the order of the list of layers. */
export function limitLayers(limits: readonly LimitName[], hasFilter: boolean): readonly IsolationLayer[] {
  return (['descriptors', 'memory', 'no-dumps'] as const).map((name) => limitLayer(name, limits, hasFilter));
}

export interface TriedWay {
  readonly way: Way;
  readonly limits: readonly LimitName[];
  /** See {@link ThreadTrial}. */
  readonly countsAlone: boolean;
}

/** Finds a bound for threads by starting the interpreter all the way. */
export function boundThreads(
  options: PlanOptions,
  { way, limits, countsAlone }: TriedWay,
  starts: (words: readonly string[]) => boolean,
): ThreadBound | undefined {
  // Without the starter nothing can set a bound.
  if (limits.length === 0) return undefined;
  const { starterPath, enclaveUser: user } = options;
  const isRoot = (options.userId ?? process.getuid?.()) === 0;
  // RLIMIT_NPROC bounds an enclave that has its own user, so it needs no cgroup.
  const cgroup = user === undefined && isRoot ? ('cgroup' in options ? options.cgroup : ownPidsCgroup()) : undefined;
  return findThreadBound({
    countsAlone,
    cgroup,
    starts: (first, last) => {
      const words = wayWords(way, { starterPath, user, last }, options.interpreterPath);
      return starts([starterPath, ...first, '-', ...byPath([...words, ...quietStart])]);
    },
  });
}

function tried(wrapper: Wrapper, works: (flags: readonly string[]) => boolean): TriedWrapper {
  return { wrapper, words: wrapper.flags.find(works) };
}

export interface TriedWrapper {
  readonly wrapper: Wrapper;
  readonly words: readonly string[] | undefined;
}

function triedLayer({ wrapper, words }: TriedWrapper): IsolationLayer {
  return layer(wrapper.name, words !== undefined, words === undefined ? wrapper.otherwise : wrapper.gives);
}

/** Three layers need no-new-privs, and setpriv accepts it only once. */
function setprivWords(inner: readonly TriedWrapper[]): readonly string[] {
  const given = inner.flatMap(({ words }) => words ?? []);
  if (given.length === 0) return [];
  const once = given.includes(noNewPrivileges)
    ? [noNewPrivileges, ...given.filter((flag) => flag !== noNewPrivileges)]
    : given;
  return ['setpriv', ...once, '--'];
}

export const quietStart = [`--openssl-config=${emptyOpensslConfiguration}`, '-e', '0'];

/** The layers that the platform itself gives, on every machine. */
export const ownLayers = [
  layer('interpreter', true, 'Node permission model, no code from strings, no addons, no inspector signal.'),
  layer('authority', true, 'Modules, globals and process members with authority are removed before the bundle runs.'),
  layer('environment', true, 'Empty environment and OpenSSL configuration.'),
];

const outerWrappers: readonly Wrapper[] = [
  {
    // Outside all others: the kernel remembers the parent of the process that asks, and that must be the platform. Inside
    // `unshare` the parent would be `unshare`, which a killed platform leaves running with its enclave.
    name: 'parent-death',
    flags: [['setpriv', ...diesWithParent, '--']],
    gives: 'The kernel ends the enclave with the platform (setpriv --pdeathsig).',
    otherwise: 'Install util-linux (setpriv).',
  },
  {
    name: 'namespaces',
    flags: [
      ['unshare', ...namespaces],
      ['unshare', ownUserNamespace, '--map-current-user', ...namespaces],
    ],
    gives: 'Own network, process, IPC, host-name and mount namespaces (unshare): no network at all.',
    otherwise:
      'Run the platform as root with CAP_SYS_ADMIN, with /proc and outside of a chroot, or allow unprivileged user namespaces.',
  },
];

/**
 * Changing the user undoes what `parent-death` arranged, so it is arranged again after the change (prctl(2), PR_SET_PDEATHSIG);
 * setpriv keeps that order.
 */
function privilegesWrapper({ enclaveUser, userId = process.getuid?.() }: PlanOptions): Wrapper {
  const tied = enclaveUser === undefined ? [] : diesWithParent;
  return {
    name: 'privileges',
    flags: capabilityFlags(userId).map((flags) => [...flags, ...tied]),
    gives: 'No capabilities, and no way to gain any (setpriv --no-new-privs --bounding-set).',
    otherwise: 'Install util-linux (setpriv), and give root the capability SETPCAP, which dropping needs.',
  };
}

/** The option that sets the filter. */
const filterOption: Readonly<Record<IsolationWay, string>> = {
  bubblewrap: 'bwrap --seccomp',
  'util-linux': 'setpriv --seccomp-filter',
};

/** What the filter of `system-calls.ts` gives; `passes` for an enclave to which sockets are passed. */
export function filterGives(way: IsolationWay, { passes = false }: { readonly passes?: boolean } = {}): string {
  const sockets = passes ? 'No sockets but those that the host passes' : 'No new sockets';
  return `System call filter: what is not listed is refused. ${sockets}, no processes, no tracing, no mounts (${filterOption[way]}).`;
}

function confiningWrappers(options: PlanOptions, run: Run): readonly Wrapper[] {
  return [
    {
      name: 'file-view',
      flags: [[noNewPrivileges, ...landlockFlags(interpreterFiles(options.interpreterPath, run))]],
      // Landlock has no right for stat(2): landlock(7), "Current limitations".
      gives:
        'Landlock: only the interpreter and its libraries can be read and run (setpriv --landlock-access). Names and ' +
        'sizes of other files can be seen.',
      otherwise: needsUtilLinux,
    },
    {
      name: 'seccomp',
      flags: [[noNewPrivileges, ...filterFlags(options.filterPath)]],
      gives: filterGives('util-linux'),
      otherwise: needsUtilLinux,
    },
  ];
}

/** An ordinary user has no capabilities to drop: it is enough that no program can raise them. */
function capabilityFlags(userId: number | undefined): readonly (readonly string[])[] {
  return userId === 0 ? [dropEverything] : [dropEverything, [noNewPrivileges]];
}

function filterFlags(filterPath: string): readonly string[] {
  return ['--seccomp-filter', filterPath];
}

/** Everything that a program opens to start, by the names that it asks for. */
export interface OpenedFiles {
  readonly runnable: readonly string[];
  readonly readable: readonly string[];
}

function landlockFlags({ runnable, readable }: OpenedFiles): readonly string[] {
  const rules = [
    ...runnable.map((path) => `path-beneath:execute,read-file:${realpathSync(path)}`),
    ...readable.map((path) => `path-beneath:read-file:${path}`),
  ];
  return ['--landlock-access', 'fs', ...rules.flatMap((rule) => ['--landlock-rule', rule])];
}

/** Where the loader finds libraries by their names (ld.so(8)). */
const loaderCache = '/etc/ld.so.cache';

/** The files of the interpreter, or of another program with libraries. */
export function interpreterFiles(interpreterPath: string, run: Run): OpenedFiles {
  const listed = run('ldd', [interpreterPath]) ?? listedByLoader(interpreterPath, run);
  const libraries = listed.match(/\/\S+/g) ?? [];
  // A small image has no cache: the loader then searches its folders.
  const cache = existsSync(loaderCache) ? [loaderCache] : [];
  return { runnable: [interpreterPath, ...libraries], readable: [...cache, emptyOpensslConfiguration] };
}

/** `ldd` is a shell script that asks the loader. A small image has only the loader (ld.so(8), `--list`). */
function listedByLoader(interpreterPath: string, run: Run): string {
  const loader = loaders.find((path) => existsSync(path));
  return loader === undefined ? '' : (run(loader, ['--list', interpreterPath]) ?? '');
}

/** The loaders that programs of x86-64 and of AArch64 name. */
const loaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'];

export function layer(name: string, active: boolean, detail: string): IsolationLayer {
  return Object.freeze({ name, active, detail });
}

/** Layers that the interpreter and its loader give. */
const ofInterpreter: ReadonlySet<string> = new Set(['interpreter', 'authority']);

/**
 * The layers of a process without the interpreter: its own, and those that the machine gives the interpreter too.
 * @param detailOf what one of these gives this process, where that is something else
 */
export function layersOfOther(
  own: IsolationLayer,
  layers: readonly IsolationLayer[],
  detailOf: (name: string) => string | undefined,
): readonly IsolationLayer[] {
  const described = layers
    .filter(({ name }) => !ofInterpreter.has(name))
    .map((found) => {
      const detail = detailOf(found.name);
      return detail === undefined || !found.active ? found : layer(found.name, true, detail);
    });
  return Object.freeze([own, ...described]);
}

/**
 * `strict` requires all layers; `best` takes those that are available.
 * @throws ISOLATION_UNAVAILABLE naming the missing layers.
 */
export function requireIsolation(plan: IsolationPlan, mode: Isolation): void {
  const missing = plan.layers.filter((candidate) => !candidate.active).map((candidate) => candidate.name);
  if (mode === 'best' || missing.length === 0) return;
  throw new EnclosError('ISOLATION_UNAVAILABLE', `Strict isolation lacks: ${missing.join(', ')}.`, {
    details: { missing },
  });
}
