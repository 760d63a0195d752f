import { readSmallFile } from '@enclos/cli-frame/files';

/** The largest file that one buffer of Node holds well, and that protobuf can be. */
export const maximumModelBytes = 2 ** 31 - 1;

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
export async function readModelFile(path: string): Promise<Uint8Array> {
  return readSmallFile(path, maximumModelBytes);
}
