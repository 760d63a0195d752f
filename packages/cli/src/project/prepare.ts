import { join, resolve } from 'node:path';
import { readFile, realpath } from 'node:fs/promises';
import {
  describeSignature,
  loadProject,
  relayedVariant,
  signEnclave,
  withKeyOf,
  writeFileAtomically,
  type Diagnostic,
  type Project,
  type SignedIdentity,
} from '@enclos/build';
import type { Io } from '@enclos/cli-frame';
import { hostVariables } from '@enclos/host';
import type { Isolation } from '@enclos/tee';
import { stemOf, variantFolder } from '../images/enclave-image.ts';
import { hashFile } from '../files/hash.ts';
import { buildProject, type BuildOutcome } from './build.ts';
import { bundleHost, type HostBundle } from './bundle-host.ts';
import type { ProjectKey } from './development-key.ts';
import { findHost } from './program-host.ts';
import type { SealingEvents } from './sealing/closed-state.ts';

/** The real path of the folder of a project, which the paths of a build begin with; as it was given when it cannot be found. */
export async function realFolder(given: string): Promise<string> {
  const folder = resolve(given);
  return realpath(folder).catch(() => folder);
}

/** How a build differs from what enclave.json says. */
export interface BuildVariant {
  readonly debug: boolean;
  /** Every connection is relayed. */
  readonly relayed?: boolean | undefined;
}

/** A project as it is built here: the variant overrides enclave.json. */
export async function loadProjectFor(folder: string, { debug, relayed }: BuildVariant): Promise<Project> {
  const loaded = await loadProject(folder);
  const project = relayed === true ? relayedVariant(loaded) : loaded;
  return debug ? Object.freeze({ ...project, debug: true }) : project;
}

/** The image of a variant has another identity: it must not take the place of the other one. */
export function imageFolder(project: Project, { debug, relayed }: BuildVariant): string {
  return join(variantFolder(project.folder, { relayed }), ...(debug ? ['debug'] : []));
}

/** What runs: an image, and a signature of the developer's own. */
export interface SignedBuild {
  readonly outcome: BuildOutcome;
  readonly signature: string;
  readonly identity: SignedIdentity;
  /** What signed it. */
  readonly keyFile: string;
  readonly sourceMap: string;
}

/**
 * Signs a build with a key of this machine. Not as NAME.sig: a release signature may lie there.
 * @throws what `signEnclave` throws.
 */
export async function signForRun(
  project: Project,
  outcome: BuildOutcome,
  { key, io }: { readonly key: ProjectKey; readonly io: Io },
): Promise<SignedBuild> {
  const base = stemOf(outcome.image);
  const image = new Uint8Array(await readFile(outcome.image));
  const sigstruct = withKeyOf(key.path, () =>
    signEnclave({
      image,
      key: key.pem,
      date: io.now(),
      sourceDateEpoch: io.env['SOURCE_DATE_EPOCH'],
      attributes: project.attributes,
    }),
  );
  await writeFileAtomically(`${base}.run.sig`, sigstruct);
  return Object.freeze({
    outcome,
    signature: `${base}.run.sig`,
    identity: describeSignature(sigstruct),
    keyFile: key.path,
    sourceMap: `${base}.map`,
  });
}

/** The host program, bundled. */
export async function prepareHost({ folder, program }: Project, given: string): Promise<HostBundle> {
  const { source, ...host } = await findHost(folder, given, program?.hasInterface === false);
  if (host.isOwn) return bundleHost(folder, source, join(folder, '.enclos', 'host.mjs'));
  const path = join(host.folder, source);
  return { path, sha256: await hashFile(path), inputs: [], warnings: [] };
}

export interface HostEnvironmentOptions {
  readonly build: SignedBuild;
  readonly platformSocket: string;
  readonly isolation: Isolation;
  readonly tool?: { readonly socketPath: string; readonly inspects: boolean };
  /** The socket of a tool that learns what runs, and changes nothing. */
  readonly observerSocket?: string;
}

/** What `fromEnvironment` of @enclos/host reads. */
export function hostEnvironment(io: Io, options: HostEnvironmentOptions): Io['env'] {
  const { build, platformSocket, isolation, tool, observerSocket } = options;
  return {
    ...io.env,
    [hostVariables.platform]: platformSocket,
    [hostVariables.image]: build.outcome.image,
    [hostVariables.signature]: build.signature,
    [hostVariables.isolation]: isolation,
    [hostVariables.sourceMap]: build.outcome.debug ? build.sourceMap : undefined,
    [hostVariables.tool]: tool?.socketPath,
    [hostVariables.inspect]: tool?.inspects === true ? '1' : undefined,
    [hostVariables.observer]: observerSocket,
  };
}

/** What a build reports while it works. */
export interface BuildEvents extends SealingEvents {
  during<T>(label: string, work: () => Promise<T>): Promise<T>;
  built(outcome: BuildOutcome): void;
  newKey(path: string): void;
  warnings(warnings: readonly Diagnostic[]): void;
}

export interface BuildForRunOptions extends BuildVariant {
  /** Finds or makes the key. */
  readonly key: () => Promise<ProjectKey>;
}

export interface PrepareOptions extends BuildForRunOptions {
  readonly host: string;
}

/** Builds the enclave, and signs it with a key of this machine. */
export async function buildForRun(
  project: Project,
  options: BuildForRunOptions,
  { io, events }: { readonly io: Io; readonly events: BuildEvents },
): Promise<SignedBuild> {
  // Always build: to know whether an image is stale takes as long as building it, and a wrong guess runs old code.
  const outcome = await events.during('building', () => buildProject(project, imageFolder(project, options)));
  events.built(outcome);
  const key = await events.during('making a development key', options.key);
  if (key.isNew) events.newKey(key.path);
  return signForRun(project, outcome, { key, io });
}

/**
 * Builds and signs the enclave, and bundles the host program.
 * @returns the build and the script of the host program.
 */
export async function prepare(
  project: Project,
  options: PrepareOptions,
  world: { readonly io: Io; readonly events: BuildEvents },
): Promise<{ readonly build: SignedBuild; readonly script: string }> {
  const build = await buildForRun(project, options, world);
  const { path, warnings } = await prepareHost(project, options.host);
  world.events.warnings(warnings);
  return { build, script: path };
}
