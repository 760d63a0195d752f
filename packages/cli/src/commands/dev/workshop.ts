import { join, relative } from 'node:path';
import { PROJECT_FILE, type Project } from '@enclos/build';
import type { Io } from '@enclos/cli-frame';
import { buildProject } from '../../project/build.ts';
import type { ProjectKey } from '../../project/development-key.ts';
import {
  imageFolder,
  loadProjectFor,
  prepareHost,
  signForRun,
  type BuildEvents,
  type SignedBuild,
} from '../../project/prepare.ts';
import { changedPaths, createFingerprinter, type Fingerprints } from './fingerprints.ts';
import { isSource } from '../../project/watch.ts';

export interface WorkshopOptions {
  /** The real path of the folder of enclave.json. */
  readonly folder: string;
  readonly host: string;
  readonly key: (project: Project) => Promise<ProjectKey>;
}

/** A build with everything that it takes to run it. */
export interface RunnableBuild {
  readonly project: Project;
  readonly build: SignedBuild;
  readonly script: string;
}

type Part = 'enclave' | 'host';

/** Builds only what changed. */
export class Workshop {
  readonly #options: WorkshopOptions;
  readonly #io: Io;
  readonly #events: BuildEvents;
  readonly #fingerprints = createFingerprinter();
  readonly #inputs: Record<Part, ReadonlySet<string>>;
  readonly #due = new Set<Part>(['enclave', 'host']);
  /** Built but not reported yet, because a later part failed. */
  readonly #changed = new Set<Part>();
  #prints: Fingerprints = new Map();
  #enclave: Omit<RunnableBuild, 'script'> | undefined;
  #host: { readonly script: string; readonly sha256: string } | undefined;

  constructor(options: WorkshopOptions, io: Io, events: BuildEvents) {
    this.#options = options;
    this.#io = io;
    this.#events = events;
    this.#inputs = {
      enclave: new Set([join(options.folder, PROJECT_FILE)]),
      host: new Set([join(options.folder, options.host)]),
    };
  }

  /** The files that the build depends on. */
  get inputs(): ReadonlySet<string> {
    return new Set([...this.#inputs.enclave, ...this.#inputs.host]);
  }

  get isDue(): boolean {
    return this.#due.size > 0;
  }

  /**
   * Finds what changed since the last call, and marks it as due.
   * @param named what the kernel named: after a failure a new file may be what was missing.
   * @returns paths relative to the project folder.
   */
  async look(named: ReadonlySet<string>): Promise<readonly string[]> {
    const { folder } = this.#options;
    const failedBefore = this.isDue;
    const now = await this.#fingerprints.take(this.inputs);
    const changed = this.#prints.size === 0 ? [] : changedPaths(this.#prints, now);
    this.#prints = now;
    for (const path of changed) {
      for (const part of ['enclave', 'host'] as const) if (this.#inputs[part].has(path)) this.#due.add(part);
    }
    const added = failedBefore ? [...named].filter((path) => !now.has(path) && isSource(folder, path)) : [];
    return [...changed, ...added].map((path) => relative(folder, path));
  }

  /** Makes everything due, changed or not. */
  expire(): void {
    this.#due.add('enclave').add('host');
  }

  /**
   * Builds what is due. What was built before stays where it is when this fails.
   * @returns the parts that differ from the last build.
   * @throws what building and signing throw; it is then still due.
   */
  async build(): Promise<{ readonly built: RunnableBuild; readonly changed: ReadonlySet<Part> }> {
    const enclave = this.#due.has('enclave') ? undefined : this.#enclave;
    const { project, build } = enclave ?? (await this.#buildEnclave());
    const host = this.#due.has('host') ? undefined : this.#host;
    const { script } = host ?? (await this.#buildHost(project));
    const changed = new Set(this.#changed);
    this.#changed.clear();
    return { built: { project, build, script }, changed };
  }

  async #buildEnclave(): Promise<Omit<RunnableBuild, 'script'>> {
    const startedAt = Date.now();
    const project = await loadProjectFor(this.#options.folder, { debug: true });
    const outcome = await buildProject(project, imageFolder(project, { debug: true }));
    const key = await this.#options.key(project);
    const made = { project, build: await signForRun(project, outcome, { key, io: this.#io }) };
    await this.#remember('enclave', outcome.inputs, startedAt);
    if (this.#enclave?.build.outcome.mrEnclave !== outcome.mrEnclave) this.#changed.add('enclave');
    this.#enclave = made;
    this.#events.built(outcome);
    return made;
  }

  async #buildHost(project: Project): Promise<{ readonly script: string }> {
    const startedAt = Date.now();
    const { path, sha256, inputs, warnings } = await prepareHost(project, this.#options.host);
    await this.#remember('host', inputs, startedAt);
    if (this.#host?.sha256 !== sha256) this.#changed.add('host');
    this.#host = { script: path, sha256 };
    this.#events.warnings(warnings);
    return this.#host;
  }

  /** A file that was written while it was read counts as changed next time. */
  async #remember(part: Part, paths: Iterable<string>, startedAt: number): Promise<void> {
    this.#due.delete(part);
    this.#inputs[part] = new Set(paths);
    const fresh = [...this.#inputs[part]].filter((path) => !this.#prints.has(path));
    this.#prints = new Map([...this.#prints, ...(await this.#fingerprints.take(fresh, startedAt))]);
  }
}
