import type { IsolationLayer } from '@enclos/tee';
import { bubblewrapView, filterDescriptor, openedFiles } from './bubblewrap-view.ts';
import { wayWords, type Way } from './way.ts';
import { pathOf, triedLimits } from './limits.ts';
import {
  boundThreads,
  dropEverything,
  filterGives,
  layer,
  limitLayers,
  ownLayers,
  quietStart,
  type ConfinedProgram,
  type IsolationPlan,
  type PlanOptions,
} from './plan.ts';
import { runCommand, type Run } from './run.ts';
import { threadsLayer } from './threads.ts';

/** Options that bubblewrap has had since 0.5 (2021). It always sets no-new-privs. */
const confinement = [
  '--unshare-net',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup-try',
  // bubblewrap does this first for itself, so the kernel remembers the platform as the parent.
  '--die-with-parent',
  '--clearenv',
  '--cap-drop',
  'ALL',
];

/**
 * Makes the interpreter the first process of its namespace, as below `unshare`: that saves a process, and its end is visible.
 */
const asFirstProcess = '--as-pid-1';

const ownUserNamespace = '--unshare-user';

/** Root makes namespaces directly; where it may not, as in a container, it uses a user namespace, as other users do. */
const variants: readonly (readonly string[])[] = [
  [...confinement, asFirstProcess],
  [ownUserNamespace, ...confinement, asFirstProcess],
];

/**
 * `setpriv` inside gives an enclave its own user: it has the capabilities for that, and then drops them. In a user namespace
 * root could not become another user.
 *
 * The first process of the namespace then belongs to bubblewrap, and runs as root. The signal at the death of a parent is sent
 * with the rights of that parent (kill(2)), and bubblewrap keeps none to signal another user: an enclave would outlive it. But
 * it does end its own first process, and the kernel ends the whole namespace with that process (pid_namespaces(7)), whichever
 * users its processes have.
 */
