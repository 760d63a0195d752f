import { concatBytes } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { KernelFile, KernelFiles } from './kernel-files.ts';

const pieceBytes = 4096;

/** Errors that may pass in a moment: the device is busy, the host throttles the guest, a signal arrived. */
const passing = new Set(['EBUSY', 'EAGAIN', 'EINTR', 'ETIMEDOUT', 'ETXTBSY']);
/** Errors that waiting does not change: there is no such device, or this user may not use it. */
const absent = new Set(['ENOENT', 'ENODEV', 'ENXIO', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS']);

/** The errno of a failure, for example `EBUSY`. */
export function errnoOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]{1,20}$/.test(code) ? code : 'unknown';
}

/** True for a failure after which the same request may succeed. */
export function isPassing(error: unknown): boolean {
  return passing.has(errnoOf(isEnclosError(error) ? error.cause : error));
}

/** TEE_DEVICE_MISSING or TEE_DEVICE_FAILED, with the path and the errno. */
export function deviceError(path: string, cause: unknown): EnclosError {
  if (isEnclosError(cause)) return cause;
  const reason = errnoOf(cause);
  const code = absent.has(reason) ? 'TEE_DEVICE_MISSING' : 'TEE_DEVICE_FAILED';
  return new EnclosError(code, `${path}: ${reason}.`, { cause, details: { path, reason } });
}

/**
 * Reads a pseudo-file to its end. It is opened for this one read, because its content is made when it is opened, or at the
 * first read.
 * @throws TEE_DEVICE_MISSING, TEE_DEVICE_FAILED; TEE_EVIDENCE_UNEXPECTED for more than `maxBytes`.
 */
export function readPseudoFile(files: KernelFiles, path: string, maxBytes: number): Promise<Uint8Array> {
  return withFile(files, path, 'read', async (file) => {
    const pieces: Uint8Array[] = [];
    let sizeBytes = 0;
    for (;;) {
      const piece = new Uint8Array(Math.min(pieceBytes, maxBytes + 1 - sizeBytes));
      const count = await file.read(piece);
      if (count === 0) break;
      sizeBytes += count;
      if (sizeBytes > maxBytes) throw tooLong(path, maxBytes);
      pieces.push(piece.subarray(0, count));
    }
    return concatBytes(...pieces);
  });
}

function tooLong(path: string, maxBytes: number): EnclosError {
  return new EnclosError('TEE_EVIDENCE_UNEXPECTED', `${path} holds over ${maxBytes} bytes.`);
}

/**
 * Writes a pseudo-file by one write(2). A short write is a failure and is not continued: a second write would replace the value
 * with its tail, not complete it.
 * @throws TEE_DEVICE_MISSING, TEE_DEVICE_FAILED
 */
export function writePseudoFile(files: KernelFiles, path: string, bytes: Uint8Array): Promise<void> {
  return withFile(files, path, 'write', async (file) => {
    const taken = await file.write(bytes);
    if (taken === bytes.length) return;
    throw new EnclosError('TEE_DEVICE_FAILED', `${path} took ${taken} of ${bytes.length} bytes.`, {
      details: { path },
    });
  });
}

/** Always closes the file. A failure of close(2) counts: configfs takes a binary value on close. */
async function withFile<T>(
  files: KernelFiles,
  path: string,
  access: 'read' | 'write',
  use: (file: KernelFile) => Promise<T>,
): Promise<T> {
  try {
    const file = await files.open(path, access);
    let result: T;
    try {
      result = await use(file);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    await file.close();
    return result;
  } catch (error) {
    throw deviceError(path, error);
  }
}

const printable = /^[\x21-\x7e]{1,64}$/;

/**
 * The one word that a text attribute holds. A line break at its end, and NULs after that, are not part of it.
 * @throws TEE_EVIDENCE_UNEXPECTED for anything but 1 to 64 printable ASCII characters.
 */
export function attributeWord(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  const word = text.replace(/\n?\0*$/, '');
  if (printable.test(word)) return word;
  throw new EnclosError('TEE_EVIDENCE_UNEXPECTED', 'A text attribute of the platform is not one word.');
}
