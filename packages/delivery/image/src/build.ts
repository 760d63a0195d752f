import { verifyInterpreter, type VerifiedInterpreter } from '@enclos/isolation';
import {
  isProgramManifest,
  pinnedInterpreter,
  readImage,
  type InterpreterIdentity,
  type ProgramSettings,
} from '@enclos/manifest';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { Application } from './application.ts';
import { architectures, type Architecture, type PreparedBase } from './base/base.ts';
import { prepareDebianBase } from './base/debian-base.ts';
import { prepareForeignBase } from './base/foreign-base.ts';
import { noCache, openLayerCache } from './base/layer-cache.ts';
import { prepareNodeBase, type BaseContext } from './base/node-base.ts';
import { composeImage, type ComposedImage } from './build-image.ts';
import { companionLibraries } from './companion-libraries.ts';
import type { ComposeContext, ComposedContent } from './compose.ts';
import { writeArchive } from './oci/archive.ts';
import { createLayoutWriter, type LayoutWriter } from './oci/layout-writer.ts';
import { composeProgramImage, type ProgramApplication } from './program-image.ts';
import { composeSignedImage, type SignedApplication } from './signed/compose.ts';

/** `node` and `debian` are made here; any other base is a file or folder. */
export type BaseChoice = 'node' | 'debian' | { readonly path: string; readonly tag?: string | undefined };

/** What every image is built with. */
export interface BuildOptions {
  readonly base: BaseChoice;
  /** The folder of the OCI layout. An existing layout is replaced. */
  readonly layoutFolder: string;
  /** Where the image goes too, as a file for `docker load` and `podman load`. */
  readonly archiveFile?: string | undefined;
  /** How the image is called. Default: `latest`. */
  readonly tag?: string | undefined;
  /** Seconds since 1970. Default: 0. */
  readonly createdSeconds?: number;
  /** Where compressed bases are kept. Nothing is kept without it. */
  readonly cacheFolder?: string | undefined;
  /** Where the libraries of the interpreter are on this machine. Default: where Debian has them. */
  readonly libraryFolder?: string | undefined;
  /** Default: that of this machine. */
  readonly architecture?: Architecture | undefined;
  /** The interpreter, in place of the one of its npm package. It must still be the pinned version. */
  readonly interpreter?: string | undefined;
  /** What makes the image, for its statements. */
  readonly tool: { readonly name: string; readonly version: string };
}

export interface BuildImageOptions extends BuildOptions {
  readonly application: Application;
}

export interface BuildSignedImageOptions extends BuildOptions {
  readonly application: SignedApplication;
}

export interface BuildProgramImageOptions extends BuildOptions {
  readonly program: ProgramApplication;
}

interface BuiltOn {
  readonly architecture: Architecture;
  /** The base came from the cache. */
  readonly cached: boolean;
}

export interface BuiltImage extends ComposedImage, BuiltOn {}
export interface BuiltProgramImage extends ComposedContent, BuiltOn {}

/** The largest time that a tar header holds. */
const maxSeconds = 8 ** 11 - 1;

/**
 * Builds the image of a signed enclave and its host program, without a container engine. The same enclave, signature, host, files,
 * base and time give the same digest on every machine, at any time.
 *
 * @throws OCI_IMAGE_REFUSED, LAUNCH_MEASUREMENT_MISMATCH, OCI_BASE_UNUSABLE, OCI_BASE_TOOL_MISSING, OCI_LIBRARY_MISSING, OCI_LAYOUT_INVALID,
 * BUILD_DATE_INVALID, INTERPRETER_MISSING, INTERPRETER_MISMATCH, and what reading the enclave and a base throws. Nothing is written then.
 */
export async function buildImage({ application, ...options }: BuildImageOptions): Promise<BuiltImage> {
  const { manifest } = readImage(application.image);
  // Host and platform run on the interpreter, also for an enclave that does not.
  const pinned = isProgramManifest(manifest) ? pinnedInterpreter : manifest.interpreter;
  if (isProgramManifest(manifest)) requireMachine(manifest.program, options.architecture ?? architectureOfMachine());
  const moreLibraries = await companionLibraries(application.companionFiles ?? [], manifest);
  return build({ ...options, moreLibraries }, pinned, (context, writer) => composeImage(application, context, writer));
}

/**
 * Builds the image of a signed enclave of Intel's SDK or of Open Enclave and its host program, in the same way. The file of the enclave is in it as it is,
 * and so is the stub that runs it, for the platform in the container.
 *
 * @throws OCI_IMAGE_REFUSED, OCI_TOO_LARGE, LAUNCH_MEASUREMENT_MISMATCH, ENCLAVE_FILE_SIMULATED, ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED,
 * ENCLAVE_FILE_ZERO_BASE, SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE, STUB_MISSING, OCI_BASE_UNUSABLE, OCI_BASE_TOOL_MISSING, OCI_LIBRARY_MISSING, OCI_LAYOUT_INVALID,
 * BUILD_DATE_INVALID, INTERPRETER_MISSING, INTERPRETER_MISMATCH, and what reading a base throws. Nothing is written then.
 */
