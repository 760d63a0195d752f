import { relative, sep } from 'node:path';

/** True for a file of the project itself, false for one of a package it depends on. */
export function isOwnFile(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && !inside.startsWith('..') && !inside.split(sep).includes('node_modules');
}
