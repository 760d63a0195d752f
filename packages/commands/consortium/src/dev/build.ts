import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { build, type BuildFailure, type Message } from 'esbuild';
import { decodeUtf8 } from '@enclos/codec/text';
import type { AppModule } from '@enclos/consortium-app';
import { EnclosError } from '@enclos/errors';

/** In the order in which a source is looked for. */
const extensions = ['.ts', '.mts', '.tsx', '.js', '.mjs'];

export interface BuiltModules {
  readonly modules: readonly AppModule[];
  /** Absolute paths of the sources, without those of packages. */
  readonly files: readonly string[];
}

/**
 * Builds modules from TypeScript with all that they import. What several of them import becomes another module, so that they share
 * it, as they would in CCF.
 *
 * @param names as app.json has them: `app.js` is built from app.ts.
 * @throws APP_INVALID with the file and line of each mistake.
 */
export async function buildModules(source: string, names: readonly string[]): Promise<BuiltModules> {
  const entryPoints = names.map((name) => ({ in: sourceOf(source, name), out: name.replace(/\.m?js$/, '') }));
  // Nothing is written: sources are named from here, so as src/app.ts.
  const out = resolve(source, '..');
  try {
    const { outputFiles, metafile } = await build({
      entryPoints,
      absWorkingDir: source,
      bundle: true,
      splitting: true,
      write: false,
      metafile: true,
      outdir: out,
      chunkNames: 'shared/[name]-[hash]',
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import'],
      // QuickJS and the V8 of Node have it all.
      target: 'es2022',
      // The trace of an exception then names the source.
      sourcemap: 'inline',
      sourcesContent: true,
      keepNames: true,
      logLevel: 'silent',
    });
    const modules = outputFiles.map(({ path, contents }) => ({
      name: relative(out, path).split(sep).join('/'),
      source: decodeUtf8(contents),
    }));
    const files = Object.keys(metafile.inputs).map((path) => resolve(source, path));
    return { modules, files: files.filter((path) => !path.includes(`${sep}node_modules${sep}`)) };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const mistakes = error.errors.map(describe).join('\n  ');
    throw new EnclosError('APP_INVALID', `The application does not build:\n  ${mistakes}`, { cause: error });
  }
}

function sourceOf(folder: string, name: string): string {
  const stem = join(folder, name.replace(/\.m?js$/, ''));
  const found = extensions.map((extension) => stem + extension).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new EnclosError('APP_INVALID', `app.json names ${name}${whyNot(folder, name)}`);
}

/** With a cure for the names that people write most often instead of the right one. */
function whyNot(folder: string, name: string): string {
  if (name.startsWith('src/')) return `, but names are relative to src/: write ${name.slice(4)}.`;
  const built = name.replace(/\.tsx?$/, '.js').replace(/\.mts$/, '.mjs');
  if (built !== name && existsSync(join(folder, name))) {
    return `, which is TypeScript: write ${built}, which is built from it.`;
  }
  return ', but src/ has no such file, and no TypeScript to build it from.';
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error;
}

function describe({ text, location }: Message): string {
  const shown = `${text}${cureOfImport(text)}`;
  return location === null ? shown : `${location.file}:${location.line}:${location.column + 1}: ${shown}`;
}

/** The hints of esbuild are about its own options. */
function cureOfImport(text: string): string {
  const [, name] = /^Could not resolve "([^"./][^"]*)"$/.exec(text) ?? [];
  if (name === undefined) return '';
  if (isBuiltin(name)) return ', a module of Node: applications of CCF have none of these';
  return ': install the package in the folder of the application';
}
