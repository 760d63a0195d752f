import {
  describeSignature,
  isEnclaveFile,
  signEnclave,
  withKeyOf,
  withSignature,
  writeFileAtomically,
  type SignedIdentity,
} from '@enclos/build';
import { refuseUsage } from '@enclos/cli-frame';
import { maxKeyBytes, readSmallFile } from '@enclos/cli-frame/files';
import { findImage, readImageFile, stemOf } from '../../images/enclave-image.ts';

export interface SignOptions {
  /** A project folder, which is built already, or an image. */
  readonly target: string;
  /** The image of the project that `enclos build --relayed` made. */
  readonly relayed?: boolean | undefined;
  /** PEM file of the signing key. */
  readonly keyFile: string;
  /** Where the signature goes. Default: beside the image, as NAME.sig. */
  readonly outFile?: string | undefined;
  /** The date in the signature. */
  readonly date: Date;
  /** SOURCE_DATE_EPOCH; it replaces `date`. */
  readonly sourceDateEpoch?: string | undefined;
}

export interface SignOutcome extends SignedIdentity {
  readonly signature: string;
  readonly image: string;
}

/**
 * Signs an image: writes its SIGSTRUCT (1808 bytes). Product, version and debug
 * come from the measured manifest; the KSS attributes from enclave.json, so
 * only when the target is a project folder.
 * @throws CLI_NOT_BUILT, CLI_FILE_UNREADABLE, SIGNING_KEY_INVALID, BUILD_DATE_INVALID, or what reading the image throws.
 */
export async function sign(options: SignOptions): Promise<SignOutcome> {
  const { image, attributes } = await findImage(options.target, options);
  const key = await readSmallFile(options.keyFile, maxKeyBytes);
  const bytes = await readImageFile(image);
  const signature = withKeyOf(options.keyFile, () =>
    signEnclave({
      image: bytes,
      key,
      date: options.date,
      sourceDateEpoch: options.sourceDateEpoch,
      ...(attributes === undefined ? {} : { attributes }),
    }),
  );
  return writeSignature({ image, bytes, signature, outFile: options.outFile });
}

/**
 * Writes a signature: beside an image of ours, and into a copy of an enclave file of another SDK.
 * @throws CLI_USAGE for a copy that would replace the file.
 */
export async function writeSignature(made: {
  readonly image: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly outFile: string | undefined;
}): Promise<SignOutcome> {
  const { image, bytes, signature, outFile } = made;
  const isFile = isEnclaveFile(bytes);
  const path = outFile ?? (isFile ? signedPathOf(image) : `${stemOf(image)}.sig`);
  await writeFileAtomically(path, isFile ? withSignature(bytes, signature) : signature);
  return Object.freeze({ signature: path, image, ...describeSignature(signature) });
}

/** As the signers of both SDKs name it. */
function signedPathOf(file: string): string {
  if (/\.signed(?:\.so)?$/.test(file)) refuseUsage('The file is named as a signed one: name the copy with --out FILE.');
  return file.endsWith('.so') ? file.replace(/\.so$/, '.signed.so') : `${file}.signed`;
}
