import type { Plugin } from 'esbuild';

/** The namespace of modules that resolve to nothing. */
export const absentNamespace = 'enclos-absent';

/** True for the bundler's name of a module that is not a file. */
export function isAbsentModule(path: string): boolean {
  return path.startsWith(`${absentNamespace}:`);
}

/** The entry of `absent` that a specifier falls under: a package stands for its files too, and `fs` for `node:fs`. */
function entryOf(absent: readonly string[], specifier: string): string | undefined {
  const name = specifier.replace(/^node:/, '');
  for (const entry of absent) {
    const without = entry.replace(/^node:/, '');
    if (name === without || name.startsWith(`${without}/`)) return entry;
  }
  return undefined;
}

/** Gives an empty module for each import that the project wants absent. */
export function absentPlugin(absent: readonly string[]): Plugin {
  return {
    name: 'enclos-absent',
    setup(build) {
      if (absent.length > 0) {
        build.onResolve({ filter: /^[^.]/ }, ({ path }) => {
          const entry = entryOf(absent, path);
          return entry === undefined ? undefined : { path: entry, namespace: absentNamespace };
        });
      }
      build.onLoad({ filter: /.*/, namespace: absentNamespace }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}
