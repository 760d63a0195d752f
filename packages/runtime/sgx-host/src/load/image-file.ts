import { unreadableReason } from '@enclos/diagnostics';
import { openReadableFileSync, type ReadableFile } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { openEnclaveImage, type EnclaveImage } from '@enclos/sgx-image';

/** The file of a signed enclave, open for as long as its pages are read. */
export interface OpenImage {
  readonly image: EnclaveImage;
  readonly close: () => void;
}

/** @throws HOST_OPTION_INVALID for a file that cannot be read; ENCLAVE_FILE_* */
export function openImage(path: string): OpenImage {
  const { readAt, sizeBytes, close } = openFile(path);
  try {
    return { image: openEnclaveImage(readAt, sizeBytes), close };
  } catch (error) {
    close();
    throw error;
  }
}

function openFile(path: string): ReadableFile {
  let file: ReturnType<typeof openReadableFileSync>;
  try {
    file = openReadableFileSync(path);
  } catch (cause) {
    return refuse(path, unreadableReason(cause), cause);
  }
  return 'unfit' in file ? refuse(path, `it ${file.unfit}`) : file;
}

function refuse(path: string, problem: string, cause?: unknown): never {
  const next = 'Give the path of the signed file, as sgx_sign or oesign wrote it.';
  throw new EnclosError('HOST_OPTION_INVALID', `image: ${path}: ${problem}.`, { details: { path }, cause, next });
}
