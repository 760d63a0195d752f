import { spawn } from 'node:child_process';
import { utf8 } from '@enclos/codec';
import { companionCommand, maxThreads, withOpened, type IsolationPlan } from '@enclos/isolation';
import { companionDescriptors, companionLoaderSource, interpreterFlags, type CompanionSettings } from '@enclos/loader';
import type { CompanionManifest } from '@enclos/manifest';
import type { EnclaveExit } from '@enclos/tee';
import { takeUnread, type ConnectionHandle } from '@enclos/tee/passing';
import { collectOutput, exitOf, feed, ownCgroup } from '../process/enclave-child.ts';
import { describeExit } from '../process/exit-detail.ts';
import { killGroup } from '../process/process-group.ts';

export interface CompanionSpawn {
  readonly manifest: CompanionManifest;
  /** Its isolation, with its files in the view. */
  readonly plan: IsolationPlan;
  readonly interpreterPath: string;
  /** The folder of its files. */
  readonly folder: string;
  /** The measured bytes. */
  readonly script: Uint8Array;
  readonly debug: boolean;
  readonly user: number | undefined;
  readonly cgroups: readonly string[] | undefined;
}

export interface CompanionChild {
  /** The enclave's end of its channel, of which nothing was read. Undefined when the process could not be made. */
  readonly channel: ConnectionHandle | undefined;
  readonly exited: Promise<EnclaveExit>;
  kill(): void;
}

/** Must run on the main thread: the kernel ties a companion to the thread that made it (prctl PR_SET_PDEATHSIG). */
export function spawnCompanion(options: CompanionSpawn): CompanionChild {
  const { manifest, plan, interpreterPath, debug, user } = options;
  const own = ownCgroup(plan, maxThreads(manifest.threads));
  const cgroups = options.cgroups ?? (own === undefined ? [] : [own.folder]);
  const words: readonly string[] = [
    ...companionCommand(plan, { manifest, user, cgroups }, interpreterPath),
    ...interpreterFlags({
      heapSizeBytes: manifest.memoryBytes,
      debug,
      addons: manifest.addons,
      readable: manifest.files.map(({ path }) => `${options.folder}/${path}`),
    }),
    '-e',
    companionLoaderSource(),
  ];
  const [command = '', ...args] = words;
  const child = withOpened(plan.inherited, (filter) =>
    spawn(command, args, {
      // As for an enclave: a production companion has no output.
      stdio: ['ignore', 'ignore', debug ? 'pipe' : 'ignore', 'pipe', 'ignore', 'pipe', 'ignore', ...filter],
      env: {},
      cwd: '/',
      detached: true,
    }),
  );
  const output = collectOutput(child.stderr);
  const exited = exitOf(child, (code, signal) =>
    describeExit({ code, signal, output: output(), heapSizeBytes: manifest.memoryBytes }),
  );
  void exited.then(() => own?.remove());
  // Before the process has anything that it could send: it gets its script when it asks for it.
  const channel = takeUnread(child.stdio[companionDescriptors.channel]);
  void feed(child, [utf8(JSON.stringify(settingsOf(options))), options.script]);
  return Object.freeze({ channel, exited, kill: () => killGroup(child) });
}

function settingsOf({ folder, manifest }: CompanionSpawn): CompanionSettings {
  const files = manifest.files.map(({ path, sizeBytes }) => ({ path, sizeBytes: Number(sizeBytes) }));
  return { folder, files, addons: manifest.addons };
}
