// Rule 7 of the floors: errors are declared where they are thrown.
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { filesUnder, workspaces } from '../lib/workspace.mjs';
import { parsedFile } from './parsed.mjs';

const rowPattern = /^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): \[/gm;
const declarationPattern = /= declareErrors(?:WithAdvice)?\(/;
/** A code that is not merely compared with: who compares needs no more than its name. */
const namePattern = /(?<![!=]== |isEnclosError\(\w+, )'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g;

/** What a module loads when it is loaded: the specifiers of its imports and exports, types aside; and all that it names. */
function importsOf({ text, module }) {
  const isOfTypes = (entries) => entries.length > 0 && entries.every(({ isType }) => isType);
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1));
  const specifiers = (accept) => [
    ...module.staticImports.filter(({ entries }) => accept(entries)).map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports
      .filter(({ entries }) => accept(entries))
      .flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
  ];
  return { loads: [...specifiers((entries) => !isOfTypes(entries)), ...dynamic], mentions: specifiers(() => true) };
}

/** The sources of a package by path: the codes that each declares and names, and what it loads. */
function modulesOf(workspace) {
  const files = filesUnder(join(workspace.path, 'src'), (path) => path.endsWith('.ts'));
  return files.map((path) => {
    const file = parsedFile(path);
    const { text } = file;
    const declares = declarationPattern.test(text) ? [...text.matchAll(rowPattern)].map(([, code]) => code) : [];
    const names = [...text.matchAll(namePattern)].map(([, code]) => code);
    return { path, workspace, declares, names, ...importsOf(file) };
  });
}

const sourceOf = ({ path }, target) => join(path, target.replace('./dist/src/', './src/').replace(/\.js$/, '.ts'));

/** The source of an entry of a package (`@enclos/tee/tsm`), or undefined. */
function entryOf(specifier, byName) {
  const [scope, name, ...rest] = specifier.split('/');
  const workspace = byName.get(`${scope}/${name}`);
  const target = workspace?.manifest.exports?.[['.', ...rest].join('/')];
  return target === undefined ? undefined : sourceOf(workspace, target.default ?? target);
}

function targetOf(specifier, module, byName) {
  if (specifier.startsWith('.')) return resolve(dirname(module.path), specifier);
  if (!specifier.startsWith('#')) return entryOf(specifier, byName);
  const target = module.workspace.manifest.imports?.[specifier]?.default;
  return target === undefined ? undefined : sourceOf(module.workspace, target);
}

/** Every module that is loaded with `root`, itself included. */
function reachedFrom(root, modules, byName) {
  const reached = new Set([root]);
  for (const module of reached) {
    for (const specifier of module.loads) {
      const next = modules.get(targetOf(specifier, module, byName));
      if (next !== undefined) reached.add(next);
    }
  }
  return reached;
}

const exportedFrom = (workspace) =>
  Object.values(workspace.manifest.exports ?? {})
    .map((target) => target.default ?? target)
    // What has no file for Node is for the compiler only.
    .filter((target) => typeof target === 'string')
    .map((target) => sourceOf(workspace, target));

/** The entries of a package and its programs: what `exports` names, and what none of its own modules loads. */
function rootsOf(workspace, own, byName) {
  const exported = exportedFrom(workspace);
  const loaded = new Set(own.flatMap((module) => module.loads.map((specifier) => targetOf(specifier, module, byName))));
  return own.filter(({ path }) => exported.includes(path) || !loaded.has(path));
}

/** Every package that `workspace` may import, itself included, by name. */
function closureOf(workspace, byName) {
  const closure = new Set([workspace.name]);
  for (const name of closure) {
    for (const next of Object.keys(byName.get(name)?.manifest.dependencies ?? {})) closure.add(next);
  }
  return closure;
}

function declarationsOf(modules) {
  const declarations = new Map();
  for (const module of modules) for (const code of module.declares) declarations.set(code, module);
  return declarations;
}

/** The declarations that an entry loads through other modules only: its types would not have the codes. */
function hiddenAt(root, { modules, byName }) {
  const direct = new Set(root.mentions.map((specifier) => targetOf(specifier, root, byName)));
  return [...reachedFrom(root, modules, byName)].filter(
    (module) =>
      module.workspace === root.workspace && module !== root && module.declares.length > 0 && !direct.has(module.path),
  );
}

/** The codes that `root` needs, with the module of the same package that names each, and does not load. */
function unloadedAt(root, { modules, byName, declarations }) {
  const reached = reachedFrom(root, modules, byName);
  return [...reached]
    .filter(({ workspace }) => workspace === root.workspace)
    .flatMap((module) => module.names.map((code) => ({ code, module, declaration: declarations.get(code) })))
    .filter(({ declaration }) => declaration !== undefined && !reached.has(declaration));
}

const builtOf = (source) => source.replace('./', './dist/').replace(/\.ts$/, '.js');

function problemsOfPackage(workspace, own, context) {
  const { base, byName, declarations } = context;
  const closure = closureOf(workspace, byName);
  const foreign = own.flatMap(({ path, names }) =>
    names
      .filter((code) => declarations.has(code) && !closure.has(declarations.get(code).workspace.name))
      .map((code) => ({
        where: relative(base, path),
        what: `names the error ${code}, which ${declarations.get(code).workspace.name} declares`,
        fix: 'declare it in a package that both import',
      })),
  );
  const unloaded = rootsOf(workspace, own, byName).flatMap((root) =>
    unloadedAt(root, context).map(({ code, module, declaration }) => ({
      where: relative(base, root.path),
      what: `${relative(workspace.path, module.path)} names ${code}, and the entry does not load ${relative(base, declaration.path)}`,
      fix: `import it for its effect: import './errors.ts'`,
    })),
  );
  const exported = new Set(exportedFrom(workspace));
  const hidden = own
    .filter(({ path }) => exported.has(path))
    .flatMap((root) =>
      hiddenAt(root, context).map((declaration) => ({
        where: relative(base, root.path),
        what: `the entry loads ${relative(workspace.path, declaration.path)} through other modules only, so its types lack the codes`,
        fix: 'import it in the entry for its effect',
      })),
    );
  const kept = [workspace.manifest.sideEffects].flat();
  // The bundle of a project for enclaves is made of its sources.
  const isProject = existsSync(join(workspace.path, 'enclave.json'));
  const dropped = own
    .filter(({ declares }) => declares.length > 0)
    .map(({ path }) => `./${relative(workspace.path, path)}`)
    .flatMap((source) => [builtOf(source), ...(isProject ? [source] : [])])
    .filter((path) => !kept.includes(path))
    .map((path) => ({
      where: `${workspace.folder}/package.json`,
      what: `bundlers may drop ${path}, which declares errors`,
      fix: 'add it to "sideEffects"',
    }));
  return [...(foreign.length > 0 ? foreign : unloaded), ...hidden, ...dropped];
}

/** Codes that two modules declare. */
function twiceDeclared(modules, base) {
  const seen = new Map();
  return modules.flatMap(({ path, declares }) =>
    declares.flatMap((code) => {
      const first = seen.get(code);
      if (first === undefined) seen.set(code, path);
      return first === undefined
        ? []
        : [
            {
              where: relative(base, path),
              what: `declares ${code} again`,
              fix: `${relative(base, first)} declares it`,
            },
          ];
    }),
  );
}

/** Every package, service and application, with its modules. */
function packagesUnder(base) {
  return workspaces(base)
    .filter(({ folder, path }) => /^(?:packages|services|apps)\//.test(folder) && existsSync(join(path, 'src')))
    .map((workspace) => ({ workspace, own: modulesOf(workspace) }));
}

/** Rule 7: `[{ where, what, fix }]`. */
export function errorProblems(base) {
  const packages = packagesUnder(base);
  const all = packages.flatMap(({ own }) => own);
  const context = {
    base,
    modules: new Map(all.map((module) => [module.path, module])),
    byName: new Map(packages.map(({ workspace }) => [workspace.name, workspace])),
    declarations: declarationsOf(all),
  };
  return [
    ...twiceDeclared(all, base),
    ...packages.flatMap(({ workspace, own }) => problemsOfPackage(workspace, own, context)),
  ];
}
