import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { companionsOf, type CompanionFile, type EnclaveManifest } from '@enclos/manifest';
import type { LaunchFile } from '@enclos/tee';

/**
 * The files that the companions of an image need, each once. A platform reads those that it does not have, and checks them: what is in
 * the folder is not trusted.
 * @param folder NAME.files of `enclos build`, in which each file has its SHA-256 in hex as its name
 */
export function companionFiles(manifest: EnclaveManifest, folder: string | undefined): readonly LaunchFile[] {
  const files = new Map<string, CompanionFile>();
  for (const { files: declared } of companionsOf(manifest)) {
    for (const file of declared) files.set(toHex(file.sha256), file);
  }
  return [...files].map(([digest, { path, sha256, sizeBytes }]) => ({
    path,
    sha256,
    sizeBytes: Number(sizeBytes),
    open: () => contentOf(path, folder === undefined ? undefined : join(folder, digest)),
  }));
}

/** @throws HOST_MOUNT_REFUSED */
async function* contentOf(name: string, place: string | undefined): AsyncGenerator<Uint8Array> {
  if (place === undefined) {
    const message = `The companions of the enclave need the file ${name}, and no folder of such files is given (companionFiles).`;
    throw new EnclosError('HOST_MOUNT_REFUSED', message, { details: { path: name } });
  }
  try {
    // Without an encoding, a read stream gives buffers.
    yield* createReadStream(place, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const message = `The file ${name} of a companion is looked for at ${place}, and ${unreadableReason(cause)}.`;
    throw new EnclosError('HOST_MOUNT_REFUSED', message, { details: { path: name, place }, cause });
  }
}
