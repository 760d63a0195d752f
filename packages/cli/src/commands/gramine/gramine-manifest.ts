import { dirname, join, resolve } from 'node:path';
import { toHex, utf8 } from '@enclos/codec';
import { writeFileAtomically } from '@enclos/build';
import { EnclosError } from '@enclos/errors';
import { requireRelayable } from '@enclos/gramine';
import { sha256 } from '@enclos/sgx/node';
import { copyFiles } from './copy-files.ts';
import { planGramine, type GramineFile, type GraminePlan, type GramineSettings } from './plan.ts';
import { encodeReferenceValues, referenceValuesOf, type ReferenceValues } from './reference-values.ts';
import { readSignedImage, type SignedImage } from '../../images/signed-image.ts';
import { readSignedManifest } from './signed-manifest.ts';

export interface GramineManifestOptions extends Partial<GramineSettings> {
  /** A project folder, which is built and signed already, or an image. */
  readonly target: string;
  /** The SIGSTRUCT of the image. Default: NAME.sig beside it. */
  readonly signatureFile?: string | undefined;
  /** Where everything goes. Default: the folder `gramine` beside the image. */
  readonly outFolder?: string | undefined;
  /** Where that folder will be on the machine that runs the enclave. Default: where it is. */
  readonly at?: string | undefined;
}

export interface GramineManifestOutcome {
  readonly name: string;
  readonly debug: boolean;
  /** NAME.manifest, and the file that names the identities. */
  readonly manifest: string;
  readonly referenceValues: string;
  readonly values: ReferenceValues;
  /** All that the enclave can open: each is in the manifest with its hash, and so in MRENCLAVE. */
  readonly files: readonly GramineFile[];
  /** What signs the manifest: a program of Gramine, and its arguments up to the key. */
  readonly signCommand: readonly string[];
}

/** Where Debian's package of Gramine puts it, and where Debian has its libraries. */
export const gramineDefaults = Object.freeze({
  gramineFolder: '/usr/lib/x86_64-linux-gnu/gramine',
  libraryFolder: '/usr/lib/x86_64-linux-gnu',
});

interface FolderPlan extends GraminePlan {
  readonly image: SignedImage;
  readonly folder: string;
}

async function plan(options: GramineManifestOptions): Promise<FolderPlan> {
  const { target, signatureFile, outFolder, at, ...settings } = options;
  const image = await readSignedImage(target, signatureFile, requireRelayable);
  const imageFolder = resolve(dirname(image.path));
  const folder = resolve(outFolder ?? join(imageFolder, 'gramine'));
  if (folder === imageFolder) {
    throw new EnclosError('CLI_USAGE', `${folder} holds the image: its signature and Gramine's have one name.`);
  }
  return { image, folder, ...(await planGramine(image, at ?? folder, { ...gramineDefaults, ...settings })) };
}

/**
 * Makes the manifest as {@link writeGramineManifest} does, and writes nothing.
 * @throws what `writeGramineManifest` throws, but for signatures of Gramine.
 */
export async function planGramineManifest(options: GramineManifestOptions): Promise<GraminePlan> {
  const { name, debug, manifest, files } = await plan(options);
  return Object.freeze({ name, debug, manifest, files });
}

/**
 * Writes what an image needs in Gramine into a folder: the manifest, copies of the files that it names (those of the
 * installed Gramine stay where they are), and the reference values. The same files, paths and settings give the same bytes.
 * When `gramine-sgx-sign` has signed this very manifest into NAME.sig in that folder, the reference values have Gramine's
 * MRENCLAVE beside the software platform's; nothing here computes it.
 *
 * Written from Gramine's documents and source; not yet run on hardware.
 *
 * @throws CLI_NOT_BUILT, CLI_NOT_SIGNED, CLI_SIGNATURE_MISMATCH, CLI_GRAMINE_MISSING, CLI_LIBRARY_MISSING,
 * CLI_FILE_INVALID, CLI_FILE_UNREADABLE, INTERPRETER_MISSING, INTERPRETER_MISMATCH, LAUNCH_MEASUREMENT_MISMATCH,
 * TEE_MANIFEST_INVALID, STREAM_TRANSPORT_UNAVAILABLE, and what the readers of images and signatures throw. Nothing is written then.
 */
export async function writeGramineManifest(options: GramineManifestOptions): Promise<GramineManifestOutcome> {
  const { image, folder, name, manifest, files } = await plan(options);
  const signed = await readSignedManifest({ folder, name, manifest, image });
  const manifestSha256 = toHex(sha256(utf8(manifest)));
  const values = referenceValuesOf(image, signed === undefined ? null : Object.freeze({ ...signed, manifestSha256 }));
  const at = (extension: string): string => join(folder, `${name}.${extension}`);
  await copyFiles(files, folder);
  await writeFileAtomically(at('manifest'), manifest);
  await writeFileAtomically(at('reference-values.json'), encodeReferenceValues(values));
  return Object.freeze({
    name,
    debug: values.debug,
    manifest: at('manifest'),
    referenceValues: at('reference-values.json'),
    values,
    files,
    signCommand: Object.freeze([
      'gramine-sgx-sign',
      '--manifest',
      at('manifest'),
      '--output',
      at('manifest.sgx'),
      '--sigfile',
      at('sig'),
      '--key',
    ]),
  });
}
