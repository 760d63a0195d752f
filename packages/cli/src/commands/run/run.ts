import type { Isolation, PlatformDescription } from '@enclos/tee';
import type { Io } from '../../output/io.ts';
import { projectKey } from '../../project/development-key.ts';
import { runHostProcess } from '../../project/host-process.ts';
import { hostEnvironment, loadProjectFor, prepare, type BuildEvents } from '../../project/prepare.ts';
import { openProjectPlatform } from '../../project/platform.ts';

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
export interface RunEvents extends BuildEvents {
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
  const project = await loadProjectFor(options.folder, options.debug);
  const { debug, host, isolation } = options;
  const key = () => projectKey(project.folder, options.keyFile);
  const { build, script } = await prepare(project, { debug, host, key }, { io, events });
  const platform = await events.during('starting the platform', () => openProjectPlatform(options));
  try {
    events.platform(platform.description);
    const env = hostEnvironment(io, { build, platformSocket: platform.socketPath, isolation });
    return { exitCode: await runHostProcess({ script, args: options.args, cwd: project.folder, env }, io) };
  } finally {
    await platform.launcher.close();
  }
}
