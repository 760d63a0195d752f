import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import {
  enclaveCommand,
  inspectorDataBytes,
  maxThreads,
  withOpened,
  type IsolationPlan,
  type MadeCgroup,
} from '@enclos/isolation';
import { enclaveDescriptors, interpreterFlags, loaderSource } from '@enclos/loader';
import type { EnclaveManifest } from '@enclos/manifest';
import { collectOutput, exitOf, feed, ownCgroup, type EnclaveProcess } from './enclave-child.ts';
import { describeExit } from './exit-detail.ts';
import { descriptor, leave } from './process-group.ts';

export interface SpawnOptions {
  readonly interpreterPath: string;
  readonly isolation: IsolationPlan;
  readonly manifest: EnclaveManifest;
  /** The measured bytes, as they are fed to the process. */
  readonly sections: readonly Uint8Array[];
  /** The accepted, unread connection of the host: it becomes the enclave's gate. */
  readonly gate: Socket;
  /** The connection for the inspector. Only with `debug`. */
  readonly inspector?: Socket | undefined;
  /** The connection through which the host passes sockets to the enclave. */
  readonly passage?: Socket | undefined;
  /** The connection through which the platform passes the channels of companions. */
  readonly companions?: Socket | undefined;
  readonly debug: boolean;
  /** The user that the enclave runs as, on a separated platform. */
  readonly user: number | undefined;
  /** The folders of the cgroups that count the enclave; undefined: those of the platform. */
  readonly cgroups: readonly string[] | undefined;
}

/**
 * Spawns an enclave from measured bytes. They go through a pipe, never through a file: no other process can change them between
 * measuring and running, and nothing is left on disk. Must run on the main thread: the kernel ties an enclave to the thread
 * that made it (prctl PR_SET_PDEATHSIG).
 */
export function spawnEnclave(options: SpawnOptions): EnclaveProcess {
  const { inspector, passage, companions } = options;
  if (inspector !== undefined && !options.debug) throw new EnclosError('LAUNCH_INSPECTOR_REFUSED');
  const { heapSizeBytes } = options.manifest;
  const own = ownCgroup(options.isolation, maxThreads(options.manifest.threads));
  const [command = '', ...args] = commandOf(options, own);
  const child = withOpened(options.isolation.inherited, (filter) =>
    spawn(command, args, {
      stdio: [
        // Production enclaves have no output: an uncaught error would print parts of the application.
        'ignore',
        'ignore',
        options.debug ? 'pipe' : 'ignore',
        options.gate,
        'pipe',
        'pipe',
        inspector ?? 'ignore',
        // bubblewrap reads the filter from the next one.
        ...lastDescriptors(filter, [passage, companions]),
      ],
      env: {},
      cwd: '/',
      // Its own process group: see process-group.ts.
      detached: true,
    }),
  );
  // The child has its own copy of each descriptor; ours would keep the connection open after its death.
  for (const given of [options.gate, inspector, passage, companions]) given?.destroy();
  const output = collectOutput(child.stderr);
  const exited = exitOf(child, (code, signal) => describeExit({ code, signal, output: output(), heapSizeBytes }));
  void exited.then(() => own?.remove());
  const booted = feed(child, options.sections);
  const channel = descriptor(child, enclaveDescriptors.platform);
  return Object.freeze({ channel, booted, exited, kill: () => leave(child, channel) });
}

/** The descriptors from that of the filter on, as far as there are some. */
function lastDescriptors(
  [filter]: readonly number[],
  given: readonly (Socket | undefined)[],
): readonly (number | Socket | 'ignore')[] {
  const last = given.findLastIndex((socket) => socket !== undefined);
  if (last < 0) return filter === undefined ? [] : [filter];
  return [filter ?? 'ignore', ...given.slice(0, last + 1).map((socket) => socket ?? 'ignore')];
}

/** The command line: wrappers, interpreter, its flags and the loader. */
function commandOf(options: SpawnOptions, own: MadeCgroup | undefined): readonly string[] {
  const { debug, user, interpreterPath } = options;
  const [inspector, passage] = [options.inspector !== undefined, options.passage !== undefined];
  const companions = options.companions !== undefined;
  const cgroups = options.cgroups ?? (own === undefined ? [] : [own.folder]);
  const { heapSizeBytes, threads } = options.manifest;
  const extraDataBytes = inspector ? inspectorDataBytes : 0n;
  const needs = { heapSizeBytes, threads, extraDataBytes, passage, companions, user, cgroups };
  return [
    ...enclaveCommand(options.isolation, needs, interpreterPath),
    ...interpreterFlags({ heapSizeBytes, debug }),
    ...(inspector ? ['--allow-inspector', '--allow-worker'] : []),
    '-e',
    loaderSource({ inspector, passage, companions }),
  ];
}
