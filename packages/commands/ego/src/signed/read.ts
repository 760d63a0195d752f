import { readFile } from 'node:fs/promises';
import { unreadable } from '@enclos/cli-frame/files';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { decodeSignedProgram, type SignedProgram } from './signed-program.ts';

/** @throws CLI_FILE_UNREADABLE */
export async function readExecutable(path: string): Promise<Uint8Array> {
  try {
    // A plain array, not a Buffer, whose slice() shares memory where an array's copies.
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** @throws CLI_FILE_UNREADABLE, EGO_NOT_SIGNED and EGO_SIGNED_INVALID, naming the file */
export async function readSigned(path: string): Promise<SignedProgram> {
  const file = await readExecutable(path);
  try {
    return decodeSignedProgram(file);
  } catch (cause) {
    if (isEnclosError(cause, 'EGO_NOT_SIGNED')) throw new EnclosError(cause.code, `${path} has not been signed.`);
    if (!isEnclosError(cause, 'EGO_SIGNED_INVALID')) throw cause;
    throw new EnclosError(cause.code, `What signing wrote into ${path} cannot be read.`, { cause });
  }
}
