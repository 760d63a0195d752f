import type { SignedIdentity } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  companionsOf,
  isProgramManifest,
  type CompanionManifest,
  type EnclaveManifest,
  type InterpreterManifest,
} from '@enclos/manifest';
import { createAppView, enclaveFolder, type AppView } from './app-view.ts';
import { enclavePaths, entrypoint, requireSigned } from './application.ts';
import { architectures, imageUser, interpreterPath, type Architecture } from './base/base.ts';
import type { Digest } from './digest.ts';
import { labelsOf } from './labels.ts';
import type { ImageConfig } from './oci/documents.ts';
import { findImage, type FoundImage, type ImageChoice, type ImageSource } from './oci/source.ts';
import { nameOfSigned, requireSignedFile, type SignedFile } from './signed/enclave-file.ts';
import { readLayer } from './layer/read-layer.ts';
import { createTarBudget } from './tar/read.ts';

export interface VerifiedImage {
  /** The digest of the manifest, which a deployment names. */
  readonly digest: Digest;
  readonly name: string;
  readonly architecture: string;
  readonly identity: SignedIdentity;
  /** The interpreter in the image is the one that the enclave pins. A program and a signed enclave of another SDK pin none. */
  readonly interpreter: { readonly version: string; readonly sha256: string } | undefined;
  /** What the enclave declares, and MRENCLAVE covers: where it listens, what it connects to, its folders, and how much memory it may use. */
  readonly declared:
    | (Pick<EnclaveManifest, 'listen' | 'connect' | 'mounts' | 'heapSizeBytes'> & {
        readonly companions: readonly CompanionManifest[];
      })
    | undefined;
  /** What made the enclave, if it is the signed file of another SDK. Such a file declares nothing. */
  readonly signedFile: Pick<SignedFile, 'sdk' | 'memoryBytes'> | undefined;
}

/** What an image is expected to be; what is absent is not compared. */
export interface ImageExpectation {
  readonly digest?: string | undefined;
  /** 32 bytes of hex each. */
  readonly mrEnclave?: string | undefined;
  readonly mrSigner?: string | undefined;
  /** Whether a debug enclave, whose memory is open to any debugger, is accepted. Default: false. */
  readonly allowDebug?: boolean | undefined;
}

/**
 * Ties the digest of an image to the enclave in it. Reads every layer, holds everything to its digest, measures the enclave
 * in the layers anew, verifies its SIGSTRUCT, and compares labels, annotations, variables, entry point and
 * interpreter with that.
 *
 * It says nothing about the host program, which need not be trusted, and nothing about a running container:
 * that takes evidence.
 *
 * @throws OCI_IMAGE_REFUSED, OCI_IMAGE_UNEXPECTED, LAUNCH_MEASUREMENT_MISMATCH, OCI_DIGEST_MISMATCH, OCI_LAYER_INVALID,
 * OCI_DOCUMENT_INVALID, OCI_LAYOUT_INVALID, OCI_TOO_LARGE, and what the readers of images and signatures throw.
 */
export async function verifyImage(
  source: ImageSource,
  choice: ImageChoice,
  expected: ImageExpectation = {},
): Promise<VerifiedImage> {
  const image = await findImage(source, choice);
  const { digest } = image.descriptor;
  requireExpected('digest', digest, expected.digest);
  const architecture = architectureOf(image.config);
  const view = await readLayers(source, image);
  const { name, identity, paths, manifest, signedFile } = findEnclave(view);
  requireConfiguration(image, { identity, paths });
  if (manifest !== undefined) requireCompanionFiles(view, name, manifest);
  const isScript = manifest !== undefined && !isProgramManifest(manifest);
  const interpreter = isScript ? requireInterpreter(view, manifest, architecture) : undefined;
  if (manifest !== undefined && !isScript && manifest.program.architecture !== architectures[architecture].npm) {
    throw refused(`Its enclave is a program for ${manifest.program.architecture}.`);
  }
  requireExpected('mrEnclave', identity.mrEnclave, expected.mrEnclave);
  requireExpected('mrSigner', identity.mrSigner, expected.mrSigner);
  if (identity.debug && expected.allowDebug !== true) {
    throw new EnclosError('OCI_IMAGE_UNEXPECTED', 'It holds a debug enclave: its host can read everything inside.', {
      details: { field: 'debug', got: 'true', expected: 'false' },
    });
  }
  return Object.freeze({
    digest,
    name,
    architecture,
    identity,
    interpreter,
    declared: manifest && declaredBy(manifest),
    signedFile,
  });
}

function declaredBy(manifest: EnclaveManifest): VerifiedImage['declared'] {
  const { listen, connect, mounts, heapSizeBytes } = manifest;
  return Object.freeze({ listen, connect, mounts, heapSizeBytes, companions: companionsOf(manifest) });
}

/** Without them, or with others, no platform starts the enclave. */
function requireCompanionFiles({ hashes }: AppView, name: string, manifest: EnclaveManifest): void {
  const folder = enclavePaths(name).companionFiles;
  for (const companion of companionsOf(manifest)) {
    for (const { path, sha256 } of companion.files) {
      const digest = toHex(sha256);
      if (hashes.get(`${folder}/${digest}`) === digest) continue;
      throw refused(
        `The file ${path} of the companion "${companion.name}" is not what its enclave declares, or is missing.`,
      );
    }
  }
}

