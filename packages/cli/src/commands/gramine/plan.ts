import { posix } from 'node:path';
import { exists, unreadable } from '@enclos/cli-frame/files';
import { fromHex, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { gramineArguments, gramineProgram, requireRelayable, requireScript } from '@enclos/gramine';
import { verifyInterpreter } from '@enclos/isolation';
import type { EnclaveManifest } from '@enclos/manifest';
import { gramineManifest, type GramineManifestSettings, type TrustedFile } from '@enclos/tee/gramine-host';
import { hashFile } from '../../files/hash.ts';
import { findLibraries } from './libraries.ts';
import type { SignedImage } from '../../images/signed-image.ts';

export interface GramineSettings {
  /** Where Gramine is installed, here and on the machine that runs the enclave: the folder of `libsysdb.so`. */
  readonly gramineFolder: string;
  /** Libraries that Gramine does not bring, such as `libstdc++.so.6`. */
  readonly libraryFolder: string;
  /** Instead of the pinned Node of the npm package. It must still be the pinned version. */
  readonly interpreter?: string;
  /** Default: the smallest that holds the heap of the image; see {@link defaultEnclaveSizeBytes}. */
  readonly enclaveSizeBytes?: number;
  readonly threads?: number;
  readonly edmm?: boolean;
  readonly hostEventfd?: boolean;
}

export type GramineFileRole = 'libos' | 'interpreter' | 'library' | 'program' | 'image';

/** A file that the enclave can open, and that the manifest names with its hash. */
export interface GramineFile {
  readonly role: GramineFileRole;
  /** Where it is now. */
  readonly source: string;
  /** Where it will be, outside and inside. */
  readonly path: string;
  /** Its name in the output folder; undefined for files of the installed Gramine, which are not copied. */
  readonly copy: string | undefined;
  /** 32 bytes of hex. */
  readonly sha256: string;
}

export interface GraminePlan {
  readonly name: string;
  readonly debug: boolean;
  /** The text of NAME.manifest. */
  readonly manifest: string;
  /** All that the enclave can open. */
  readonly files: readonly GramineFile[];
}

const defaultThreads = 32;
const gibibyte = 2 ** 30;

/**
 * Node takes most of 2 GiB to start; above that the heap counts twice, since JavaScript and WebAssembly each have that
 * much (`interpreterFlags`), and 1 GiB is for code and stacks.
 */
function defaultEnclaveSizeBytes({ heapSizeBytes }: Pick<EnclaveManifest, 'heapSizeBytes'>): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2 * gibibyte, 2 * Number(heapSizeBytes) + gibibyte)));
}

/**
 * Finds and hashes everything that an image needs in Gramine, and makes the manifest. Writes nothing.
 *
 * @param at where the output folder will be on the machine that runs the enclave; its paths are measured.
 * @throws INTERPRETER_MISSING, INTERPRETER_MISMATCH, CLI_GRAMINE_MISSING, CLI_LIBRARY_MISSING, CLI_FILE_INVALID,
 * CLI_FILE_UNREADABLE, TEE_MANIFEST_INVALID, PROGRAM_EXECUTION_UNAVAILABLE, STREAM_TRANSPORT_UNAVAILABLE for an image that wants connections passed
 */
export async function planGramine(image: SignedImage, at: string, settings: GramineSettings): Promise<GraminePlan> {
  const { manifest: measured } = image;
  const { gramineFolder } = settings;
  requireRelayable(measured);
  requireSearchable(at);
  requireSearchable(gramineFolder);
  const root = at.replace(/\/$/, '');
  const [libraryPath, runtime] = [`${root}/lib`, `${gramineFolder}/runtime/glibc`];
  const files = await Promise.all(
    (await findSources(image, runtime, settings)).map(async ({ role, source, copy, sha256 }): Promise<GramineFile> => {
      const path = copy === undefined ? source : `${root}/${copy}`;
      return Object.freeze({ role, source, path, copy, sha256: sha256 ?? (await hashOf(source)) });
    }),
  );
  const of = (role: GramineFileRole): readonly TrustedFile[] =>
    files.filter((file) => file.role === role).map(({ path, sha256 }) => ({ path, sha256: fromHex(sha256) }));
  const only = (role: GramineFileRole): TrustedFile => {
    const [file] = of(role);
    if (file === undefined) throw new Error(`There is a ${role} among the sources.`);
    return file;
  };
  const program = only('program');
  const manifest = gramineManifest({
    libos: only('libos'),
    interpreter: only('interpreter'),
    image: only('image'),
    trustedFiles: [program, ...of('library')],
    arguments: gramineArguments({ programPath: program.path, imagePath: only('image').path, manifest: measured }),
    // Without it Gramine finds no loader, and the loader no library.
    environment: [{ name: 'LD_LIBRARY_PATH', value: `${runtime}:${libraryPath}` }],
    ...sizeOf(measured, settings),
    debug: measured.debug,
    productId: measured.productId,
    securityVersion: measured.securityVersion,
  });
  return Object.freeze({ name: measured.name, debug: measured.debug, manifest, files: Object.freeze(files) });
}

function sizeOf(
  manifest: EnclaveManifest,
  { enclaveSizeBytes, threads = defaultThreads, edmm = false, hostEventfd = false }: GramineSettings,
): Pick<GramineManifestSettings, 'enclaveSizeBytes' | 'threads' | 'edmm' | 'hostEventfd'> {
  return { enclaveSizeBytes: enclaveSizeBytes ?? defaultEnclaveSizeBytes(manifest), threads, edmm, hostEventfd };
}

/** The loader divides LD_LIBRARY_PATH at these, and replaces `$ORIGIN` and the like (ld.so(8)). */
function requireSearchable(folder: string): void {
  if (folder.startsWith('/') && !/[:;$]/.test(folder)) return;
  throw new EnclosError('TEE_MANIFEST_INVALID', `${folder} is not an absolute path without : ; and $.`);
}

async function hashOf(path: string): Promise<string> {
  return hashFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

interface Source extends Pick<GramineFile, 'role' | 'source' | 'copy'> {
  /** The expected digest, where it is known: the copy must match. */
  readonly sha256?: string;
}

async function findSources(
  { path, manifest, identity }: SignedImage,
  runtime: string,
  { gramineFolder, libraryFolder, interpreter: given }: GramineSettings,
): Promise<readonly Source[]> {
  const interpreter = await verifyInterpreter({
    pinned: requireScript(manifest).interpreter,
    // Gramine runs on no other.
    architecture: 'linux-x64',
    ...(given === undefined ? {} : { path: given }),
  });
  const libos = `${gramineFolder}/libsysdb.so`;
  if (!(await exists(libos))) {
    throw new EnclosError('CLI_GRAMINE_MISSING', `There is no Gramine at ${libos}.`, { details: { path: libos } });
  }
  const libraries = findLibraries(interpreter.path, { runtime, system: libraryFolder });
  return [
    { role: 'libos', source: libos, copy: undefined },
    { role: 'interpreter', source: interpreter.path, copy: 'node', sha256: toHex(interpreter.sha256) },
    ...libraries.map(({ name, source, ofGramine }): Source => ({
      role: 'library',
      source,
      copy: ofGramine ? undefined : posix.join('lib', name),
    })),
    { role: 'program', source: gramineProgram, copy: posix.basename(gramineProgram) },
    { role: 'image', source: path, copy: `${manifest.name}.sgxs`, sha256: identity.mrEnclave },
  ];
}
