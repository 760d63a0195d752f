import type { ScriptFile } from '../engine.ts';

/** What the linker of QuickJS says, without a place: it keeps none of imports. */
const missingExport = /export '([^']*)' in module '([^']*)'/;
const missingModule = /could not load module '([^']*)'/;
/** The end of an import, or of an export from elsewhere. Bounded: a member who proposes a script chooses the text. */
const specifier = /\b(?:from|import)\s{0,64}(['"])([^'"\n]{1,1024})\1/g;
/** So much of the sources is searched, so many imports of the module, and so far before each. */
const mostSearched = 8_388_608;
const mostImports = 512;
const mostNames = 16_384;

/**
 * Where the import stands that could not be linked, found in the sources: `/app.js:2:10`.
 *
 * @param message of the linker.
 * @returns undefined where it names no import, or none is found.
 */
export function importPlace(message: string, modules: readonly ScriptFile[]): string | undefined {
  const [, name, exporter] = missingExport.exec(message) ?? [];
  const target = exporter ?? missingModule.exec(message)?.[1];
  if (target === undefined) return undefined;
  let left = mostSearched;
  let imports = 0;
  let nearest: string | undefined;
  for (const module of modules) {
    const source = module.source.slice(0, left);
    left -= source.length;
    for (const found of source.matchAll(specifier)) {
      if (resolved(module.name, found[2] ?? '') !== target) continue;
      if (++imports > mostImports) return nearest;
      if (isInComment(source, found.index)) continue;
      const named = name === undefined ? undefined : placeOfName(source, found.index, name);
      if (named !== undefined || name === undefined) return place(module.name, source, named ?? found.index);
      nearest ??= place(module.name, source, found.index);
    }
  }
  return nearest;
}

/** As QuickJS resolves names of modules, and our glue makes them absolute. */
function resolved(importer: string, given: string): string {
  if (!given.startsWith('.')) return given.startsWith('/') ? given : `/${given}`;
  let folder = parentOf(importer);
  let rest = given;
  while (rest.startsWith('./') || (rest.startsWith('../') && !/(?:^|\/)\.{0,2}$/.test(folder))) {
    if (rest.startsWith('../')) folder = parentOf(folder);
    rest = rest.slice(rest.indexOf('/') + 1);
  }
  return `${folder}/${rest}`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Where the statement that ends here names an export, in braces, or as its default. */
function placeOfName(source: string, end: number, name: string): number | undefined {
  const first = Math.max(0, end - mostNames);
  const before = source.slice(first, end);
  const open = before.lastIndexOf('{');
  if (name === 'default' && (open === -1 || !/\bdefault\b/.test(before.slice(open)))) {
    const begin = before.lastIndexOf('import');
    return begin === -1 ? undefined : first + begin;
  }
  // A name may be any text, also none: that one is not looked for.
  let at = open === -1 || name === '' ? -1 : before.indexOf(name, open);
  while (at !== -1 && (isPartOfName(before[at - 1]) || isPartOfName(before[at + name.length]))) {
    at = before.indexOf(name, at + 1);
  }
  return at === -1 ? undefined : first + at;
}

function isPartOfName(character = ''): boolean {
  return /[\w$]/.test(character);
}

/** Comments of one line alone: longer ones seldom hold imports. */
function isInComment(source: string, at: number): boolean {
  const before = source.slice(Math.max(0, at - mostNames), at);
  return /^\s*(?:\/\/|\/?\*)/.test(before.slice(before.lastIndexOf('\n') + 1));
}

function place(name: string, source: string, at: number): string {
  const before = source.slice(0, at);
  return `${name}:${before.split('\n').length}:${at - before.lastIndexOf('\n')}`;
}
