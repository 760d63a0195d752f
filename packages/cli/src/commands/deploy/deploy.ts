import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { BuildError, loadProject, PROJECT_FILE, writeFileAtomically } from '@enclos/build';
import { egoImage } from '@enclos/cli-ego';
import { exists, readSmallText } from '@enclos/cli-frame/files';
import { durable } from '@enclos/durable';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { verifyImage, withImageSource } from '@enclos/image';
import type { EnclaveManifest } from '@enclos/manifest';
import {
  changesOf,
  DEPLOY_FILE,
  firstSettings,
  parseDeploySettings,
  planDeployment,
  renderDeployment,
  settingsText,
  type Change,
  type DeployableEnclave,
  type DeployFile,
  type DeployFlags,
  type DeployFormat,
  type DeployPlan,
  type DeploySettings,
  type VerifiedDeployImage,
} from '@enclos/kubernetes';
import { lintManifests, type LintFinding } from '@enclos/kubernetes/lint';
import { machineArchitecture } from '../../images/container.ts';

export interface DeployOptions {
  /** A folder with deploy.json, or such a file; absolute. */
  readonly target: string;
  readonly flags?: DeployFlags;
  readonly format?: DeployFormat;
  /** An OCI layout or an archive of one, with the image: it is verified, and its digest and enclave are taken from it. Absolute. */
  readonly imageLayout?: string | undefined;
  /** Where the files go. Default: `deploy/PROFILE` beside deploy.json. */
  readonly outFolder?: string | undefined;
  /** Compare, and write nothing. */
  readonly dryRun?: boolean;
  /** By which sizes of Azure are retired. */
  readonly now: Date;
}

export interface DeployOutcome {
  readonly plan: DeployPlan;
  readonly folder: string;
  readonly files: readonly DeployFile[];
  readonly changes: readonly Change[];
  /** The warnings of lint about the manifests. */
  readonly warnings: readonly LintFinding[];
  readonly written: boolean;
  /** The deploy.json that was made because there was none; with `dryRun` it was not written. */
  readonly made: MadeSettings | undefined;
}

/** The settings of an enclave that had none. */
export interface MadeSettings {
  readonly file: string;
  /** Where the ports and the memory come from. */
  readonly from: 'enclave.json' | 'the image';
  readonly settings: DeploySettings;
  /** Folders of the enclave that are folders of its host. A pod has no place for them until someone names one. */
  readonly hostFolders: readonly string[];
}

/** An enclave that may have no settings yet. */
interface FoundEnclave extends DeployableEnclave {
  readonly mounts: EnclaveManifest['mounts'];
}

const mostBytes = 1024 * 1024;

/**
 * Makes the manifests of a deploy.json, lints them, and writes them. Without a deploy.json it makes one for the enclave of the folder or of the image,
 * and writes it with them; one that is there is never changed.
 * @throws what `verifyImage` of @enclos/image throws, CLI_FILE_UNREADABLE, DEPLOY_SETTINGS_INVALID and what else planning refuses; LINT_REFUSED with diagnostics;
 *   DEPLOY_FILE_FOREIGN before anything is written, or when the settings that were made find their place taken
 */
export async function deploy(options: DeployOptions): Promise<DeployOutcome> {
  const { flags = {}, format = 'yaml', dryRun = false, now } = options;
  const file = (await isFolder(options.target)) ? join(options.target, DEPLOY_FILE) : options.target;
  const base = dirname(file);
  const project = await projectOf(base);
  const verified = options.imageLayout === undefined ? undefined : await verifiedImage(options.imageLayout);
  const made = (await exists(file)) ? undefined : await makeSettings(file, project, verified?.found);
  const settings = made?.settings ?? parseDeploySettings(await readSmallText(file, mostBytes), relative(base, file));
  const rootsPem = await rootsOf(settings, base);
  const plan = planDeployment({
    settings,
    flags,
    ...(verified === undefined ? {} : { verified: verified.image }),
    ...(project === undefined ? {} : { network: project }),
    ...(rootsPem === undefined ? {} : { rootsPem }),
  });
  if (project?.isProgram === true && plan.profile.endsWith('sgx')) {
    const message = `The enclave is a program, and nothing runs one on SGX yet, as the profile ${plan.profile} would have it: take software, aks-snp or podman.`;
    throw new EnclosError('DEPLOY_PROFILE_UNFIT', message);
  }
  if (((verified?.found ?? project)?.companions ?? []).length > 0 && plan.profile.endsWith('sgx')) {
    const message = `The enclave has companions, and nothing starts these on SGX yet, as the profile ${plan.profile} would have it: take software, aks-snp or podman.`;
    throw new EnclosError('DEPLOY_PROFILE_UNFIT', message);
  }
  const files = renderDeployment(plan, format);
  const warnings = held(files, now);
  const folder = resolve(options.outFolder ?? join(base, 'deploy', plan.profile));
  const changes = changesOf(files, await manifestsIn(folder));
  if (!dryRun) await write(folder, files, changes);
  if (!dryRun && made !== undefined) await writeSettings(made);
  return Object.freeze({ plan, folder, files, changes, warnings, written: !dryRun, made });
}

