import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seccompFilter } from './seccomp.ts';

/** Writes the filter where `setpriv` can read it. @returns its path. */
export async function writeSeccompFilter(folder: string): Promise<string> {
  const path = join(folder, 'enclave.bpf');
  await writeFile(path, seccompFilter(process.arch === 'arm64' ? 'arm64' : 'x64'), { mode: 0o400 });
  return path;
}
