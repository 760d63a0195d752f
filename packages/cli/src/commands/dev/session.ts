import { performance } from 'node:perf_hooks';
import { Turns } from '@enclos/bounded';
import type { Io } from '@enclos/cli-frame';
import type { PlatformDescription } from '@enclos/tee';
import { developmentKey, projectKey } from '../../project/development-key.ts';
import type { RunningEnclave } from '../../project/greeting.ts';
import { startHostProcess, type HostProcess } from '../../project/host-process.ts';
import { hostEnvironment, realFolder, type BuildEvents, type SignedBuild } from '../../project/prepare.ts';
import { openProjectPlatform, type ProjectPlatform } from '@enclos/cli-platform/open';
import type { RunOptions } from '../../project/run-options.ts';
import { watchSealing } from '../../project/sealing/closed-state.ts';
import { openToolSocket, type ToolSocket } from '../../project/tool-socket.ts';
import { createFolderWatcher, foldersOf } from '../../project/watch.ts';
import { Workshop, type RunnableBuild } from './workshop.ts';

/** The builds are debug builds, and signed with the development key of the project unless told. */
export type DevOptions = Omit<RunOptions, 'debug'>;

/** What a session reports while it runs. */
export interface DevEvents extends BuildEvents {
  platform(description: PlatformDescription): void;
  /** A build failed; what ran before still does, if `runs`. */
  failed(error: unknown, runs: boolean): void;
  /** What changed made no difference to what runs. */
  unchanged(changed: readonly string[]): void;
  /** The enclave of the host program answers. */
  ready(build: SignedBuild, what: { readonly durationMs: number; readonly changed: readonly string[] }): void;
  /** An enclave of the host program runs. */
  running(enclave: RunningEnclave): void;
  /** The host program ended by itself. */
  hostEnded(exitCode: number): void;
}

export interface DevSession {
  /** What was built last; undefined as long as no build has worked. */
  readonly build: SignedBuild | undefined;
  readonly platform: PlatformDescription;
  /** Starts the host program, and its enclave with it, again. */
  restart(): void;
  /** Builds everything, and starts it again. */
  rebuild(): void;
  /** The most detailed lines of the enclave's log that are shown: 0 error to 4 trace. */
  setLogLevel(level: number): void;
  /** Ends everything that it started. */
  close(): Promise<void>;
}

