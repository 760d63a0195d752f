import { relative, sep } from 'node:path';

/** Whether a path is below a folder. The folder is not inside itself. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`);
}
