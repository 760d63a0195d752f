import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readImage, type EnclaveManifest } from '@enclos/manifest';
import { Attribute, verifySigstruct, type Sigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { exists, readSmallFile } from '../files.ts';
import { describeSignature, findImage, readImageFile, type SignedIdentity } from '../actions/sign.ts';

/** Far above 1808: what is too long is refused by its length, with a reason. */
export const maxSignatureBytes = 64 * 1024;

export interface SignedImage {
  readonly path: string;
  readonly manifest: EnclaveManifest;
  /** Who it is on the software platform. */
  readonly identity: SignedIdentity;
}

/**
 * Reads an image, and holds its signature to it.
 * @throws CLI_NOT_BUILT, CLI_NOT_SIGNED, LAUNCH_MEASUREMENT_MISMATCH, CLI_SIGNATURE_MISMATCH, and what the readers throw.
 */
export async function readSignedImage(target: string, signatureFile?: string): Promise<SignedImage> {
  const { image: path } = await findImage(target);
  const bytes = await readImageFile(path);
  const { manifest } = readImage(bytes);
  const from = signatureFile ?? `${path.replace(/\.sgxs$/, '')}.sig`;
  if (!(await exists(from))) {
    throw new EnclosError('CLI_NOT_SIGNED', `There is no signature ${from}.`, { details: { path: from } });
  }
  const signature = await readSmallFile(from, maxSignatureBytes);
  const sigstruct = verifySigstruct(signature, sha256);
  // The SHA-256 of an image in the strict profile is its MRENCLAVE.
  if (!equalBytes(sigstruct.enclaveHash, sha256(bytes))) throw new EnclosError('LAUNCH_MEASUREMENT_MISMATCH');
  requireAbout(from, sigstruct, manifest);
  return Object.freeze({ path, manifest, identity: describeSignature(signature) });
}

/**
 * A signature must say of mode, product and security version what the measured manifest says. That it leaves the mode open
 * is refused too: whoever starts a production enclave would choose whether it can be read.
 * @throws CLI_SIGNATURE_MISMATCH
 */
export function requireAbout(path: string, signature: Sigstruct, manifest: EnclaveManifest): void {
  const { attributes, attributeMask, isvProdId, isvSvn } = signature;
  const debug = (attributes.flags & Attribute.DEBUG) !== 0n;
  if (debug !== manifest.debug) {
    const mode = (value: boolean): string => (value ? 'a debug enclave' : 'a production enclave');
    throw mismatch(path, `It is of ${mode(debug)}, and the image is ${mode(manifest.debug)}.`);
  }
  if ((attributeMask.flags & Attribute.DEBUG) === 0n) {
    throw mismatch(path, 'It lets whoever starts the enclave choose between debug and production.');
  }
  if (isvProdId !== manifest.productId) {
    throw mismatch(path, `It is of product ${isvProdId}, and the image is of product ${manifest.productId}.`);
  }
  if (isvSvn !== manifest.securityVersion) {
    throw mismatch(path, `It is of security version ${isvSvn}, and the image of ${manifest.securityVersion}.`);
  }
}

export function mismatch(path: string, reason: string): EnclosError {
  return new EnclosError('CLI_SIGNATURE_MISMATCH', `${path} does not fit. ${reason}`, { details: { path } });
}
