import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { filesUnder, readJson, workspaces } from '../lib/workspace.mjs';
import { errorProblems } from './errors.mjs';
import { importsOf } from './imports.mjs';
import { nounProblems } from './nouns.mjs';
import { ownerProblems } from './owners.mjs';
import { shapeProblems } from './shape.mjs';
import { sourcesOf } from './source.mjs';

const testkit = '@enclos/testkit';
const errors = '@enclos/errors';
const withoutAdvice = '@enclos/errors/without-advice';
const builtins = new Set(builtinModules);

const floorOf = ({ manifest }) => manifest.enclos?.floor;
const packageName = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const isBuiltin = (specifier) => specifier.startsWith('node:') || builtins.has(specifier);
const declared = ({ manifest }, kinds) => new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})));

/** A package that tests use and shipped code does not. */
const isForTests = ({ name, manifest }) => name === testkit || manifest.enclos?.for === 'tests';

/**
 * Rule 2. The test kit is outside the floors: tests of any floor may use it. Other packages for tests
 * stand on a floor; tests of the same floor may use them too, which makes no circle, since rule 4 keeps
 * them out of src/.
 */
function floorProblem(from, to) {
  if (to.name === testkit) return undefined;
  const [own, other] = [floorOf(from), floorOf(to)];
  if (isForTests(to) && !isForTests(from) && other === own) return undefined;
  if (other < own) return undefined;
  if (own === 0 && to.name === errors && from.name !== errors) return undefined;
  return {
    what: `${from.name} (floor ${own}) depends on ${to.name} (floor ${other})`,
    fix: 'move what both need to a lower floor, or pass it in as a parameter',
  };
}

function relativeProblem(specifier, file, workspace) {
  const target = resolve(dirname(file), specifier);
  if (!relative(workspace.path, target).startsWith('..')) return undefined;
  return {
    what: `import ${specifier} leaves the package`,
    fix: 'import the other package by its name, through its exports',
  };
}

/** A name of the package's own, that its package.json gives to files of it (Node: subpath imports). */
function ownNameProblem(specifier, { manifest }) {
  const targets = Object.values(Object(manifest.imports?.[specifier]));
  const isOurs = (target) => target.startsWith('./dist/src/') || target === withoutAdvice;
  if (targets.length > 0 && targets.every(isOurs)) return undefined;
  return {
    what: `import of ${specifier}, which "imports" of package.json does not lead to files in ./dist/src/`,
    fix: 'add it there, or import the file itself',
  };
}

/** Rules 1, 3 and 4 for one import of a package. */
function packageProblems(specifier, { workspace, byName, allowed, shipped }) {
  const name = packageName(specifier);
  const to = byName.get(name);
  const problems = [];
  if (shipped && name !== workspace.name && to !== undefined && isForTests(to)) {
    problems.push({ what: `src/ imports ${name}`, fix: 'move the code that needs it to test/' });
  } else if (name !== workspace.name && !allowed.has(name)) {
    const kind = shipped ? 'dependencies' : 'dependencies or devDependencies';
    problems.push({ what: `import of ${name}, which is not declared`, fix: `add it to ${kind} in package.json` });
  }
  if (to === undefined) return problems;
  const entry = `.${specifier.slice(name.length)}`;
  if (!Object.hasOwn(to.manifest.exports ?? {}, entry)) {
    problems.push({
      what: `import ${specifier} reaches past the exports of ${name}`,
      fix: `import ${name} itself, or add "${entry}" to its exports if it is meant to be public`,
    });
  }
  if (to !== workspace) problems.push(floorProblem(workspace, to));
  return problems.filter((problem) => problem !== undefined);
}

function problemsOfImport(specifier, file, context) {
  if (specifier.startsWith('#')) return [ownNameProblem(specifier, context.workspace)];
  if (specifier.startsWith('.')) return [relativeProblem(specifier, file, context.workspace)];
  return packageProblems(specifier, context);
}

function importProblems(workspace, byName, base) {
  let count = 0;
  const problems = ['src', 'test', 'fuzz'].flatMap((part) => {
    // Nothing of tests/ is ever shipped: what its tests share is in its src/.
    const shipped = part === 'src' && !workspace.folder.startsWith('tests/');
    const runtime = ['dependencies', 'optionalDependencies', 'peerDependencies'];
    const allowed = declared(workspace, shipped ? runtime : [...runtime, 'devDependencies']);
    return filesUnder(join(workspace.path, part), (file) => file.endsWith('.ts')).flatMap((file) =>
      importsOf(file).flatMap(({ specifier, line }) => {
        count += 1;
        if (isBuiltin(specifier)) return [];
        const found = problemsOfImport(specifier, file, { workspace, byName, allowed, shipped });
        return found
          .filter((problem) => problem !== undefined)
          .map((problem) => ({ where: `${relative(base, file)}:${line}`, ...problem }));
      }),
    );
  });
  return { problems, count };
}

