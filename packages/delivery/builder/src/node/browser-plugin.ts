import { dirname, relative, resolve, sep } from 'node:path';

import {
  build,
  type ImportKind,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
} from 'esbuild';

import { absentNamespace } from './absent-plugin.ts';
import { judgeBuiltin } from './builtins.ts';
import { scriptOptions } from './enclave-script.ts';
import { packageFolderOf } from './own-file.ts';
import type { InstalledPackage } from './package-finder.ts';

/** The package that a specifier names; undefined for a path. */
function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[^/]+\/)?[^./@][^/]*/.exec(specifier)?.[0];
}

function packageOf(packages: readonly InstalledPackage[], path: string): InstalledPackage | undefined {
  return packages.find(({ folder }) => path.startsWith(folder + sep));
}

const withoutEnding = (path: string): string => path.replace(/\.[cm]?[jt]s$|\/(?:index(?:\.[cm]?[jt]s)?)?$/, '');

/** Whether the package's field `browser` could be about what one of its files imports. */
function mayReplace({ folder, replaced }: InstalledPackage, { path, importer }: OnResolveArgs): boolean {
  if (!path.startsWith('.')) return replaced.includes(path) || replaced.includes(path.replace(/^node:/, ''));
  const file = relative(folder, resolve(dirname(importer), path))
    .split(sep)
    .join('/');
  return replaced.some((key) => withoutEnding(key) === `./${withoutEnding(file)}`);
}

/** Whether what a package has for browsers is neither a file of it nor one of another package. */
function leadsOut({ folder }: InstalledPackage, { path = '', namespace }: OnResolveResult): boolean {
  return namespace === undefined && !path.startsWith(folder + sep) && packageFolderOf(path) === undefined;
}

/** What the bundler calls a module that a package leaves out in browsers. */
const disabled = '(disabled):';

/**
 * Where an import leads in a browser; undefined when it leads nowhere. The bundler reads `browser` and `exports` by one set of
 * conditions a run, so this is another run that loads nothing.
 */
async function resolveForBrowser(folder: string, args: OnResolveArgs): Promise<string | undefined> {
  const name = JSON.stringify(args.path);
  const statements: Partial<Record<ImportKind, string>> = {
    'require-call': `require(${name})`,
    'require-resolve': `require.resolve(${name})`,
    'dynamic-import': `import(${name})`,
  };
  const statement = statements[args.kind] ?? `import ${name}`;
  const loadNothing: Plugin = {
    name: 'enclos-load-nothing',
    setup: (nested) => nested.onLoad({ filter: /.*/ }, () => ({ contents: '' })),
  };
  const options = scriptOptions({ folder, entry: statement, plugins: [loadNothing] });
  const stdin = { contents: statement, resolveDir: args.resolveDir };
  const mainFields = ['browser', ...(options.mainFields ?? [])];
  try {
    const { metafile } = await build({ ...options, stdin, platform: 'browser', mainFields });
    return Object.values(metafile.inputs).flatMap(({ imports }) => imports)[0]?.path;
  } catch {
    // It is not installed, or not for browsers: the bundler says so where it is imported.
    return undefined;
  }
}

async function resolveAgain(
  nested: PluginBuild,
  folder: string,
  args: OnResolveArgs,
): Promise<OnResolveResult | undefined> {
  const found = await resolveForBrowser(folder, args);
  if (found === undefined) return undefined;
  if (found.startsWith(disabled)) return { path: args.path, namespace: absentNamespace };
  const { kind, importer, resolveDir } = args;
  // By its path, so that the package still says whether the file has side effects.
  const { path, sideEffects, errors } = await nested.resolve(resolve(folder, found), {
    kind,
    importer,
    resolveDir,
    pluginData: resolved,
  });
  return errors.length > 0 ? undefined : { path, sideEffects };
}

const resolved = Symbol('resolved');

/**
 * Gives some packages the files that they have for browsers. Modules of Node that enclaves have stay Node's.
 */
export function browserPlugin(folder: string, packages: readonly InstalledPackage[]): Plugin {
  return {
    name: 'enclos-browser',
    setup(nested) {
      if (packages.length === 0) return;
      nested.onResolve({ filter: /.*/ }, async (args) => {
        if (args.pluginData === resolved || args.namespace !== 'file') return undefined;
        if (judgeBuiltin(args.path).kind === 'allowed') return undefined;
        const importing = packageOf(packages, args.importer);
        const isReplaced = importing !== undefined && mayReplace(importing, args);
        const name = packageNameOf(args.path);
        if (!isReplaced && !packages.some((one) => one.name === name)) return undefined;
        const found = await resolveAgain(nested, folder, args);
        if (isReplaced && found !== undefined && leadsOut(importing, found)) return undefined;
        // Another copy of a package is another package.
        return isReplaced || packageOf(packages, found?.path ?? '') !== undefined ? found : undefined;
      });
    },
  };
}
