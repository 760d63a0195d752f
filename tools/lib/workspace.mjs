import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeRefusal } from '../../packages/ground/errors/start-program.mjs';

// Every tool imports this module, and it runs before the tool does.
const refusal = nodeRefusal('Enclos');
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(1);
}

/** The root of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Loads a module that the build made. @param path from the root */
export const importBuilt = (path) => import(pathToFileURL(join(root, path)).href);

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Every workspace under `base`: `{ name, folder, path, manifest }`, in the order of the root package.json. */
export function workspaces(base = root) {
  const foldersOf = (pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    return foldersOf(pattern.slice(0, -2)).flatMap((parent) => {
      if (!existsSync(join(base, parent))) return [];
      const entries = readdirSync(join(base, parent), { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${parent}/${name}`);
    });
  };
  const folders = readJson(join(base, 'package.json')).workspaces.flatMap(foldersOf);
  return folders
    .filter((folder) => existsSync(join(base, folder, 'package.json')))
    .map((folder) => {
      const manifest = readJson(join(base, folder, 'package.json'));
      return { name: manifest.name, folder, path: join(base, folder), manifest };
    });
}

/** Files under `folder` (recursive, sorted, absolute) that `accept`s by path; empty when the folder is absent. */
export function filesUnder(folder, accept) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes('/node_modules/') && accept(path))
    .toSorted();
}

export const fromRoot = (path) => relative(root, path);

/**
 * The environment for child processes: no colour, and no `node_modules/.bin` in
 * PATH. The pinned interpreter package links a `node` there, which npm puts first,
 * so a child that starts `node` by name would silently run on another version.
 */
export function childEnvironment(extra = {}) {
  const { FORCE_COLOR: _force, ...inherited } = process.env;
  const path = (inherited.PATH ?? '').split(delimiter).filter((part) => !part.endsWith('node_modules/.bin'));
  return { ...inherited, PATH: path.join(delimiter), NO_COLOR: '1', ...extra };
}
