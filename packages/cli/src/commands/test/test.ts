import { once } from 'node:events';
import { join, relative } from 'node:path';
import { PROJECT_FILE } from '@enclos/build';
import type { Io } from '@enclos/cli-frame';
import type { PlatformDescription } from '@enclos/tee';
import { bundleTests, findTests, isTest, testFolder } from '../../project/bundle-tests.ts';
import { projectKey } from '../../project/development-key.ts';
import { runHostProcess } from '../../project/host-process.ts';
import { openProjectPlatform, type ProjectPlatform } from '@enclos/cli-platform/open';
import { buildForRun, hostEnvironment, loadProjectFor, realFolder, type BuildEvents } from '../../project/prepare.ts';
import type { RunOptions, RunOutcome } from '../../project/run-options.ts';
import { openToolSocket, type ToolSocket } from '../../project/tool-socket.ts';
import { createFolderWatcher, foldersOf, isSource } from '../../project/watch.ts';

export interface TestOptions extends Omit<RunOptions, 'host'> {
  /** Files, and folders of tests. Absolute. Without any, the folder `test` of the project. */
  readonly files: readonly string[];
  /** Runs the tests again after each change, until a signal ends it. */
  readonly watch: boolean;
}

/** What `test` reports while it works. */
export interface TestEvents extends BuildEvents {
  platform(description: PlatformDescription): void;
  /** A build failed while it watches: it goes on. */
  failed(error: unknown): void;
  /** The tests have ended, and it watches. */
  waiting(): void;
}

/**
 * Builds, signs, starts a platform and runs the tests of a project on it.
 * @returns the exit code of the test runner, of the last run when it watched.
 * @throws what building, signing and starting throw; CLI_TESTS_MISSING; ISOLATION_UNAVAILABLE before a test starts.
 */
export async function test(options: TestOptions, io: Io, events: TestEvents): Promise<RunOutcome> {
  const folder = await realFolder(options.folder);
  const session = new Session({ ...options, folder }, io, events);
  try {
    return { exitCode: await (options.watch ? session.watch() : session.run()) };
  } finally {
    await session.close();
  }
}

class Session {
  readonly #options: TestOptions;
  readonly #io: Io;
  readonly #events: TestEvents;
  /** What the next run depends on; a run that fails early leaves what was known before. */
  #inputs: readonly string[] = [];
  #platform: ProjectPlatform | undefined;
  #lifeline: ToolSocket | undefined;

  constructor(options: TestOptions, io: Io, events: TestEvents) {
    this.#options = options;
    this.#io = io;
    this.#events = events;
  }

  /** Runs the tests once. @returns the exit code of the test runner. */
  async run(): Promise<number> {
    const { folder, files, debug, keyFile, isolation, args } = this.#options;
    // First: a run that cannot test anything starts nothing.
    const tests = await findTests(folder, files);
    const project = await loadProjectFor(folder, { debug });
    const key = () => projectKey(project.folder, keyFile);
    const build = await buildForRun(project, { debug, key }, { io: this.#io, events: this.#events });
    this.#inputs = [...build.outcome.inputs, ...tests];
    const { scripts, inputs, warnings } = await bundleTests(folder, tests, join(folder, '.enclos', 'test'));
    this.#inputs = [...build.outcome.inputs, ...inputs];
    this.#events.warnings(warnings);
    const platform = await this.#openPlatform();
    this.#lifeline ??= await openToolSocket({ logLevel: 0 });
    const [script = '', ...others] = scripts.map((path) => relative(folder, path));
    const env = {
      ...hostEnvironment(this.#io, { build, platformSocket: platform.socketPath, isolation }),
      // A runner that finds itself in a test of another runner runs nothing, and says that all is well.
      NODE_TEST_CONTEXT: undefined,
    };
    const flags = ['--import', lifelineModule(this.#lifeline), '--test', ...args];
    return runHostProcess({ flags, script, args: others, cwd: folder, env }, this.#io);
  }

  /** Runs the tests now and after each change, until a signal comes. @returns the exit code of the last run. */
  async watch(): Promise<number> {
    const { folder, files } = this.#options;
    const changes = new EventTarget();
    const seen = { change: false, end: false, failure: false };
    // What is wrong may be in a file that no run has read yet.
    const isOurs = (path: string): boolean =>
      this.#inputs.includes(path) || isTest(path) || (seen.failure && isSource(folder, path));
    const wake = (): void => void changes.dispatchEvent(new Event('change'));
    const watcher = createFolderWatcher((paths) => {
      if (![...paths].some(isOurs)) return;
      seen.change = true;
      wake();
    });
    const stopSignals = this.#io.onSignal(() => {
      seen.end = true;
      wake();
    });
    let exitCode = 1;
    try {
      while (!seen.end) {
        seen.change = false;
        try {
          exitCode = await this.run();
          seen.failure = false;
        } catch (error) {
          exitCode = 1;
          seen.failure = true;
          this.#events.failed(error);
        }
        const tests = await findTests(folder, files).catch(() => []);
        const known = foldersOf([join(folder, PROJECT_FILE), ...this.#inputs, ...tests], folder);
        // Also where a first test or source would be.
        watcher.setFolders([...known, ...['src', testFolder].map((name) => join(folder, name))]);
        if (seen.change || seen.end) continue;
        this.#events.waiting();
        await once(changes, 'change');
      }
      return exitCode;
    } finally {
      watcher.close();
      stopSignals();
    }
  }

  async #openPlatform(): Promise<ProjectPlatform> {
    if (this.#platform !== undefined) return this.#platform;
    this.#platform = await this.#events.during('starting the platform', () => openProjectPlatform(this.#options));
    this.#events.platform(this.#platform.description);
    return this.#platform;
  }

  async close(): Promise<void> {
    // Ends what the runner has left behind.
    await this.#lifeline?.close();
    await this.#platform?.launcher.close();
  }
}

/** The module that ends the processes of tests, told where. */
function lifelineModule({ path }: ToolSocket): string {
  const module = new URL('../../project/test-lifeline.js', import.meta.url);
  module.searchParams.set('socket', path);
  return module.href;
}
