import { readSmallFile } from '@enclos/cli-frame/files';
import { toHex } from '@enclos/codec';
import { attachSignature, prepareSignature, writeFileAtomically, type SignedIdentity } from '@enclos/build';
import { Attribute, parseSigstructToSign } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { findImage, readImageFile, stemOf } from '../../images/enclave-image.ts';
import { writeSignature, type SignOptions, type SignOutcome } from './sign.ts';

/** Far above 256 or 384 bytes, so that the parser refuses a file that is too long, and says why. */
const maxBytes = 64 * 1024;

export type PrepareSigningOptions = Omit<SignOptions, 'keyFile'>;

export interface PreparedSigning extends Omit<SignedIdentity, 'mrSigner'> {
  readonly image: string;
  /** The file with exactly the bytes to sign, and beside it a description for the signer. */
  readonly prepared: string;
  readonly summary: string;
  /** SHA-256 of the bytes to sign, in hex: what devices sign that take a digest. */
  readonly sha256: string;
}

/**
 * Writes the 256 bytes that a device signs, and a summary of them.
 * @throws what `sign` throws, but for the key.
 */
export async function prepareSigning(options: PrepareSigningOptions): Promise<PreparedSigning> {
  const { image, attributes } = await findImage(options.target, options);
  const bytes = prepareSignature({
    image: await readImageFile(image),
    date: options.date,
    sourceDateEpoch: options.sourceDateEpoch,
    ...(attributes === undefined ? {} : { attributes }),
  });
  const prepared = options.outFile ?? preparedPathOf(image);
  const fields = parseSigstructToSign(bytes);
  const outcome = Object.freeze({
    image,
    prepared,
    summary: `${prepared}.txt`,
    mrEnclave: toHex(fields.enclaveHash),
    productId: fields.isvProdId,
    securityVersion: fields.isvSvn,
    debug: (fields.attributes.flags & Attribute.DEBUG) !== 0n,
    modeIsOpen: (fields.attributeMask.flags & Attribute.DEBUG) === 0n,
    date: fields.date,
    sha256: toHex(sha256(bytes)),
  });
  await writeFileAtomically(prepared, bytes);
  await writeFileAtomically(outcome.summary, `${summaryLines(outcome).join('\n')}\n`);
  return outcome;
}

/** The facts that the signer should compare. */
export function summaryLines(prepared: Omit<PreparedSigning, 'image' | 'prepared' | 'summary'>): readonly string[] {
  const { mrEnclave, productId, securityVersion, debug, modeIsOpen, date } = prepared;
  const mode = debug ? 'debug: it keeps no secrets' : 'production';
  return [
    `MRENCLAVE          ${mrEnclave}`,
    `product            ${productId}`,
    `security version   ${securityVersion}`,
    `mode               ${modeIsOpen ? 'debug or production, as the host chooses' : mode}`,
    `date               ${date}`,
    `SHA-256 to sign    ${prepared.sha256}`,
    'signature          RSASSA-PKCS1-v1_5 with SHA-256, RSA-3072, public exponent 3',
  ];
}

export interface AttachSigningOptions {
  /** A project folder, or an image. */
  readonly target: string;
  /** The image of the project that `enclos build --relayed` made. */
  readonly relayed?: boolean | undefined;
  /** The file that the device made: 384 bytes. */
  readonly signatureFile: string;
  /** PEM. */
  readonly publicKeyFile: string;
  /** What was signed. Default: NAME.tosign beside the image. */
  readonly preparedFile?: string | undefined;
  readonly outFile?: string | undefined;
}

/**
 * Makes the SIGSTRUCT of an image from a signature that a device made over what {@link prepareSigning} wrote.
 * @throws CLI_NOT_BUILT, CLI_FILE_UNREADABLE, and what `attachSignature` of @enclos/build throws.
 */
export async function attachSigning(options: AttachSigningOptions): Promise<SignOutcome> {
  const { image, attributes } = await findImage(options.target, options);
  const bytes = await readImageFile(image);
  const signature = attachSignature({
    image: bytes,
    prepared: await readSmallFile(options.preparedFile ?? preparedPathOf(image), maxBytes),
    signature: await readSmallFile(options.signatureFile, maxBytes),
    publicKey: await readSmallFile(options.publicKeyFile, maxBytes),
    ...(attributes === undefined ? {} : { attributes }),
  });
  return writeSignature({ image, bytes, signature, outFile: options.outFile });
}

function preparedPathOf(image: string): string {
  return `${stemOf(image)}.tosign`;
}
