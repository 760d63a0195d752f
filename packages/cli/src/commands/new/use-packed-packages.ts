import { relative } from 'node:path';
import { isRecord } from '@enclos/evidence';
import { realpath } from 'node:fs/promises';
import type { PackedPackages } from './packed-packages.ts';

/**
 * The names of the packages of Enclos that a project installs.
 * @param manifest the text of its package.json
 */
export function packagesOf(manifest: string): readonly string[] {
  const { dependencies, devDependencies } = JSON.parse(manifest) as Record<string, unknown>;
  return [dependencies, devDependencies]
    .flatMap((group) => (isRecord(group) ? Object.keys(group) : []))
    .filter((name) => name.startsWith('@enclos/'));
}

/** How a project names the tarballs: relative to its folder, so that both can be moved together. */
export async function specifiersOf(packed: PackedPackages, project: string): Promise<ReadonlyMap<string, string>> {
  const way = relative(await realpath(project), await realpath(packed.folder));
  return new Map([...packed.packages].map(([name, { file }]) => [name, `file:${way === '' ? '.' : way}/${file}`]));
}

/**
 * The package.json of a project that installs these tarballs, also for what its dependencies depend on: no package of
 * Enclos is taken from a registry, where anyone may have registered its name.
 */
export function manifestWith(manifest: string, specifiers: ReadonlyMap<string, string>): string {
  const parsed = JSON.parse(manifest) as Record<string, unknown>;
  const replaced = (group: unknown): unknown =>
    isRecord(group)
      ? Object.fromEntries(Object.entries(group).map(([name, range]) => [name, specifiers.get(name) ?? range]))
      : group;
  const { dependencies, devDependencies } = parsed;
  const changed = {
    ...parsed,
    dependencies: replaced(dependencies),
    devDependencies: replaced(devDependencies),
    overrides: Object.fromEntries(specifiers),
  };
  return `${JSON.stringify(changed, null, 2)}\n`;
}

/** The same overrides for pnpm, which reads them here from version 10 on. JSON strings are strings of YAML. */
export function pnpmWorkspaceWith(specifiers: ReadonlyMap<string, string>): string {
  const lines = [...specifiers].map(([name, specifier]) => `  ${JSON.stringify(name)}: ${JSON.stringify(specifier)}`);
  return ['# For pnpm; npm reads `overrides` in package.json.', 'overrides:', ...lines, ''].join('\n');
}