function dependencyProblems(workspace, byName) {
  const where = `${workspace.folder}/package.json`;
  const names = declared(workspace, ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies']);
  return [...names]
    .map((name) => byName.get(name))
    .filter((to) => to !== undefined)
    .map((to) => floorProblem(workspace, to))
    .filter((problem) => problem !== undefined)
    .map((problem) => ({ where, ...problem }));
}

/** Rule 5 for one package. */
function referenceProblems(workspace, byName, base) {
  const where = `${workspace.folder}/tsconfig.json`;
  const { references = [] } = readJson(join(base, where));
  const actual = references.map(({ path }) => relative(base, resolve(workspace.path, path)));
  const expected = [...declared(workspace, ['dependencies', 'devDependencies'])]
    .map((name) => byName.get(name)?.folder)
    .filter((folder) => folder !== undefined);
  return [
    ...expected
      .filter((folder) => !actual.includes(folder))
      .map((folder) => ({ where, what: `no reference to ${folder}`, fix: 'add it to references' })),
    ...actual
      .filter((folder) => !expected.includes(folder))
      .map((folder) => ({
        where,
        what: `references ${folder}, which package.json does not declare`,
        fix: 'remove the reference, or declare the dependency',
      })),
  ];
}

function rootReferenceProblems(all, base) {
  const where = 'tsconfig.json';
  const listed = readJson(join(base, where)).references.map(({ path }) => path);
  return all
    .filter(({ folder }) => !listed.includes(folder))
    .map(({ folder }) => ({ where, what: `does not reference ${folder}`, fix: 'add it, or it is never built' }));
}

/** Rule 6. */
function tableProblems(packages, base) {
  const where = 'docs/architecture.md';
  if (!existsSync(join(base, where))) return [{ where, what: 'missing', fix: 'write it, with the table of rooms' }];
  const rows = readFileSync(join(base, where), 'utf8').matchAll(
    /^\|\s*(\d+)\s*\|\s*`((?:@enclos\/)?[a-z0-9-]+)`\s*\|/gm,
  );
  const table = new Map([...rows].map(([, floor, name]) => [name, Number(floor)]));
  const wrong = packages
    .filter((workspace) => table.get(workspace.name) !== floorOf(workspace))
    .map((workspace) => ({
      where,
      what: `the table of rooms has ${workspace.name} on floor ${table.get(workspace.name) ?? '(no row)'}`,
      fix: `package.json says floor ${floorOf(workspace)}: correct the row`,
    }));
  const names = new Set(packages.map(({ name }) => name));
  const extra = [...table.keys()]
    .filter((name) => !names.has(name))
    .map((name) => ({ where, what: `the table of rooms lists ${name}, which does not exist`, fix: 'remove the row' }));
  return [...wrong, ...extra];
}

/** Rules 8 to 10 for one package. Its sources are read once. */
function sourceProblems(workspace, base) {
  const sources = sourcesOf(workspace);
  return [...shapeProblems(workspace, sources), ...ownerProblems(sources, base), ...nounProblems(sources, base)];
}

/** Checks the workspace under `base`: `{ problems: [{ where, what, fix }], packages, imports }`. */
export function checkFloors(base) {
  const all = workspaces(base);
  const byName = new Map(all.map((workspace) => [workspace.name, workspace]));
  const unfloored = all
    .filter((workspace) => !Number.isInteger(floorOf(workspace)))
    .map(({ folder }) => ({
      where: `${folder}/package.json`,
      what: 'names no floor',
      fix: 'add "enclos": { "floor": N }',
    }));
  const imports = all.map((workspace) => importProblems(workspace, byName, base));
  const packages = all.filter(({ folder }) => /^(?:packages|services|apps)\//.test(folder));
  return {
    problems: [
      ...unfloored,
      ...imports.flatMap(({ problems }) => problems),
      ...all.flatMap((workspace) => dependencyProblems(workspace, byName)),
      ...all.flatMap((workspace) => referenceProblems(workspace, byName, base)),
      ...rootReferenceProblems(all, base),
      ...tableProblems(packages, base),
      ...errorProblems(base),
      ...packages.flatMap((workspace) => sourceProblems(workspace, base)),
    ],
    packages: packages.length,
    imports: imports.reduce((sum, { count }) => sum + count, 0),
  };
}