/** @throws what starting a platform throws; ISOLATION_UNAVAILABLE. A build that fails ends nothing. */
export async function startDevSession(options: DevOptions, io: Io, events: DevEvents): Promise<DevSession> {
  const platform = await events.during('starting the platform', () => openProjectPlatform(options));
  events.platform(platform.description);
  const session = new Session({ options, io, events }, platform);
  try {
    await session.open();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

interface Setting {
  readonly options: DevOptions;
  readonly io: Io;
  readonly events: DevEvents;
}

export const defaultLogLevel = 2;

class Session implements DevSession {
  readonly #setting: Setting;
  readonly #watcher = createFolderWatcher((paths) => void this.#do(() => this.#update(paths, false)));
  #folder = '';
  #workshop: Workshop | undefined;
  #tool: ToolSocket | undefined;
  #platform: ProjectPlatform;
  #built: RunnableBuild | undefined;
  #host: HostProcess | undefined;
  #started: { readonly atMs: number; readonly changed: readonly string[] } | undefined;
  /** The end of the queue: work runs one piece at a time. */
  readonly #turns = new Turns();
  #closed = false;
  /** The first build needs no change. */
  #tried = false;

  constructor(setting: Setting, platform: ProjectPlatform) {
    this.#setting = setting;
    this.#platform = platform;
  }

  async open(): Promise<void> {
    const { options, io, events } = this.#setting;
    this.#folder = await realFolder(options.folder);
    this.#tool = await openToolSocket({
      logLevel: defaultLogLevel,
      onStarted: (enclave) => {
        this.#ready(enclave.mrEnclave);
        events.running(enclave);
      },
    });
    const { keyFile } = options;
    this.#workshop = new Workshop(
      {
        folder: this.#folder,
        host: options.host,
        async key({ folder }) {
          const key = await (keyFile === undefined ? developmentKey(folder) : projectKey(folder, keyFile));
          if (key.isNew) events.newKey(key.path);
          return key;
        },
      },
      io,
      events,
    );
    await this.#do(() => this.#update(new Set(), false));
  }

  get build(): SignedBuild | undefined {
    return this.#built?.build;
  }

  get platform(): PlatformDescription {
    return this.#platform.description;
  }

  restart(): void {
    void this.#do(() => this.#start(performance.now(), []));
  }

  rebuild(): void {
    this.#workshop?.expire();
    void this.#do(() => this.#update(new Set(), true));
  }

  setLogLevel(level: number): void {
    this.#tool?.setLogLevel(level);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher.close();
    await this.#do(() => Promise.resolve());
    await this.#stopHost();
    await this.#tool?.close();
    await this.#platform.launcher.close();
  }

  /** After the work before it. What fails is reported, and never thrown. */
  #do(work: () => Promise<void>): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#closed) return;
      await work().catch((error: unknown) => this.#setting.events.failed(error, this.#host !== undefined));
    });
  }

  /** Builds what is due, until nothing is. */
  async #update(named: ReadonlySet<string>, forced: boolean): Promise<void> {
    const workshop = this.#workshop;
    if (workshop === undefined) return;
    const startMs = performance.now();
    const changed = await workshop.look(named);
    if (!workshop.isDue || (changed.length === 0 && this.#tried && !forced)) return this.#watch();
    this.#tried = true;
    try {
      const { built, changed: parts } = await this.#setting.events.during('building', () => workshop.build());
      this.#built = built;
      if (parts.size > 0 || forced) await this.#start(startMs, changed);
      else this.#setting.events.unchanged(changed);
    } finally {
      this.#watch();
    }
    // A file may have changed after it was read and before the watch began.
    await this.#update(new Set(), false);
  }

  #watch(): void {
    if (this.#closed || this.#workshop === undefined) return;
    this.#watcher.setFolders(foldersOf(this.#workshop.inputs, this.#folder));
  }

  async #start(atMs: number, changed: readonly string[]): Promise<void> {
    const built = this.#built;
    if (built === undefined) return;
    await this.#stopHost();
    await this.#ensurePlatform();
    if (this.#closed) return;
    const { options, io, events } = this.#setting;
    const [projectFolder, platform] = [this.#folder, this.#platform];
    await watchSealing({ projectFolder, build: built.build, platform, options }, io, events);
    const env = hostEnvironment(io, {
      build: built.build,
      platformSocket: this.#platform.socketPath,
      isolation: options.isolation,
      ...(this.#tool === undefined ? {} : { tool: { socketPath: this.#tool.path, inspects: false } }),
    });
    this.#started = { atMs, changed };
    const host = startHostProcess({ script: built.script, args: options.args, cwd: this.#folder, env }, io);
    this.#host = host;
    const ended = (code: number): void => {
      if (this.#host !== host) return;
      this.#host = undefined;
      events.hostEnded(code);
    };
    void host.ended.then(ended, () => ended(1));
  }

  async #stopHost(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    await host?.stop();
  }

  /** Starts a killed platform again. */
  async #ensurePlatform(): Promise<void> {
    const isThere = await this.#platform.launcher.describe().then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await this.#platform.launcher.close();
    this.#platform = await openProjectPlatform(this.#setting.options);
  }

  #ready(mrEnclave: string): void {
    const { outcome } = this.#built?.build ?? {};
    // Another enclave of the same host program, or one of the program before.
    if (this.#built === undefined || this.#started === undefined || outcome?.mrEnclave !== mrEnclave) return;
    const { atMs, changed } = this.#started;
    this.#started = undefined;
    this.#setting.events.ready(this.#built.build, { durationMs: Math.round(performance.now() - atMs), changed });
  }
}
