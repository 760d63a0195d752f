import { resolve } from 'node:path';

import type { Metafile, Plugin } from 'esbuild';

import { allowedBuiltins } from '@enclos/manifest';

import { isAbsentModule } from './absent-plugin.ts';
import { messageLevels } from './bundler-messages.ts';
import type { BundlerOptions } from './bundler.ts';
import { capabilitiesName } from './script/uses.ts';

/** The bundler's name for the module that is not a file. */
export const entryName = 'enclos-entry.js';
const outputName = 'bundle.js';

/**
 * The script is a function so that nothing runs before it is given its
 * capabilities. `require` is our parameter, not a global.
 */
const banner = `(function(${capabilitiesName}){"use strict";const require=${capabilitiesName}.require,module={exports:{}},exports=module.exports;`;
const footer = `return module.exports.start(${capabilitiesName})})`;

export interface ScriptInput {
  readonly folder: string;
  /** A module with an export `start`, which the script calls with its capabilities. */
  readonly entry: string;
  readonly plugins: Plugin[];
  /** Keeps the names of the sources for the debugger. For debug enclaves only: an image should be small. */
  readonly readable?: boolean;
}

/**
 * Everything that could differ between machines is fixed here: no tsconfig of a
 * parent folder, no NODE_PATH, no comments or paths in the output. The image and
 * the interface that its manifest names are made alike, or a dependency with
 * conditions in its package.json would have one shape in the one and another in
 * the other.
 */
export function scriptOptions({ folder, entry, plugins, readable = false }: ScriptInput): BundlerOptions {
  return {
    stdin: { contents: entry, resolveDir: folder, sourcefile: entryName },
    absWorkingDir: folder,
    outfile: outputName,
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    // Not the interpreter's own version: the building machine compiles the script too, to check it.
    target: 'node20.19',
    mainFields: ['module', 'main'],
    // Errors without the advice for people: see `#advice` in the packages that enclaves hold.
    conditions: ['enclos-inside'],
    nodePaths: [],
    tsconfigRaw: {},
    minifyWhitespace: true,
    minifyIdentifiers: !readable,
    minifySyntax: !readable,
    legalComments: 'none',
    charset: 'ascii',
    sourcemap: 'external',
    sourcesContent: true,
    // `import()` of an allowed module becomes a call of our `require`.
    supported: { 'dynamic-import': false },
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.wasm': 'binary' },
    logLevel: 'silent',
    logLimit: 0,
    logOverride: messageLevels,
    banner: { js: banner },
    footer: { js: footer },
    plugins,
  };
}

export function outputOf(metafile: Metafile): Metafile['outputs'][string] {
  const output = metafile.outputs[outputName];
  if (output === undefined) throw new Error('The bundler made no script.');
  return output;
}

/** The files that the bundler read, as absolute paths. */
export function inputsOf(metafile: Metafile, folder: string): readonly string[] {
  return Object.keys(metafile.inputs)
    .filter((path) => path !== entryName && !isAbsentModule(path))
    .map((path) => resolve(folder, path));
}

const allowedSpecifiers: ReadonlySet<string> = new Set(allowedBuiltins.map((name) => `node:${name}`));

/** The modules that the script asks `capabilities.require` for, sorted. */
export function externalsOf(metafile: Metafile): readonly string[] {
  return [...new Set(outputOf(metafile).imports.map(({ path }) => path))].sort();
}

export function isAllowedSpecifier(specifier: string): boolean {
  return allowedSpecifiers.has(specifier);
}