const refused = (message: string): EnclosError => new EnclosError('OCI_IMAGE_REFUSED', message);

function requireExpected(field: string, got: string, expected: string | undefined): void {
  if (expected === undefined || expected === got) return;
  throw new EnclosError('OCI_IMAGE_UNEXPECTED', `Its ${field} is ${got}, not ${expected}.`, {
    details: { field, got, expected },
  });
}

function architectureOf({ os, architecture }: ImageConfig): Architecture {
  if (os !== 'linux' || !Object.hasOwn(architectures, architecture)) {
    throw refused(`It is for ${os}/${architecture}, where no enclave runs.`);
  }
  // It is one of the names.
  return architecture as Architecture;
}

async function readLayers(source: ImageSource, { manifest, config }: FoundImage): Promise<AppView> {
  const view = createAppView([interpreterPath.slice(1)]);
  const budget = createTarBudget();
  for (const [index, descriptor] of manifest.layers.entries()) {
    const diffId = config.rootfs.diff_ids[index];
    if (diffId === undefined) throw new RangeError('The number of layers was compared.');
    await readLayer(source, { descriptor, diffId }, { visit: view.visit, budget });
  }
  return view;
}

interface FoundEnclave {
  readonly name: string;
  readonly identity: SignedIdentity;
  readonly paths: { readonly image: string; readonly signature: string | undefined };
  /** An enclave of ours has one. */
  readonly manifest?: EnclaveManifest;
  readonly signedFile?: VerifiedImage['signedFile'];
}

function findEnclave({ files }: AppView): FoundEnclave {
  const images = [...files.keys()].filter((path) => path.endsWith('.sgxs') || path.endsWith('.signed'));
  const [path] = images;
  if (path === undefined || images.length > 1) {
    throw refused(`It has ${images.length} enclaves in /${enclaveFolder}, and not one.`);
  }
  if (path.endsWith('.signed')) return findSigned(path, files);
  const signaturePath = `${path.slice(0, -'.sgxs'.length)}.sig`;
  const [image, signature] = [files.get(path), files.get(signaturePath)];
  if (image === undefined || signature === undefined) throw refused(`There is no ${signaturePath}.`);
  const { manifest, identity } = requireSigned(image, signature);
  const paths = enclavePaths(manifest.name);
  if (paths.image !== path) throw refused(`${path} is the enclave ${manifest.name}, by another name.`);
  return { name: manifest.name, manifest, identity, paths };
}

/** The stub that runs it belongs to the platform, which checks it: like the host program, it is not judged here. */
function findSigned(path: string, files: AppView['files']): FoundEnclave {
  const [name, file] = [nameOfSigned(path), files.get(path)];
  if (name === undefined || file === undefined) throw refused(`${path} is not named as an enclave.`);
  const { identity, sdk, memoryBytes } = requireSignedFile(file);
  return { name, identity, signedFile: { sdk, memoryBytes }, paths: { image: path, signature: undefined } };
}

function requireConfiguration(
  { config, manifest }: FoundImage,
  { identity, paths }: Pick<FoundEnclave, 'identity' | 'paths'>,
): void {
  const { Labels, Env, Entrypoint, User } = config.config ?? {};
  for (const [name, value] of Object.entries(labelsOf(identity))) {
    requireEqual(`The label ${name}`, Labels?.[name], value);
    requireEqual(`The annotation ${name}`, manifest.annotations?.[name], value);
  }
  requireEqual('ENCLOS_IMAGE', variable(Env ?? [], 'ENCLOS_IMAGE'), paths.image);
  requireEqual('ENCLOS_SIGNATURE', variable(Env ?? [], 'ENCLOS_SIGNATURE'), paths.signature);
  requireEqual('The entry point', JSON.stringify(Entrypoint ?? []), JSON.stringify(entrypoint));
  requireEqual('The user', User, `${imageUser}:${imageUser}`);
}

function requireEqual(what: string, got: string | undefined, want: string | undefined): void {
  if (got !== want) throw refused(`${what} is ${got ?? 'absent'}, and should be ${want ?? 'absent'}.`);
}

/** The last one counts, as for engines; two are one too many. */
function variable(environment: readonly string[], name: string): string | undefined {
  const values = environment.filter((entry) => entry.startsWith(`${name}=`));
  if (values.length > 1) throw refused(`${name} is set twice.`);
  return values[0]?.slice(name.length + 1);
}

function requireInterpreter(
  { hashes }: AppView,
  { interpreter }: InterpreterManifest,
  architecture: Architecture,
): VerifiedImage['interpreter'] {
  const pinned = interpreter.digests.find((digest) => digest.architecture === architectures[architecture].npm);
  const got = hashes.get(interpreterPath);
  if (pinned === undefined || got !== toHex(pinned.sha256)) {
    throw refused(`${interpreterPath} is not the Node ${interpreter.version} that the enclave pins.`);
  }
  return Object.freeze({ version: interpreter.version, sha256: got });
}
