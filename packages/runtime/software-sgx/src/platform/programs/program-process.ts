import { spawn, type StdioOptions } from 'node:child_process';
import {
  prepareWords,
  programCommand,
  programPlan,
  programTasks,
  relayWords,
  withOpened,
  type IsolationPlan,
  type ProgramRelay,
  type ProgramServices,
} from '@enclos/isolation';
import { enclaveDescriptors } from '@enclos/loader';
import type { ProgramManifest } from '@enclos/manifest';
import { collectOutput, exitOf, feed, ownCgroup, type EnclaveProcess } from '../process/enclave-child.ts';
import type { SpawnOptions } from '../process/enclave-process.ts';
import { descriptor, leave } from '../process/process-group.ts';
import { describeProgramExit } from './program-exit.ts';

export interface ProgramSpawn extends Pick<SpawnOptions, 'gate' | 'passage' | 'debug' | 'user' | 'cgroups'> {
  /** The file of the program: see `placeProgram`. */
  readonly path: string;
  readonly files: ProgramServices;
  /** The isolation of the interpreter. */
  readonly isolation: IsolationPlan;
  readonly manifest: ProgramManifest;
  /** The measured bytes of two sections of the image. They are copied. */
  readonly manifestBytes: Uint8Array;
  readonly fileBytes: Uint8Array;
}

/** The process of a program. */
export interface ProgramProcess extends EnclaveProcess {
  /** @param why told with its end */
  kill(why?: string): void;
}

/** The descriptor from which bubblewrap reads the filter. */
const filterAt = enclaveDescriptors.passage - 1;

/** Must run on the main thread: the kernel ties an enclave to the thread that made it (prctl PR_SET_PDEATHSIG). */
export function spawnProgram(options: ProgramSpawn): ProgramProcess {
  const { path, manifest, gate, passage, debug } = options;
  const { lastStep, confined, relay } = startedBy(options);
  const plan = programPlan(options.isolation, confined);
  const own = ownCgroup(plan, programTasks(manifest.threads));
  const { heapSizeBytes, threads } = manifest;
  const needs = {
    heapSizeBytes,
    threads,
    argv: [manifest.name, ...manifest.program.arguments],
    environment: measuredVariables(manifest),
    lastStep,
    relay: relay?.(plan),
    passage: passage !== undefined,
    user: options.user,
    cgroups: options.cgroups ?? (own === undefined ? [] : [own.folder]),
  };
  const [command = '', ...args] = programCommand(plan, needs, path);
  const child = withOpened(plan.inherited, ([filter]) => {
    // Production enclaves have no output: what a program writes when it fails would print parts of its memory.
    const stdio: StdioOptions = ['ignore', 'ignore', debug ? 'pipe' : 'ignore', gate, 'pipe', 'pipe', 'ignore'];
    if (filter !== undefined || passage !== undefined) stdio[filterAt] = filter ?? 'ignore';
    if (passage !== undefined) stdio[enclaveDescriptors.passage] = passage;
    // Its own process group: see process-group.ts.
    return spawn(command, args, { stdio, env: {}, cwd: '/', detached: true });
  });
  // The child has its own copy of each descriptor; ours would keep the connection open after its death.
  for (const given of [gate, passage]) given?.destroy();
  const output = collectOutput(child.stderr);
  let why: string | undefined;
  const exited = exitOf(child, (code, signal) => describeProgramExit({ code, signal, output: output(), why }));
  void exited.then(() => own?.remove());
  const channel = descriptor(child, enclaveDescriptors.platform);
  return Object.freeze({
    channel,
    booted: feed(child, bootSections(options)),
    exited,
    kill(reason?: string) {
      why ??= reason;
      leave(child, channel);
    },
  });
}

interface StartedBy {
  readonly lastStep: string;
  readonly confined: Parameters<typeof programPlan>[1];
  readonly relay?: (plan: IsolationPlan) => ProgramRelay;
}

/** What starts a program, by the network that it has. */
function startedBy({ path, files, manifest, passage }: ProgramSpawn): StartedBy {
  const { plain, passing, private: withNetwork } = files.lastSteps;
  const { privateNetwork, filterPath } = files;
  if (manifest.program.network === 'private' && privateNetwork !== undefined) {
    const { relayPath, filterPath: outer } = privateNetwork;
    return {
      lastStep: withNetwork,
      confined: { path, filterPath: outer, starters: [withNetwork, relayPath], preparesNetwork: true },
      relay: ({ way }) => ({
        path: relayPath,
        // bubblewrap turns the interface on itself.
        prepare: prepareWords(manifest, way === 'util-linux'),
        run: relayWords(manifest),
      }),
    };
  }
  const lastStep = passage === undefined ? plain : passing;
  return { lastStep, confined: { path, filterPath, starters: [lastStep] } };
}

/** The variables of the host come with the call `start`. */
function measuredVariables({ environment }: ProgramManifest): ReadonlyMap<string, string> {
  return new Map(environment.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])));
}

/** Without the program, which runs already. Copies: other images get the memory of this one. */
function bootSections({ manifestBytes, fileBytes }: ProgramSpawn): readonly Uint8Array[] {
  return [manifestBytes.slice(), new Uint8Array(), fileBytes.slice()];
}
