import { toHex } from '@enclos/codec';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { packagesOf, parseBuildReport, type Diagnostic } from '@enclos/build';
import { exists, readSmallFile } from '@enclos/cli-frame/files';
import { EnclosError } from '@enclos/errors';
import {
  buildImage,
  buildSignedImage,
  fileContent,
  npmPurl,
  signedNameOf,
  type ApplicationProgram,
  type Architecture,
  type BaseChoice,
  type BuildOptions,
  type BuiltImage,
  type Component,
} from '@enclos/image';
import { companionsOf, isProgramManifest, mustBePassed, readImage, type EnclaveManifest } from '@enclos/manifest';
import { maxSignatureBytes } from '../../images/signed-image.ts';
import { readVersion } from '../../files/version.ts';
import { bundleWholeHost } from '../../project/bundle-host.ts';
import { findHost } from '../../project/program-host.ts';
import { findImage, readImageFile, stemOf } from '../../images/enclave-image.ts';

export interface ImageBuildOptions {
  /** The folder of enclave.json; built and signed already. With `signedFile`, that of the host program. */
  readonly folder: string;
  /** Instead of an enclave of the folder: the signed file of an enclave of another SDK. */
  readonly signedFile?: string | undefined;
  /** Take the enclave that `enclos build --relayed` made. */
  readonly relayed?: boolean | undefined;
  readonly base: BaseChoice;
  /** The host program, relative to the folder. */
  readonly host: string;
  /** Programs beside it, relative to the folder too: each becomes /app/NAME.mjs. */
  readonly programs?: readonly { readonly name: string; readonly source: string }[];
  /** The SIGSTRUCT of the enclave. Default: NAME.sig beside the image of the enclave. */
  readonly signatureFile?: string | undefined;
  /** The folder of the OCI layout. Default: NAME.oci beside the image of the enclave. */
  readonly outFolder?: string | undefined;
  /** Where the image goes too, as one file for `docker load` and `podman load`. */
  readonly archiveFile?: string | undefined;
  readonly tag?: string | undefined;
  /** Files that go below /app: where they are, and their place there. */
  readonly files?: readonly { readonly source: string; readonly path: string }[];
  /** Default: that of this machine. */
  readonly architecture?: Architecture | undefined;
  readonly libraryFolder?: string | undefined;
  readonly interpreter?: string | undefined;
  readonly cacheFolder?: string | undefined;
  /** SOURCE_DATE_EPOCH: the time of the image. Default: 0. */
  readonly sourceDateEpoch?: string | undefined;
}

