import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { readSmallFile } from '@enclos/cli-frame/files';
import { bundleBounds, bundleOf, readBundle, type AppBundle, type AppModule } from '@enclos/consortium-app';
import { EnclosError } from '@enclos/errors';
import { metadataName, modulesNamedIn } from './app-json.ts';
import { buildModules } from './build.ts';
import { sourcePlaces } from './traces.ts';

/** An application as it was read, and what to watch for its next version. */
export interface LoadedFolder {
  readonly bundle: AppBundle;
  /** Absolute paths of files. */
  readonly files: readonly string[];
  /** Puts places of the sources into a text, where those of built modules stand. */
  readonly places: (text: string) => string;
}

/** The folder of an application, which its sources and the files of the sandbox are named from. */
export function homeOf(app: string): string {
  return app.endsWith('.json') ? dirname(app) : app;
}

/**
 * Reads an application: a folder with app.json and src/, or a bundle.json.
 *
 * @throws APP_INVALID that names what is wrong.
 */
export async function readApp(path: string): Promise<LoadedFolder> {
  if (isFile(path) && basename(path) === metadataName) {
    throw new EnclosError('APP_INVALID', `${path} is one file of an application: give its folder.`);
  }
  if (isFile(path) && !path.endsWith('.json')) {
    throw new EnclosError(
      'APP_INVALID',
      `${path} is not an application: give the folder of its app.json, or a bundle.json.`,
    );
  }
  if (isFile(path)) {
    const bundle = readBundle(await readSmallFile(path, bundleBounds.bytes));
    return { bundle, files: [path], places: sourcePlaces(bundle.modules) };
  }
  const metadataPath = join(path, metadataName);
  const metadata = await readSmallFile(metadataPath, bundleBounds.bytes);
  const source = join(path, 'src');
  const present = modulesIn(source);
  const names = new Set(present.map(({ name }) => name));
  const named = modulesNamedIn(metadata);
  if (named.every((name) => names.has(name))) {
    const files = present.map(({ name }) => join(source, name));
    const mapBeside = (module: string, map: string): string | undefined => {
      const beside = join(source, dirname(module), map);
      return isFile(beside) ? readFileSync(beside, 'utf8') : undefined;
    };
    const places = sourcePlaces(present, mapBeside);
    return { bundle: bundleOf(metadata, present), files: [metadataPath, ...files], places };
  }
  const { modules, files } = await buildModules(source, named);
  return { bundle: bundleOf(metadata, modules), files: [metadataPath, ...files], places: sourcePlaces(modules) };
}

/**
 * Folders that may get what an application lacks. Not that of app.json: what a sandbox says about a mistake may go into a file there,
 * which would be a change again.
 */
export function sourceFolders(app: string): readonly string[] {
  const source = join(app, 'src');
  if (!isFolder(source)) return [];
  const inside = readdirSync(source, { recursive: true, withFileTypes: true });
  const folders = inside.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  return [source, ...folders.filter((path) => !path.split(sep).includes('node_modules'))];
}

/** Every file of JavaScript below src/, as `ccf-build-bundle` takes them. */
function modulesIn(folder: string): readonly AppModule[] {
  if (!isFolder(folder)) {
    throw new EnclosError('APP_INVALID', `There is no folder ${folder}: app.json stands beside src/.`);
  }
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.m?js$/.test(name) && !name.split(sep).includes('node_modules'),
  );
  return paths.toSorted().map((name) => ({
    name: relative('', name).split(sep).join('/'),
    source: readFileSync(join(folder, name), 'utf8'),
  }));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
