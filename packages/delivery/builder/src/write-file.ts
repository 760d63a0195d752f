import { durable } from '@enclos/durable';

/**
 * Writes a file that every user may read (less what the umask takes away), and makes its folder. The file is written whole or
 * not at all: a reader sees the old content or the new, and so does the next start after a crash or a loss of power.
 */
export function writeFileAtomically(path: string, content: Uint8Array | string): Promise<void> {
  return durable.replace(path, content, { mode: 0o644, folderMode: 0o777 });
}
