// The errors that the packages declare (`declareErrors`), by area: an area is the name of the declaration, so
// `gateErrors` of two packages are one area.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, workspaces } from '../lib/workspace.mjs';

const declarationPattern = /^export const (\w+)Errors = declareErrors(?:WithAdvice)?\(/gm;
const kebab = (name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Packages and services, which declare and throw errors, lower floors first. */
const declaringWorkspaces = (base) =>
  workspaces(base)
    .filter(({ folder }) => /^(?:packages|services)\//.test(folder))
    .toSorted((left, right) => (left.manifest.enclos?.floor ?? 0) - (right.manifest.enclos?.floor ?? 0));

const sourcesOf = ({ path }) => filesUnder(join(path, 'src'), (file) => file.endsWith('.ts'));

/** The declarations of one source file: `[{ area, rows }]`, from its compiled module. */
async function declarationsIn(file, { path }) {
  const names = [...readFileSync(file, 'utf8').matchAll(declarationPattern)].map(([, name]) => name);
  if (names.length === 0) return [];
  const built = join(path, 'dist', relative(path, file).replace(/\.ts$/, '.js'));
  if (!existsSync(built)) throw new Error(`${built} is not built: npm run build`);
  const module = await import(pathToFileURL(built).href);
  return names.map((name) => ({ area: kebab(name), rows: module[`${name}Errors`] }));
}

/** Every area: `[{ name, entries: [{ code, area, kind, summary, next, declaredBy }] }]`, lower floors first. */
export async function errorAreas(base) {
  const { declaredErrors } = await import(pathToFileURL(join(base, 'packages/ground/errors/dist/src/index.js')).href);
  const areas = new Map();
  for (const workspace of declaringWorkspaces(base)) {
    for (const file of sourcesOf(workspace)) {
      for (const { area, rows } of await declarationsIn(file, workspace)) {
        const entries = Object.keys(rows).map((code) => ({
          code,
          area,
          ...declaredErrors.get(code),
          declaredBy: workspace,
        }));
        areas.set(area, [...(areas.get(area) ?? []), ...entries]);
      }
    }
  }
  return [...areas].map(([name, entries]) => ({ name, entries }));
}

/** Lists of codes, which throw nothing. */
const lists = /^packages\/runtime\/tee\/src\/(?:gate-errors|software\/channel-errors)\.ts$/;

/** The packages and services whose sources name a code, lists aside: what throws it. */
export function throwersOf(base) {
  const throwers = new Map();
  for (const workspace of declaringWorkspaces(base)) {
    for (const file of sourcesOf(workspace)) {
      if (lists.test(relative(base, file))) continue;
      for (const [, code] of readFileSync(file, 'utf8').matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)) {
        throwers.set(code, (throwers.get(code) ?? new Set()).add(workspace));
      }
    }
  }
  return throwers;
}
