import { dirname, relative, resolve, sep } from 'node:path';

/** True for a file of the project itself, false for one of a package it depends on. */
export function isOwnFile(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && !inside.startsWith('..') && !inside.split(sep).includes('node_modules');
}

/** The folder of the installed package that a file belongs to, by its path; undefined for one that no installer put there. */
export function packageFolderOf(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path.split(sep).join('/'))?.[0];
}

/**
 * Whether a file of an installed package names, by its place, a file that is not part of that package: one of the project or of this
 * machine, which would be in the image without its owner knowing.
 */
export function leavesPackage(importer: string, path: string): boolean {
  const folder = packageFolderOf(importer);
  return folder !== undefined && !resolve(dirname(importer), path).startsWith(`${folder}${sep}`);
}
