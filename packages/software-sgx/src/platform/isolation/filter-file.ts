import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storageFailed } from '../../storage-error.ts';
import { seccompFilter } from './seccomp.ts';

/** Writes the filter where `setpriv` can read it, which runs as the enclave's user; it is no secret. @returns its path. @throws PLATFORM_STORAGE_FAILED */
export async function writeSeccompFilter(folder: string): Promise<string> {
  const path = join(folder, 'enclave.bpf');
  const filter = seccompFilter(process.arch === 'arm64' ? 'arm64' : 'x64');
  await writeFile(path, filter, { mode: 0o444 }).catch((error: unknown) => {
    throw storageFailed(path, error);
  });
  return path;
}
