import { readSignedEnclave, signatureDifference, type SignedIdentity } from '@enclos/build';
import { exists, readSmallFile } from '@enclos/cli-frame/files';
import { EnclosError } from '@enclos/errors';
import { readImage, type EnclaveManifest } from '@enclos/manifest';
import type { Sigstruct } from '@enclos/sgx';
import { findImage, readImageFile, stemOf } from './enclave-image.ts';

/** Far above 1808 bytes, so that the parser refuses a file that is too long, and says why. */
export const maxSignatureBytes = 64 * 1024;

export interface SignedImage {
  readonly path: string;
  readonly manifest: EnclaveManifest;
  /** The identity of the enclave on the software platform. */
  readonly identity: SignedIdentity;
}

/**
 * Reads an image, and holds its signature to it.
 * @param require refuses an image that will not do, before a signature is asked for
 * @throws CLI_NOT_BUILT, CLI_NOT_SIGNED, LAUNCH_MEASUREMENT_MISMATCH, CLI_SIGNATURE_MISMATCH, and what the readers throw.
 */
export async function readSignedImage(
  target: string,
  signatureFile?: string,
  require?: (manifest: EnclaveManifest) => void,
): Promise<SignedImage> {
  const { image: path } = await findImage(target);
  const bytes = await readImageFile(path);
  if (require !== undefined) require(readImage(bytes).manifest);
  const from = signatureFile ?? `${stemOf(path)}.sig`;
  if (!(await exists(from))) {
    throw new EnclosError('CLI_NOT_SIGNED', `There is no signature ${from}.`, { details: { path: from } });
  }
  const signature = await readSmallFile(from, maxSignatureBytes);
  const { manifest, identity, difference } = readSignedEnclave(bytes, signature);
  if (difference !== undefined) throw mismatch(from, difference);
  return Object.freeze({ path, manifest, identity });
}

/**
 * A signature must say of mode, product and security version what the measured manifest says.
 * @throws CLI_SIGNATURE_MISMATCH
 */
export function requireAbout(path: string, signature: Sigstruct, manifest: EnclaveManifest): void {
  const difference = signatureDifference(signature, manifest);
  if (difference !== undefined) throw mismatch(path, difference);
}

export function mismatch(path: string, reason: string): EnclosError {
  return new EnclosError('CLI_SIGNATURE_MISMATCH', `${path} does not belong here. ${reason}`, { details: { path } });
}
