import { longestPath } from '../source/limits.ts';

/**
 * Where a file may be, in the order in which it is looked for: beside the file that imports it, in each search path, and as it is
 * written. The SDKs know only the last two; builds name the folder of the interface as their first search path. What no
 * system can have as a name is nowhere.
 *
 * @param importer The path of the importing file; nothing for the file that is compiled
 */
export function candidatePaths(name: string, importer: string | undefined, searchPaths: readonly string[]): string[] {
  if (name.length > longestPath || name.includes('\0')) return [];
  const written = name.replaceAll('\\', '/');
  if (isAbsolute(written)) return [normalized(written)];
  const folders = [...(importer === undefined ? [''] : [folderOf(importer)]), ...searchPaths, ''];
  return [...new Set(folders.map((folder) => normalized(folder === '' ? written : `${folder}/${written}`)))];
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:\//.test(path);
}

function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '' : path.slice(0, end) || '/';
}

/** The same file must have one path, however imports spell it: what is defined in it would be defined twice otherwise. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return path.startsWith('/') ? `/${parts.join('/')}` : parts.join('/');
}
