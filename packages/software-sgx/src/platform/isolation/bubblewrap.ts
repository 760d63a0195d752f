import { realpathSync } from 'node:fs';
import type { IsolationLayer } from '@enclos/tee';
import {
  dumpWrapper,
  emptyOpensslConfiguration,
  interpreterFiles,
  layer,
  memoryLayer,
  memoryWords,
  minimumHeapBytes,
  ownLayers,
  quietStart,
  triedLayer,
  type IsolationPlan,
  type PlanOptions,
} from './plan.ts';
import { runCommand, type Run } from './run.ts';

/** Where bubblewrap reads the system call filter: behind the descriptors of the enclave. It closes it. */
const filterDescriptor = 7;

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
  // The interpreter is the first process of its namespace, as below `unshare`: one process less, and its end is seen.
  '--as-pid-1',
];

/** Root makes namespaces itself; where it may not, as in a container, inside a user namespace like everybody else. */
const variants: readonly (readonly string[])[] = [[], ['--unshare-user']];

const gives = {
  namespaces: 'Own network, process, IPC, host-name and mount namespaces (bubblewrap): no network at all.',
  privileges: 'No capabilities, and none to be had (bubblewrap: no-new-privs, --cap-drop ALL).',
  'file-view':
    'A read-only root folder of its own, with the interpreter and its libraries: no other file of the machine has ' +
    'even a name (bwrap --ro-bind).',
  seccomp: 'System call filter: no sockets, no processes, no tracing, no mounts (bwrap --seccomp).',
} as const;

/**
 * The same layers by bubblewrap, which distributions have whose util-linux
 * knows neither Landlock nor seccomp. It gives its five together or none of
 * them, so they are tried at once, and on the interpreter itself.
 */
export function planBubblewrap(options: PlanOptions): IsolationPlan {
  const run = options.run ?? runCommand;
  const inherited = Object.freeze({ path: options.filterPath, descriptor: filterDescriptor });
  const starts = ([command = '', ...args]: readonly string[]): boolean => run(command, args, inherited) !== undefined;
  const dumps = { wrapper: dumpWrapper, words: dumpWrapper.flags.find((words) => starts([...words, 'true'])) };
  const interpreter = [options.interpreterPath, ...quietStart];
  const view = fileView(options.interpreterPath, run);
  const works = variants
    .map((variant) => ['bwrap', ...variant, ...confinement, ...view])
    .find((words) => starts([...words, ...interpreter]));
  const prefix = [...(dumps.words ?? []), ...(works ?? [])];
  const bounded = starts([...memoryWords(minimumHeapBytes), ...prefix, ...interpreter]);
  const otherwise = works === undefined && starts(['bwrap', '--version']) ? needsNamespaces : needsPackage;
  const given = (name: string, detail: string): IsolationLayer =>
    layer(name, works !== undefined, works === undefined ? otherwise : detail);
  const layers = [
    ...ownLayers,
    memoryLayer(bounded),
    given('parent-death', 'The kernel ends the enclave with the platform (bwrap --die-with-parent).'),
    triedLayer(dumps),
    ...Object.entries(gives).map(([name, detail]) => given(name, detail)),
  ];
  return Object.freeze({
    way: 'bubblewrap',
    prefix: Object.freeze(prefix),
    layers: Object.freeze(layers),
    ...(works === undefined ? {} : { inherited }),
  });
}

const needsPackage = 'Install bubblewrap (apt-get install bubblewrap).';
const needsNamespaces =
  'bubblewrap is here, and the kernel gives it no namespaces: run the platform as root, or allow unprivileged user ' +
  'namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0).';

/**
 * An empty root with what the interpreter opens bound into it, each file under
 * the name that is asked for, since links are not there. Read-only at last: it
 * lives in memory, which nothing else bounds.
 */
function fileView(interpreterPath: string, run: Run): readonly string[] {
  const { runnable, readable } = interpreterFiles(interpreterPath, run);
  const files = [...runnable, ...readable].filter((path) => path !== emptyOpensslConfiguration);
  return [
    ...files.flatMap((path) => ['--ro-bind', realpathSync(path), path]),
    '--dev-bind',
    emptyOpensslConfiguration,
    emptyOpensslConfiguration,
    '--remount-ro',
    '/',
    '--chdir',
    '/',
    '--seccomp',
    String(filterDescriptor),
    '--',
  ];
}
