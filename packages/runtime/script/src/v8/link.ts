import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';

import { buildSync, type BuildFailure } from 'esbuild';

import { EnclosError } from '@enclos/errors';

import type { ScriptFile } from '../engine.ts';
import '../errors.ts';

/** Modules as one classic script. */
interface LinkedModules {
  /** Evaluates to an object that has, by the name of a module, a function that evaluates it once and gives its exports. */
  readonly text: string;
  /** A source map in JSON. Its sources are the names of the modules, or what their own source maps name. */
  readonly map: string;
}

/** The wrapper makes names of modules no globals, and all of them strict, as modules are. */
const banner = '(function(module){"use strict";';
const footer = 'return module.exports})({exports:{}})';
const entryFile = 'enclos-entry.js';

/**
 * Links ES modules by esbuild. Node's own `SourceTextModule` would need a flag of the process. esbuild reads files, so the modules
 * stand in a folder for as long as it runs.
 *
 * @param debugged where a debugger finds the sources: see `V8EngineOptions`
 * @throws EnclosError SCRIPT_INVALID a syntax error, a missing module or a missing export, with file and line
 */
export function linkModules(modules: readonly ScriptFile[], debugged?: URL): LinkedModules {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-modules-'));
  try {
    for (const { name, source } of modules) write(folder, name, source);
    // An absolute import names a module, not a file of the machine.
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { paths: { '/*': ['./*'] } } }));
    return bundle(folder, modules, debugged);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(folder: string, name: string, source: string): void {
  const steps = name.split('/');
  if (steps[0] !== '' || steps.slice(1).some((step) => step === '' || step === '.' || step === '..')) {
    throw new EnclosError(
      'SCRIPT_INVALID',
      `"${name}" does not name a module: names are absolute paths, such as /app.js.`,
    );
  }
  const path = join(folder, ...steps);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, source);
}

function bundle(folder: string, modules: readonly ScriptFile[], debugged: URL | undefined): LinkedModules {
  const entries = modules.map(({ name }) => `${JSON.stringify(name)}: () => require(${JSON.stringify(`.${name}`)})`);
  const loader = Object.fromEntries(modules.map(({ name }) => [extname(name) || '.js', 'js' as const]));
  try {
    const result = buildSync({
      stdin: { contents: `module.exports = {${entries.join(',')}}`, resolveDir: folder, sourcefile: entryFile },
      absWorkingDir: folder,
      outfile: join(folder, 'enclos-modules.js'),
      bundle: true,
      write: false,
      metafile: true,
      format: 'cjs',
      platform: 'neutral',
      target: 'es2023',
      loader,
      resolveExtensions: [],
      preserveSymlinks: true,
      ignoreAnnotations: true,
      treeShaking: false,
      keepNames: true,
      sourcemap: 'external',
      logLevel: 'silent',
      nodePaths: [],
      banner: { js: banner },
      footer: { js: footer },
    });
    refuseStrangers(Object.keys(result.metafile.inputs), modules);
    const textOf = (end: string) => result.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
    const map = nameSources(textOf('.map'), (source) => (/^[a-z]+:|^[./]/.test(source) ? source : `/${source}`));
    const shown =
      debugged === undefined ? map : nameSources(map, (source) => new URL(source.replace(/^\//, ''), debugged).href);
    const inline = Buffer.from(shown).toString('base64');
    return { text: `${textOf('.js')}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`, map };
  } catch (error) {
    throw isBuildFailure(error) ? invalid(error) : error;
  }
}

/** Whatever esbuild found outside of the program, such as a package of the machine. */
function refuseStrangers(inputs: readonly string[], modules: readonly ScriptFile[]): void {
  const known = new Set(modules.map(({ name }) => name));
  for (const input of inputs) {
    if (input !== entryFile && !known.has(`/${input}`)) {
      throw new EnclosError('SCRIPT_INVALID', `"${input}" is imported, and the program has no such module.`);
    }
  }
}

function nameSources(json: string, nameOf: (source: string) => string): string {
  const map = JSON.parse(json) as { sources: string[] };
  return JSON.stringify({ ...map, sources: map.sources.map(nameOf) });
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function invalid(failure: BuildFailure): Error {
  const [first] = failure.errors;
  if (first === undefined) return failure;
  const { location, text } = first;
  const place = location === null ? '' : `/${location.file}:${location.line}:${location.column + 1}: `;
  return new EnclosError('SCRIPT_INVALID', `${place}${text}`);
}