const switchingUser = [
  ...confinement,
  ...['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((name) => ['--cap-add', name]),
];

const gives = {
  namespaces: 'Own network, process, IPC, host-name and mount namespaces (bubblewrap): no network at all.',
  privileges: 'No capabilities, and no way to gain any (bubblewrap: no-new-privs, --cap-drop ALL).',
  'file-view':
    'Its own read-only root folder, with the interpreter, its libraries and the starter: no other file of the machine has ' +
    'even a name (bwrap --ro-bind).',
  seccomp: filterGives('bubblewrap'),
} as const;

/** The layers that differ for an enclave with its own user. */
const givesUser = {
  ...gives,
  privileges:
    'No capabilities, and no way to gain any (no-new-privs; setpriv --bounding-set, after the change of user).',
  'file-view':
    'Its own read-only root folder, with the interpreter, setpriv and their libraries: no other file of the ' +
    'machine has even a name (bwrap --ro-bind).',
} as const;

/**
 * The same layers by bubblewrap, for distributions whose util-linux knows neither Landlock nor seccomp. bubblewrap gives all
 * five or none, so they are tried together, on the interpreter itself.
 */
export function planBubblewrap(options: PlanOptions): IsolationPlan {
  const run = options.run ?? runCommand;
  const { enclaveUser, interpreterPath, starterPath } = options;
  const inherited = Object.freeze({ path: options.filterPath, descriptor: filterDescriptor });
  const starts = ([command = '', ...args]: readonly string[]): boolean => run(command, args, inherited) !== undefined;
  const limits = triedLimits((words) => starts([starterPath, ...words, '-', interpreterPath, ...quietStart]));
  const runs = (way: Way): boolean =>
    starts([...wayWords(way, { starterPath, user: enclaveUser, last: [] }, interpreterPath), ...quietStart]);
  const ways = waysHere(options, run);
  const opened = ways.length === 0 ? [] : openedFiles([interpreterPath, ...innerPrograms(options)], starterPath, run);
  const works = ways.find((wayOf) => runs(wayOf(opened)));
  const way = works?.(opened);
  const countsAlone = enclaveUser !== undefined || way?.prefix.includes(ownUserNamespace) === true;
  const threads = way && boundThreads(options, { way, limits, countsAlone }, starts);
  const otherwise = works === undefined ? whatToDo(options, starts(['bwrap', '--version'])) : '';
  const given = (name: string, detail: string): IsolationLayer =>
    layer(name, works !== undefined, works === undefined ? otherwise : detail);
  let inner: readonly string[] | undefined;
  const innerFiles = (): readonly string[] => (inner ??= openedFiles(innerPrograms(options), starterPath, run));
  const layers = [
    ...ownLayers,
    ...limitLayers(limits, works !== undefined),
    works === undefined ? given('threads', '') : threadsLayer(threads),
    given('parent-death', 'The kernel ends the enclave with the platform (bwrap --die-with-parent).'),
    ...Object.entries(enclaveUser === undefined ? gives : givesUser).map(([name, detail]) => given(name, detail)),
  ];
  return Object.freeze({
    way: 'bubblewrap',
    ...(way ?? { prefix: Object.freeze([]), lastAt: 0 }),
    starterPath,
    limits,
    ...(threads === undefined ? {} : { threads }),
    layers: Object.freeze(layers),
    ...(works === undefined
      ? {}
      : {
          inherited,
          wayOf: ({ path, filterPath, starters = [], preparesNetwork = false }: ConfinedProgram) => ({
            ...works([path, ...starters, ...innerFiles()], preparesNetwork ? preparingNetwork : []),
            inherited: Object.freeze({ path: filterPath, descriptor: filterDescriptor }),
          }),
          wayWithFiles: (files: readonly string[]) => ({ ...works([...new Set([...opened, ...files])]), inherited }),
        }),
  });
}

/** A way, for the files that its root has, and with further options. */
type BubblewrapWay = (files: readonly string[], further?: readonly string[]) => Way;

/** bubblewrap turns the loopback interface on. The step inside takes ports and writes settings of the new network, and drops both. */
const networkPrivileges = ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN'].flatMap((name) => ['--cap-add', name]);
/** The settings in this folder are those of the namespace of the process that opens them (proc(5)). */
const preparingNetwork = [...networkPrivileges, '--bind-try', '/proc/sys/net', '/proc/sys/net'];

function waysHere({ enclaveUser, userId = process.getuid?.() }: PlanOptions, run: Run): readonly BubblewrapWay[] {
  if (enclaveUser !== undefined) return run(pathOf('setpriv'), ['--version']) === undefined ? [] : [toAnotherUser];
  // A user namespace counts the threads of one enclave, but not those of root.
  const inOrder = userId === 0 ? variants : [...variants].reverse();
  return inOrder.map((variant) => (files, further = []) => {
    const prefix = Object.freeze(['bwrap', ...variant, ...further, ...bubblewrapView(files)]);
    return { prefix, lastAt: prefix.length, insideAt: prefix.length };
  });
}

/** The programs, besides the one of the enclave and the starter, that run in its root. */
function innerPrograms({ enclaveUser }: PlanOptions): readonly string[] {
  return enclaveUser === undefined ? [] : [pathOf('setpriv')];
}

function toAnotherUser(files: readonly string[], further: readonly string[] = []): Way {
  const outer = ['bwrap', ...switchingUser, ...further, ...bubblewrapView(files), pathOf('setpriv')];
  const prefix = Object.freeze([...outer, ...dropEverything, '--']);
  return { prefix, userAt: outer.length, lastAt: prefix.length, insideAt: outer.length - 1 };
}

function whatToDo({ enclaveUser }: PlanOptions, isInstalled: boolean): string {
  if (!isInstalled) return 'Install bubblewrap (apt-get install bubblewrap).';
  if (enclaveUser !== undefined) {
    return 'bubblewrap is here, and root cannot make namespaces with it: give the container the capability SYS_ADMIN.';
  }
  return (
    'bubblewrap is here, and the kernel gives it no namespaces: run the platform as root, or allow unprivileged user ' +
    'namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0).'
  );
}
