import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

import { transform, type Loader } from 'esbuild';

import type { BundledModule } from './bundle.ts';
import { createPackageFinder, type PackageIdentity } from './package-finder.ts';

/** What one npm package brings into the bundle. */
export interface TrustedPackage {
  readonly name: string;
  readonly version: string;
  readonly bytesInBundle: number;
  /** Formatted lines of the modules that are in the bundle: see {@link countSourceLines}. */
  readonly sourceLines: number;
}

const loaders: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.jsx': 'jsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
};

async function countLines(path: string): Promise<number> {
  const loader = loaders[extname(path)];
  // Data (JSON, WebAssembly) has no source lines.
  if (loader === undefined) return 0;
  const source = await readFile(path, 'utf8');
  const { code } = await transform(source, { loader, legalComments: 'none', logLevel: 'silent', target: 'esnext' });
  return countSourceLines(code);
}

/** The printer keeps comments between members. A generator method begins with an asterisk too. */
const comment = /^\s*(?:\/\/|\/\*|\*(?:[\s/]|$))/;
const withoutBraces = /^\s*(?:\} )?(?:(?:else )?(?:if|for|while) .*\)|else)$/;

/**
 * Formatted lines: of whole modules, whatever tree shaking dropped of them, without types, comments
 * and blank lines, all printed alike by the bundler so that packages compare. A statement without
 * braces stands on the line of its `if`, wherever the source had it.
 */
export function countSourceLines(printed: string): number {
  const lines = printed.split('\n').filter((line) => line.trim() !== '' && !comment.test(line));
  return lines.filter((_, i) => !withoutBraces.test(lines[i - 1] ?? '')).length;
}

/**
 * The code of a bundle by the npm package it comes from, largest first. The
 * project itself is the package with `projectName`.
 */
export async function trustedBase(
  folder: string,
  modules: readonly BundledModule[],
  projectName: string,
): Promise<readonly TrustedPackage[]> {
  const packageOf = createPackageFinder();
  const packages = new Map<string, TrustedPackage>();
  // All at once: the bundler's process counts on every core, and one after the other would be half of a build.
  const counted = await Promise.all(
    modules.map(async ({ path, bytesInBundle }) => {
      const file = join(folder, path);
      const [identity, sourceLines] = await Promise.all([packageOf(dirname(file)), countLines(file)]);
      const { name, version } = identity ?? { name: projectName, version: '' };
      return { name, version, bytesInBundle, sourceLines };
    }),
  );
  for (const { name, version, bytesInBundle, sourceLines } of counted) {
    const key = `${name}@${version}`;
    const before = packages.get(key);
    packages.set(key, {
      name,
      version,
      bytesInBundle: (before?.bytesInBundle ?? 0) + bytesInBundle,
      sourceLines: (before?.sourceLines ?? 0) + sourceLines,
    });
  }
  return [...packages.values()].sort((a, b) => b.bytesInBundle - a.bytesInBundle || (a.name < b.name ? -1 : 1));
}

/** The npm packages that modules come from, in the order of their names; modules of the project are of none of them. */
export async function packagesOf(
  folder: string,
  modules: readonly Pick<BundledModule, 'path'>[],
): Promise<readonly PackageIdentity[]> {
  const packageOf = createPackageFinder();
  const own = await packageOf(folder);
  const found = new Map<string, PackageIdentity>();
  for (const { path } of modules) {
    const identity = await packageOf(dirname(join(folder, path)));
    if (identity === undefined || identity.name === own?.name) continue;
    const { name, version } = identity;
    found.set(`${name}@${version}`, Object.freeze({ name, version }));
  }
  return Object.freeze([...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, identity]) => identity));
}

/** A module of an npm package, by the name of its file. */
export interface PackageModule {
  readonly packageName: string;
  readonly file: string;
}

/** Whether a module of a package left code in a bundle: tree shaking leaves out what nothing uses. */
export async function holdsModule(
  folder: string,
  modules: readonly Pick<BundledModule, 'path'>[],
  { packageName, file }: PackageModule,
): Promise<boolean> {
  const packageOf = createPackageFinder();
  const named = modules.filter(({ path }) => basename(path) === file);
  const owners = await Promise.all(named.map(({ path }) => packageOf(dirname(join(folder, path)))));
  return owners.some((owner) => owner?.name === packageName);
}