/** Settings to begin with. A file that was named, and is not deploy.json, is a mistake. */
async function makeSettings(
  file: string,
  project: FoundEnclave | undefined,
  found: FoundEnclave | undefined,
): Promise<MadeSettings> {
  const enclave = found ?? project;
  if (basename(file) !== DEPLOY_FILE || enclave === undefined || !(await isFolder(dirname(file)))) {
    const message = `There is no ${file}, and no ${PROJECT_FILE} of Enclos beside it to make one from. Give an image with --image-layout, name the folder of your enclave, or write the file (docs/reference/deploy-json.md describes it).`;
    throw new EnclosError('CLI_FILE_UNREADABLE', message, { details: { path: file } });
  }
  return {
    file,
    from: found === undefined ? 'enclave.json' : 'the image',
    settings: firstSettings(enclave),
    hostFolders: enclave.mounts.filter(({ kind }) => kind === 'host').map(({ target }) => target),
  };
}

/** Where npm puts the JSON Schema; other package managers do not. */
const schemaPath = './node_modules/@enclos/kubernetes/schema/deploy.schema.json';

async function writeSettings({ file, settings }: MadeSettings): Promise<void> {
  const schema = (await exists(join(dirname(file), schemaPath))) ? schemaPath : undefined;
  // The umask takes from the mode.
  if (await durable.add(file, settingsText(settings, schema), { mode: 0o666 })) return;
  const message = `${file} is in the way: a link that leads nowhere, or a file that another program has just made.`;
  throw new EnclosError('DEPLOY_FILE_FOREIGN', message, { details: { path: file } });
}

/** The enclave in the image is measured; its labels are not trusted. The profile decides about debug enclaves. */
async function verifiedImage(
  path: string,
): Promise<{ readonly image: VerifiedDeployImage; readonly found: FoundEnclave }> {
  const choice = { architecture: machineArchitecture() };
  const { digest, identity, name, declared, signedFile } = await withImageSource(path, (source) =>
    verifyImage(source, choice, { allowDebug: true }),
  );
  const { date: _date, ...enclave } = identity;
  if (declared !== undefined) return { image: { digest, enclave, network: declared }, found: { name, ...declared } };
  // A signed enclave of another SDK declares nothing: ports and destinations are those of deploy.json.
  const { memoryBytes = 0 } = signedFile ?? {};
  return {
    image: { digest, enclave },
    found: { name, heapSizeBytes: memoryBytes, listen: [], connect: [], mounts: [] },
  };
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** The enclave of the folder, where its project is available. */
async function projectOf(folder: string): Promise<(FoundEnclave & { readonly isProgram: boolean }) | undefined> {
  // A configuration of EGo becomes a manifest when it is signed, and the image holds it.
  if (!(await exists(join(folder, PROJECT_FILE))) || (await egoImage(folder)) !== undefined) return undefined;
  const { name, heapSizeBytes, listen, connect, mounts, companions, program } = await loadProject(folder);
  return { name, heapSizeBytes, listen, connect, mounts, companions, isProgram: program !== undefined };
}

async function rootsOf({ softwareRoots }: DeploySettings, base: string): Promise<string | undefined> {
  const file = typeof softwareRoots === 'object' && 'pem' in softwareRoots ? softwareRoots.pem : undefined;
  return file === undefined ? undefined : readSmallText(resolve(base, file), mostBytes);
}

/** Settings can hold what lint refuses, such as a variable that simulates SGX or a retired size. */
function held(files: readonly DeployFile[], now: Date): readonly LintFinding[] {
  const { findings } = lintManifests(
    files.map(({ name, content }) => ({ name, text: content })),
    { now },
  );
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return findings;
  throw new BuildError(
    'LINT_REFUSED',
    'The settings in deploy.json give manifests with errors, so nothing was written.',
    errors,
  );
}

async function manifestsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const manifests = names.filter((name) => name.endsWith('.yaml'));
  return new Map(
    await Promise.all(manifests.map(async (name) => [name, await contentOf(join(folder, name))] as const)),
  );
}

/** This command did not write a file that is too large or is not text, so its content does not matter. */
async function contentOf(path: string): Promise<string> {
  return readSmallText(path, mostBytes).catch((error: unknown) => {
    if (isEnclosError(error, 'CLI_FILE_INVALID')) return '';
    throw error;
  });
}

async function write(folder: string, files: readonly DeployFile[], changes: readonly Change[]): Promise<void> {
  const foreign = changes.find(({ kind }) => kind === 'foreign');
  if (foreign !== undefined) {
    const path = join(folder, foreign.name);
    throw new EnclosError('DEPLOY_FILE_FOREIGN', `${path} was not written by this command.`, { details: { path } });
  }
  const kinds = new Map(changes.map(({ name, kind }) => [name, kind]));
  for (const { name, content } of files) {
    if (kinds.get(name) !== 'same') await writeFileAtomically(join(folder, name), content);
  }
  for (const { name, kind } of changes) if (kind === 'gone') await rm(join(folder, name), { force: true });
}
