import type { Io } from '@enclos/cli-frame';
import type { PlatformDescription } from '@enclos/tee';
import type { RunningEnclave } from './greeting.ts';
import { projectKey } from './development-key.ts';
import { runHostProcess } from './host-process.ts';
import { hostEnvironment, loadProjectFor, prepare, type BuildEvents, type SignedBuild } from './prepare.ts';
import { openProjectPlatform } from '@enclos/cli-platform/open';
import type { RunOptions, RunOutcome } from './run-options.ts';
import { watchSealing } from './sealing/closed-state.ts';
import { openToolSocket } from './tool-socket.ts';

/** What `run` reports while it works. */
export interface RunEvents extends BuildEvents {
  platform(description: PlatformDescription): void;
  /** The host program is about to start, with this enclave. */
  starting(build: SignedBuild): void;
  /** An enclave of the host program runs. */
  running(enclave: RunningEnclave): void;
}

/**
 * Builds, signs, starts a platform and runs the host program on
 * it until it ends.
 * @throws what building, signing and starting throw; ISOLATION_UNAVAILABLE before
 * the host starts; CLI_HOST_MISSING.
 */
export async function run(options: RunOptions, io: Io, events: RunEvents): Promise<RunOutcome> {
  const project = await loadProjectFor(options.folder, options);
  const { debug, relayed, host, isolation } = options;
  const key = () => projectKey(project.folder, options.keyFile);
  const { build, script } = await prepare(project, { debug, relayed, host, key }, { io, events });
  const platform = await events.during('starting the platform', () => openProjectPlatform(options));
  try {
    events.platform(platform.description);
    await watchSealing({ projectFolder: project.folder, build, platform, options }, io, events);
    const observer = await openToolSocket({ logLevel: 0, onStarted: (enclave) => events.running(enclave) });
    try {
      const observed = { platformSocket: platform.socketPath, observerSocket: observer.path };
      const env = hostEnvironment(io, { build, isolation, ...observed });
      events.starting(build);
      const { args, output } = options;
      const exitCode = await runHostProcess({ script, args, cwd: project.folder, env, output }, io);
      await observer.settled();
      return { exitCode };
    } finally {
      await observer.close();
    }
  } finally {
    await platform.launcher.close();
  }
}
