import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const numberDigits = 6;

/** The path for the next full file, after those in `rotated`. */
export function nextRotatedPath(path: string, rotated: readonly string[]): string {
  const last = rotated.at(-1)?.slice(-numberDigits) ?? '0';
  return `${path}.${String(Number(last) + 1).padStart(numberDigits, '0')}`;
}

/** The full files of a log, oldest first. */
export async function rotatedFiles(path: string): Promise<readonly string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{6}$/.test(name.slice(prefix.length)))
    .sort()
    .map((name) => join(dirname(path), name));
}

/** All files of a log, oldest first. The last one is missing if a platform was killed between two files. */
export async function auditFiles(path: string): Promise<readonly string[]> {
  const rotated = await rotatedFiles(path);
  const current = await stat(path).catch(() => undefined);
  return current === undefined ? rotated : [...rotated, path];
}
