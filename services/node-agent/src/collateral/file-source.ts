import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { readText } from './decode.ts';
import type { CollateralSource, CollateralText } from './source.ts';

/** Vendors that a node can have at once: an old root, a new one, and room. */
const maxFiles = 16;

/**
 * A file, or a folder of files that end in `.json`, such as a mounted config map. The kubelet replaces all files of a config map
 * by moving one symbolic link, so the time and the number of the file that the link leads to change with it.
 */
export function fileSource(path: string): CollateralSource {
  let seen: string | undefined;
  return Object.freeze({
    name: path,
    pace: 'watch',
    async read() {
      try {
        const files = await filesAt(path);
        const stamp = (await Promise.all(files.map(stampOf))).join(' ');
        if (stamp === seen) return undefined;
        const texts: CollateralText[] = [];
        for (const name of files) texts.push({ name, text: await readText(name) });
        // Not before: a file that could not be read is read again.
        seen = stamp;
        return texts;
      } catch (cause) {
        seen = undefined;
        if (isEnclosError(cause)) throw cause;
        throw new EnclosError('AGENT_COLLATERAL_UNREACHABLE', `${path} cannot be read: ${unreadableReason(cause)}.`, {
          cause,
        });
      }
    },
  });
}

async function filesAt(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
  if (names.length > 0 && names.length <= maxFiles) return names.map((name) => join(path, name));
  const count = names.length === 0 ? 'no file' : `${names.length} files`;
  throw new EnclosError(
    'AGENT_COLLATERAL_REFUSED',
    `${path} has ${count} with a name that ends in .json; it may have 1 to ${maxFiles}.`,
  );
}

async function stampOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${dev}-${ino}-${size}-${mtimeNs}-${ctimeNs}`;
}