export async function buildSignedImage({ application, ...options }: BuildSignedImageOptions): Promise<BuiltImage> {
  return build(options, pinnedInterpreter, (context, writer) => composeSignedImage(application, context, writer));
}

/**
 * Builds the image of one program without an enclave, such as a service of a cluster, in the same way.
 *
 * @throws OCI_BASE_UNUSABLE, OCI_BASE_TOOL_MISSING, OCI_LIBRARY_MISSING, OCI_LAYOUT_INVALID, BUILD_DATE_INVALID, INTERPRETER_MISSING,
 * INTERPRETER_MISMATCH, and what reading a base throws. Nothing is written then.
 */
export async function buildProgramImage({ program, ...options }: BuildProgramImageOptions): Promise<BuiltProgramImage> {
  return build(options, pinnedInterpreter, (context, writer) => composeProgramImage(program, context, writer));
}

async function build<T extends ComposedContent>(
  options: BuildOptions & Pick<BaseContext, 'moreLibraries'>,
  pinned: InterpreterIdentity,
  make: (context: ComposeContext, writer: LayoutWriter) => Promise<T>,
): Promise<T & BuiltOn> {
  const { createdSeconds = 0, tag = 'latest', tool, archiveFile, libraryFolder, moreLibraries } = options;
  if (!Number.isInteger(createdSeconds) || createdSeconds < 0 || createdSeconds > maxSeconds) {
    throw new EnclosError('BUILD_DATE_INVALID', 'The time of an image is a number of seconds since 1970.');
  }
  const machine = architectureOfMachine();
  const { architecture = machine } = options;
  const interpreterFor = (wanted: Architecture): Promise<VerifiedInterpreter> =>
    verifyInterpreter({
      pinned,
      architecture: architectures[wanted].npm,
      ...(options.interpreter === undefined || wanted !== architecture ? {} : { path: options.interpreter }),
    });
  const interpreter = await interpreterFor(architecture);
  // The same release on another architecture: what it has built in is the same.
  const runnable = async () => (architecture === machine ? interpreter : await interpreterFor(machine)).path;
  const cache = options.cacheFolder === undefined ? noCache : await openLayerCache(options.cacheFolder);
  const writer = await createLayoutWriter(options.layoutFolder);
  try {
    const context = { architecture, isForeign: architecture !== machine, interpreter, runnable, writer, cache };
    const base = await prepareBase(options.base, { ...context, libraryFolder, moreLibraries });
    const image = await make({ base, architecture, createdSeconds, tag, tool }, writer);
    const { descriptor, sbom, provenance, name } = image;
    await writer.finish([descriptor, sbom, provenance], async () => {
      // From what is written here: a build beside this one may replace the layout at any time.
      if (archiveFile !== undefined) await writeArchive(writer.folder, { image: descriptor, name, tag }, archiveFile);
    });
    return Object.freeze({ ...image, architecture, cached: base.cached });
  } finally {
    await writer.discard();
  }
}

/** @throws OCI_IMAGE_REFUSED for a program of another architecture than the image */
function requireMachine(program: ProgramSettings, architecture: Architecture): void {
  const { npm } = architectures[architecture];
  if (program.architecture === npm) return;
  const message = `The enclave is a program for ${program.architecture}, and the image is for ${npm}.`;
  throw new EnclosError('OCI_IMAGE_REFUSED', message, {
    next: 'Name the architecture with --platform, or build the program for this one.',
  });
}

/** @throws OCI_BASE_UNUSABLE for one that enclaves do not run on */
function architectureOfMachine(): Architecture {
  const wanted = `${process.platform}-${process.arch}`;
  const found = Object.entries(architectures).find(([, { npm }]) => npm === wanted);
  if (found === undefined) throw new EnclosError('OCI_BASE_UNUSABLE', `Enclaves do not run on ${wanted}.`);
  // It is one of the keys.
  return found[0] as Architecture;
}

async function prepareBase(choice: BaseChoice, context: BaseContext): Promise<PreparedBase> {
  if (choice === 'node') return prepareNodeBase(context);
  if (choice === 'debian') return prepareDebianBase(context);
  return prepareForeignBase(choice, context).catch((error: unknown) => {
    throw namingTheBase(error, choice.path);
  });
}

/** A file that is not a layer is most likely the wrong path of a base. */
function namingTheBase(error: unknown, path: string): unknown {
  if (!isEnclosError(error, 'OCI_LAYER_INVALID')) return error;
  const message = `The base ${path} cannot be read as an OCI layout, an archive of one or a tar. ${error.message}`;
  return new EnclosError('OCI_LAYER_INVALID', message, { details: error.details, cause: error });
}
