import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { openEnclaveImage, type EnclaveImage } from '@enclos/sgx-image';

/** The file of a signed enclave, open for as long as its pages are read. */
export interface OpenImage {
  readonly image: EnclaveImage;
  readonly close: () => void;
}

/** @throws HOST_OPTION_INVALID for a file that cannot be read; ENCLAVE_FILE_* */
export function openImage(path: string): OpenImage {
  const descriptor = openFile(path);
  const close = (): void => closeSync(descriptor);
  try {
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = Buffer.allocUnsafe(length);
      let filled = 0;
      for (let count = 1; count > 0 && filled < length; filled += count) {
        count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
      }
      return bytes.subarray(0, filled);
    };
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) refuse(path, 'it is not a file');
    return { image: openEnclaveImage(read, stat.size), close };
  } catch (error) {
    close();
    throw error;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    return refuse(path, unreadableReason(cause), cause);
  }
}

function refuse(path: string, problem: string, cause?: unknown): never {
  const next = 'Give the path of the signed file, as sgx_sign or oesign wrote it.';
  throw new EnclosError('HOST_OPTION_INVALID', `image: ${path}: ${problem}.`, { details: { path }, cause, next });
}