export interface ImageBuildOutcome extends BuiltImage {
  readonly layout: string;
  readonly archive: string | undefined;
  readonly sizeBytes: number;
  /** The names of listeners and destinations whose connections have to be passed to the enclave. */
  readonly passed: readonly string[];
  /** It is a program with a private network. */
  readonly isPrivate: boolean;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Bundles the host program and those beside it, and builds an image of it and the signed enclave.
 * @throws CLI_NOT_BUILT, CLI_NOT_SIGNED, CLI_HOST_MISSING, BuildError, and what `buildImage` of @enclos/image throws.
 */
export async function imageBuild(options: ImageBuildOptions): Promise<ImageBuildOutcome> {
  return options.signedFile === undefined ? ofProject(options) : ofSignedFile(options, options.signedFile);
}

async function ofProject(options: ImageBuildOptions): Promise<ImageBuildOutcome> {
  const { image: imagePath } = await findImage(options.folder, options);
  const image = await readImageFile(imagePath);
  const stem = stemOf(imagePath);
  const signaturePath = options.signatureFile ?? `${stem}.sig`;
  if (!(await exists(signaturePath))) {
    throw new EnclosError('CLI_NOT_SIGNED', `There is no signature ${signaturePath}.`, {
      details: { path: signaturePath },
    });
  }
  const signature = await readSmallFile(signaturePath, maxSignatureBytes);
  const { manifest } = readImage(image);
  const { components, warnings, ...around } = await hostPrograms(options, isProgramManifest(manifest));
  const companionFiles = await companionContents(manifest, `${stem}.files`);
  const packages = [...components, ...(await enclavePackages(stem))];
  const application = { image, signature, companionFiles, ...around, components: packages };
  const common = await commonOptions(options, join(dirname(imagePath), `${basename(stem)}.oci`));
  const built = await buildImage({ application, ...common });
  const passed = mustBePassed(manifest).map(({ name }) => name);
  const isPrivate = isProgramManifest(manifest) && manifest.program.network === 'private';
  return outcomeOf(built, common, { passed, isPrivate, warnings });
}

/** The files of companions, as `enclos build` left them beside the image. The platform checks them when it gets them. */
function companionContents(manifest: EnclaveManifest, folder: string) {
  const digests = companionsOf(manifest).flatMap(({ files }) => files.map(({ sha256 }) => toHex(sha256)));
  return Promise.all(
    [...new Set(digests)].map(async (path) => ({ path, content: await fileContent(join(folder, path)) })),
  );
}

async function ofSignedFile(options: ImageBuildOptions, path: string): Promise<ImageBuildOutcome> {
  const name = signedNameOf(path);
  const file = await readImageFile(path);
  const { warnings, ...around } = await hostPrograms(options, false);
  const common = await commonOptions(options, join(options.folder, '.enclos', `${name}.oci`));
  const built = await buildSignedImage({ application: { name, file, ...around }, ...common });
  return outcomeOf(built, common, { passed: [], isPrivate: false, warnings });
}

async function hostPrograms(options: ImageBuildOptions, isProgram: boolean) {
  const { folder, source } = await findHost(options.folder, options.host, isProgram);
  const host = await bundled(folder, { name: 'host', source });
  const programs = await Promise.all((options.programs ?? []).map((program) => bundled(options.folder, program)));
  return {
    host: host.script,
    programs,
    files: await Promise.all(
      (options.files ?? []).map(async (file) => ({ path: file.path, content: await fileContent(file.source) })),
    ),
    components: [host, ...programs].flatMap(({ packages }) => packages),
    warnings: [host, ...programs].flatMap((one) => one.warnings),
  };
}

async function commonOptions(options: ImageBuildOptions, layoutFolder: string): Promise<BuildOptions> {
  const { base, archiveFile, tag, architecture, libraryFolder, interpreter, cacheFolder } = options;
  return {
    base,
    layoutFolder: options.outFolder ?? layoutFolder,
    archiveFile,
    tag,
    createdSeconds: secondsOf(options.sourceDateEpoch),
    cacheFolder,
    architecture,
    libraryFolder,
    interpreter,
    tool: { name: 'enclos', version: await readVersion() },
  };
}

function outcomeOf(
  built: BuiltImage,
  { layoutFolder, archiveFile }: BuildOptions,
  more: Pick<ImageBuildOutcome, 'passed' | 'isPrivate' | 'warnings'>,
): ImageBuildOutcome {
  const sizeBytes = built.layers.reduce((sum, { size }) => sum + size, 0);
  return Object.freeze({ ...built, layout: layoutFolder, archive: archiveFile, sizeBytes, ...more });
}

/** A program with its packages in one module. */
interface BundledProgram extends ApplicationProgram {
  readonly packages: readonly Component[];
  readonly warnings: readonly Diagnostic[];
}

async function bundled(
  folder: string,
  { name, source }: { readonly name: string; readonly source: string },
): Promise<BundledProgram> {
  const { script, modules, warnings } = await bundleWholeHost(folder, source);
  const packages = (await packagesOf(folder, modules)).map((one) =>
    packageComponent(one.name, one.version, `/app/${name}.mjs`),
  );
  return { name, script, packages, warnings };
}

/** As its build reported them. Not measured, and so only a description. */
async function enclavePackages(stem: string): Promise<readonly Component[]> {
  const bytes = await readFile(`${stem}.report.json`).catch(() => undefined);
  const report = bytes === undefined ? undefined : parseBuildReport(new Uint8Array(bytes));
  if (report === undefined) return [];
  const location = `/app/enclave/${report.name}.sgxs`;
  return report.packages
    .filter(({ version }) => version !== '')
    .map(({ name, version }) => packageComponent(name, version, location))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function packageComponent(name: string, version: string, location: string): Component {
  return { type: 'library', name, version, purl: npmPurl(name, version), location };
}

/** @throws BUILD_DATE_INVALID */
function secondsOf(epoch: string | undefined): number {
  if (epoch === undefined || epoch === '') return 0;
  if (!/^\d{1,11}$/.test(epoch)) {
    throw new EnclosError('BUILD_DATE_INVALID', 'SOURCE_DATE_EPOCH is not a whole number of seconds.');
  }
  return Number(epoch);
}
