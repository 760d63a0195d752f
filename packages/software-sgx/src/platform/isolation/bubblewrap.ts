import type { IsolationLayer } from '@enclos/tee';
import { bubblewrapView, filterDescriptor } from './bubblewrap-view.ts';
import {
  dropEverything,
  dumpWrapper,
  layer,
  memoryLayer,
  memoryWords,
  minimumHeapBytes,
  ownLayers,
  quietStart,
  triedLayer,
  withUser,
  type IsolationPlan,
  type PlanOptions,
} from './plan.ts';
import { runCommand, type Run } from './run.ts';

/** Options that bubblewrap has had since 0.5 (2021). It sets no-new-privs always. */
const confinement = [
  '--unshare-net',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup-try',
  // For bubblewrap itself it is the first thing that it does, so the kernel remembers the platform as the parent.
  '--die-with-parent',
  '--clearenv',
  '--cap-drop',
  'ALL',
];

/** The interpreter is the first process of its namespace, as below `unshare`: one process less, and its end is seen. */
const asFirstProcess = '--as-pid-1';

/** Root makes namespaces itself; where it may not, as in a container, inside a user namespace like everybody else. */
const variants: readonly (readonly string[])[] = [
  [...confinement, asFirstProcess],
  ['--unshare-user', ...confinement, asFirstProcess],
];

/**
 * An enclave gets a user of its own by `setpriv` inside, which has what it needs
 * for that and drops it. In a user namespace root could become nobody else.
 *
 * The first process of the namespace is then bubblewrap's own, and root's. The
 * signal at the death of a parent is sent with the rights of that parent
 * (kill(2)), and bubblewrap keeps none to signal another user: an enclave would
 * outlive it. Its own first process it does end, and the kernel ends the whole
 * namespace with that one (pid_namespaces(7)), whoever its processes are.
 */
const switchingUser = [
  ...confinement,
  ...['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((name) => ['--cap-add', name]),
];

/** Where a program is looked for that is started without a PATH (execvp(3), confstr(3)). */
const setprivPaths = ['/bin/setpriv', '/usr/bin/setpriv'];

const gives = {
  namespaces: 'Own network, process, IPC, host-name and mount namespaces (bubblewrap): no network at all.',
  privileges: 'No capabilities, and none to be had (bubblewrap: no-new-privs, --cap-drop ALL).',
  'file-view':
    'A read-only root folder of its own, with the interpreter and its libraries: no other file of the machine has ' +
    'even a name (bwrap --ro-bind).',
  seccomp: 'System call filter: no sockets, no processes, no tracing, no mounts (bwrap --seccomp).',
} as const;

/** What differs for an enclave with a user of its own. */
const givesUser = {
  ...gives,
  privileges:
    'No capabilities, and none to be had (bubblewrap: no-new-privs; setpriv --bounding-set, behind the change of user).',
  'file-view':
    'A read-only root folder of its own, with the interpreter, setpriv and their libraries: no other file of the ' +
    'machine has even a name (bwrap --ro-bind).',
} as const;

/**
 * The same layers by bubblewrap, which distributions have whose util-linux
 * knows neither Landlock nor seccomp. It gives its five together or none of
 * them, so they are tried at once, and on the interpreter itself.
 */
export function planBubblewrap(options: PlanOptions): IsolationPlan {
  const run = options.run ?? runCommand;
  const { enclaveUser } = options;
  const inherited = Object.freeze({ path: options.filterPath, descriptor: filterDescriptor });
  const starts = ([command = '', ...args]: readonly string[]): boolean => run(command, args, inherited) !== undefined;
  const dumps = { wrapper: dumpWrapper, words: dumpWrapper.flags.find((words) => starts([...words, 'true'])) };
  const outer = { prefix: dumps.words ?? [] };
  const runs = (way: Way, before: readonly string[] = []): boolean =>
    starts([...before, ...wordsOf(way, enclaveUser), options.interpreterPath, ...quietStart]);
  const ways = enclaveUser === undefined ? waysAsOneUser(options, run) : waysToAnotherUser(options, run);
  const works = ways.map((way) => behind(outer.prefix, way)).find((way) => runs(way));
  const way = works ?? outer;
  const bounded = runs(way, memoryWords(minimumHeapBytes));
  const otherwise = works === undefined ? whatToDo(options, starts(['bwrap', '--version'])) : '';
  const given = (name: string, detail: string): IsolationLayer =>
    layer(name, works !== undefined, works === undefined ? otherwise : detail);
  const layers = [
    ...ownLayers,
    memoryLayer(bounded),
    given('parent-death', 'The kernel ends the enclave with the platform (bwrap --die-with-parent).'),
    triedLayer(dumps),
    ...Object.entries(enclaveUser === undefined ? gives : givesUser).map(([name, detail]) => given(name, detail)),
  ];
  return Object.freeze({
    way: 'bubblewrap',
    ...way,
    layers: Object.freeze(layers),
    ...(works === undefined ? {} : { inherited }),
  });
}

/** The words of a plan, and where a user goes in them. */
type Way = Pick<IsolationPlan, 'prefix' | 'userAt'>;

function wordsOf(way: Way, user: number | undefined): readonly string[] {
  return user === undefined || way.userAt === undefined ? way.prefix : withUser(way, user);
}

function behind(outer: readonly string[], { prefix, userAt }: Way): Way {
  const at = userAt === undefined ? {} : { userAt: outer.length + userAt };
  return { prefix: Object.freeze([...outer, ...prefix]), ...at };
}

function waysAsOneUser({ interpreterPath }: PlanOptions, run: Run): readonly Way[] {
  const view = bubblewrapView([interpreterPath], run);
  return variants.map((variant) => ({ prefix: ['bwrap', ...variant, ...view] }));
}

function waysToAnotherUser({ interpreterPath }: PlanOptions, run: Run): readonly Way[] {
  const setpriv = setprivPaths.find((path) => run(path, ['--version']) !== undefined);
  if (setpriv === undefined) return [];
  const outer = ['bwrap', ...switchingUser, ...bubblewrapView([interpreterPath, setpriv], run), setpriv];
  return [{ prefix: [...outer, ...dropEverything, '--'], userAt: outer.length }];
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
