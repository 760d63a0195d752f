import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from '@enclos/build/diagnostics';
import { EnclosError } from '@enclos/errors';
import type { Loader, Plugin } from 'esbuild';
import { runBundler, toDiagnostic } from './bundle-host.ts';
import { isInside } from '../files/inside.ts';

export interface TestBundles {
  /** The files that the test runner gets. */
  readonly scripts: readonly string[];
  /** The project's files in them. Absolute. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

/** Where the tests of a project are. */
export const testFolder = 'test';
const testName = /\.test\.[cm]?[jt]s$/;

/** True for a file that is a test by its name. */
export function isTest(path: string): boolean {
  return testName.test(path);
}

/**
 * The tests of a project.
 * @param given files, and folders of tests. Without any, the folder `test`.
 * @returns absolute paths, sorted, each once.
 * @throws CLI_TESTS_MISSING
 */
export async function findTests(projectFolder: string, given: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const path of given.length > 0 ? given : [join(projectFolder, testFolder)]) {
    const tests = await testsAt(path);
    if (tests.length === 0) refuseMissing(projectFolder, path);
    for (const test of tests) {
      if (!isInside(projectFolder, test)) {
        throw new EnclosError('CLI_TESTS_MISSING', `${test} is outside the project ${projectFolder}.`, {
          details: { path: test },
        });
      }
      found.add(test);
    }
  }
  return [...found].sort();
}

function refuseMissing(projectFolder: string, path: string): never {
  const shown = isInside(projectFolder, path) ? relative(projectFolder, path) : path;
  throw new EnclosError('CLI_TESTS_MISSING', `There is no test in ${shown} of ${projectFolder}.`, {
    details: { path },
  });
}

async function testsAt(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return [resolve(path)];
  if (found?.isDirectory() !== true) return [];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isTest(entry.name))
    .map((entry) => resolve(entry.parentPath, entry.name))
    .filter((file) => !relative(path, file).split('/').includes('node_modules'));
}

/**
 * Bundles tests, each into a script with the same path below `outFolder`. Packages stay outside: Node finds them from where
 * the scripts lie.
 * @throws BuildError BUILD_FAILED
 */
export async function bundleTests(folder: string, tests: readonly string[], outFolder: string): Promise<TestBundles> {
  const { warnings, metafile } = await runBundler(folder, 'The tests', {
    entryPoints: [...tests],
    outdir: outFolder,
    outbase: folder,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    target: 'node20',
    sourcemap: 'linked',
    plugins: [ownPlaces(folder)],
  });
  const scripts = Object.entries(metafile.outputs)
    .filter(([, { entryPoint }]) => entryPoint !== undefined)
    .map(([path]) => resolve(folder, path));
  return {
    scripts,
    inputs: Object.keys(metafile.inputs).map((path) => resolve(folder, path)),
    warnings: warnings.map(toDiagnostic),
  };
}

const loaders: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.mts': 'ts', '.cts': 'ts' };

/** A test finds the files beside it by `import.meta`, which in a bundle would name the folder of the bundle. */
function ownPlaces(projectFolder: string): Plugin {
  return {
    name: 'own places',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        if (!isInside(projectFolder, path)) return undefined;
        const source = await readFile(path, 'utf8');
        if (!source.includes('import.meta')) return undefined;
        const { code } = await build.esbuild.transform(source, {
          loader: loaders[extname(path)] ?? 'js',
          sourcefile: path,
          sourcemap: 'inline',
          define: {
            'import.meta.url': JSON.stringify(pathToFileURL(path).href),
            'import.meta.filename': JSON.stringify(path),
            'import.meta.dirname': JSON.stringify(dirname(path)),
          },
        });
        return { contents: code, loader: 'js' };
      });
    },
  };
}
