import { basename } from 'node:path';
import { describeSignature, type SignedIdentity } from '@enclos/build';
import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { PAGE_SIZE, verifySigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { openSdkImage, type SdkEnclaveImage } from '@enclos/sgx-image';
import { meterEnclaveImage } from '@enclos/sgx-image/node';
import { MAX_THREADS } from '@enclos/sgx-stub/wire';

/** What the signed file of another SDK holds. */
export interface SignedFile {
  readonly sdk: SdkEnclaveImage['sdk'];
  /** What its pages are: `debug` says that it runs in debug mode only. */
  readonly identity: SignedIdentity;
  /** What it takes: its pages, and what it shares with its host unless that says otherwise. Bytes. */
  readonly memoryBytes: number;
}

const mebibyte = 1024 * 1024;
/** The heap of the arena, and the stack of each thread in it, by default. */
const [heapBytes, stackBytes] = [32 * mebibyte, mebibyte];
const suffix = '.signed';
/** As for an enclave of a project: the name goes into references of images and names of Kubernetes. */
const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** What an image of a signed file is called: of `libVault_1.signed.so` it is `libvault-1`. */
export function signedNameOf(path: string): string {
  const [stem = ''] = basename(path).toLowerCase().split('.');
  const name = stem.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'enclave' : name;
}

/** Where the signed file is in an image. */
export function signedPath(name: string): string {
  return `/app/enclave/${name}${suffix}`;
}

/** @returns undefined for a path that {@link signedPath} does not give */
export function nameOfSigned(path: string): string | undefined {
  const name = path.slice('/app/enclave/'.length, -suffix.length);
  return namePattern.test(name) && signedPath(name) === path ? name : undefined;
}

/** @throws OCI_IMAGE_REFUSED */
export function requireName(name: string): void {
  if (namePattern.test(name)) return;
  const message = `${JSON.stringify(name)} is not a name of an enclave, which has lower-case letters, digits and hyphens, at most 63, a letter first.`;
  throw new EnclosError('OCI_IMAGE_REFUSED', message);
}

/**
 * Measures the enclave in a file, and holds its signature to it, as EINIT does.
 * @throws ENCLAVE_FILE_SIMULATED, ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED, ENCLAVE_FILE_ZERO_BASE, SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE,
 * LAUNCH_MEASUREMENT_MISMATCH, OCI_TOO_LARGE
 */
export function requireSignedFile(file: Uint8Array): SignedFile {
  if (file.length > MAX_IMAGE_BYTES) {
    throw new EnclosError('OCI_TOO_LARGE', `The signed file is larger than ${MAX_IMAGE_BYTES} bytes.`, {
      details: { what: 'the signed file', maxBytes: MAX_IMAGE_BYTES },
    });
  }
  const image = openSdkImage((offset, length) => file.subarray(offset, offset + length), file.length);
  if (image.signature === undefined) throw new EnclosError('ENCLAVE_FILE_NOT_SIGNED', 'The file has no SIGSTRUCT.');
  const { enclaveHash } = verifySigstruct(image.signature, sha256);
  const { mrEnclave, pages } = meterEnclaveImage(image);
  if (!equalBytes(enclaveHash, mrEnclave)) throw new EnclosError('LAUNCH_MEASUREMENT_MISMATCH');
  const identity = describeSignature(image.signature);
  return Object.freeze({ sdk: image.sdk, identity, memoryBytes: pages * PAGE_SIZE + sharedBytes(image) });
}

function sharedBytes({ threads }: SdkEnclaveImage): number {
  return heapBytes + Math.min(threads, MAX_THREADS) * stackBytes;
}
