import { join } from 'node:path';
import { loadProject, signEnclave, writeFileAtomically, type Diagnostic, type Project } from '@enclos/build';
import { EnclosError } from '@enclos/errors';
import { hostVariables } from '@enclos/host';
import { startPlatform } from '@enclos/software-sgx';
import { connectSoftwarePlatform, type Isolation, type PlatformDescription, type SoftwareLauncher } from '@enclos/tee';
import { readFile } from 'node:fs/promises';
import type { Io } from '../io.ts';
import { buildProject, type BuildOutcome } from './build.ts';
import { bundleHost } from './bundle-host.ts';
import { projectKey } from './development-key.ts';
import { runHostProcess } from './host-process.ts';

export interface RunOptions {
  /** The folder of enclave.json. */
  readonly folder: string;
  readonly isolation: Isolation;
  /** Builds and runs a debug enclave, which keeps no secrets. */
  readonly debug: boolean;
  /** The host program, relative to the folder. */
  readonly host: string;
  /** Arguments of the host program. */
  readonly args: readonly string[];
  /** Signing key. Default: signing.key.pem of the project, or a development key. */
  readonly keyFile?: string;
  /** Where the embedded platform keeps its keys. */
  readonly stateFolder: string;
  /** The socket of a running platform, in place of an embedded one. */
  readonly platformSocket?: string;
}

/** What `run` tells while it goes on. */
export interface RunEvents {
  during<T>(label: string, work: () => Promise<T>): Promise<T>;
  built(outcome: BuildOutcome): void;
  newKey(path: string): void;
  warnings(warnings: readonly Diagnostic[]): void;
  platform(description: PlatformDescription): void;
}

export interface RunOutcome {
  /** Of the host program. */
  readonly exitCode: number;
}

/**
 * Builds, signs, starts a platform and runs the host program on
 * it until it ends.
 * @throws what building, signing and starting throw; ISOLATION_UNAVAILABLE before
 * the host starts; CLI_HOST_MISSING.
 */
export async function run(options: RunOptions, io: Io, events: RunEvents): Promise<RunOutcome> {
  const loaded = await loadProject(options.folder);
  const project = options.debug ? Object.freeze({ ...loaded, debug: true }) : loaded;
  const prepared = await prepare(project, options, { io, events });
  const { launcher, socketPath } = await events.during('starting the platform', () => openPlatform(options));
  try {
    const description = await launcher.describe();
    events.platform(description);
    requireLayers(description, options.isolation);
    const env = {
      ...io.env,
      [hostVariables.platform]: socketPath,
      [hostVariables.image]: prepared.image,
      [hostVariables.signature]: prepared.signature,
      [hostVariables.isolation]: options.isolation,
    };
    const exitCode = await runHostProcess(
      { script: prepared.script, args: options.args, cwd: project.folder, env },
      io,
    );
    return { exitCode };
  } finally {
    await launcher.close();
  }
}

interface Prepared {
  readonly image: string;
  readonly signature: string;
  readonly script: string;
}

async function prepare(
  project: Project,
  options: RunOptions,
  { io, events }: { io: Io; events: RunEvents },
): Promise<Prepared> {
  // A debug image has another identity: it must not take the place of the other one.
  const outFolder = join(project.folder, '.enclos', ...(options.debug ? ['debug'] : []));
  // Always: whether an image is stale takes as long to know for certain as building it, and a guess runs old code.
  const outcome = await events.during('building', () => buildProject(project, outFolder));
  events.built(outcome);
  const { image } = outcome;
  const signature = join(outFolder, `${project.name}.run.sig`);
  const key = await events.during('making a development key', () => projectKey(project.folder, options.keyFile));
  if (key.isNew) events.newKey(key.path);
  const sigstruct = signEnclave({
    image: new Uint8Array(await readFile(image)),
    key: key.pem,
    date: io.now(),
    sourceDateEpoch: io.env['SOURCE_DATE_EPOCH'],
    attributes: project.attributes,
  });
  // Not NAME.sig: a release signature may lie there.
  await writeFileAtomically(signature, sigstruct);
  const bundle = await bundleHost(project.folder, options.host, join(project.folder, '.enclos', 'host.mjs'));
  events.warnings(bundle.warnings);
  return { image, signature, script: bundle.path };
}

async function openPlatform({
  stateFolder,
  platformSocket,
}: RunOptions): Promise<{ launcher: SoftwareLauncher; socketPath: string }> {
  if (platformSocket !== undefined) {
    return { launcher: await connectSoftwarePlatform(platformSocket), socketPath: platformSocket };
  }
  const launcher = await startPlatform({ stateFolder });
  return { launcher, socketPath: launcher.socketPath };
}

/** The platform refuses by itself; asking first gives the error before the host program has begun. */
function requireLayers({ layers }: PlatformDescription, isolation: Isolation): void {
  const missing = layers.filter(({ active }) => !active).map(({ name }) => name);
  if (isolation === 'best' || missing.length === 0) return;
  throw new EnclosError('ISOLATION_UNAVAILABLE', `Strict isolation lacks: ${missing.join(', ')}.`, {
    details: { missing },
  });
}
