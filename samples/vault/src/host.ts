import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEnclave, type Enclave, type LogLevel } from '@enclos/host';
import type { SoftwareLauncher } from '@enclos/tee';
import { vault } from './vault.edl.ts';

export interface VaultHostOptions {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly launcher: SoftwareLauncher;
  /** The folder for the sealed blobs. */
  readonly storage: string;
  readonly onLog?: ((level: LogLevel, text: string) => void) | undefined;
}

export type VaultEnclave = Enclave<(typeof vault)['trusted']>;

const extension = '.sealed';

/** Loads the vault and gives it storage. The host sees only sealed blobs and ciphertext. */
export async function loadVault(options: VaultHostOptions): Promise<VaultEnclave> {
  await mkdir(options.storage, { recursive: true });
  const fileOf = (name: string): string => join(options.storage, Buffer.from(name).toString('hex') + extension);
  return loadEnclave({
    image: options.image,
    signature: options.signature,
    interface: vault,
    launcher: options.launcher,
    isolation: 'best',
    onLog: options.onLog,
    untrusted: {
      store: ({ name, sealed }) => writeAtomically(fileOf(name), sealed),
      load: ({ name }) => readFile(fileOf(name)).then((blob) => new Uint8Array(blob), absent),
      async list() {
        const files = await readdir(options.storage);
        return files
          .filter((file) => file.endsWith(extension))
          .map((file) => Buffer.from(file.slice(0, -extension.length), 'hex').toString());
      },
    },
  });
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

async function writeAtomically(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
