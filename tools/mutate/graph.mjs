// Module graphs of a package's compiled code, each evaluated anew, so that no mutant sees what another
// left behind. Needs --experimental-vm-modules: the ordinary loader never forgets a module.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SourceTextModule, SyntheticModule } from 'node:vm';

const files = new Map();

/** The text of a file and what it imports; read and compiled once. */
function fileOf(path) {
  if (!files.has(path)) {
    const source = readFileSync(path, 'utf8');
    const imports = [...source.matchAll(/^(?:import|export|\}) ?(?:[^'";]*?from )?'([^']+)';/gm)].map(
      ([, name]) => name,
    );
    files.set(path, { source, imports });
  }
  return files.get(path);
}

const isRelative = (specifier) => specifier.startsWith('.');

const resolved = new Map();

/** The file of an entry of a package that lies in `folder`: tests may import their own package by its name. */
export function entryIn(folder, specifier) {
  if (!resolved.has(specifier)) resolved.set(specifier, import.meta.resolve(specifier));
  const url = resolved.get(specifier);
  const path = url.startsWith('file:') ? fileURLToPath(url) : '';
  return path.startsWith(folder) ? path : undefined;
}

/** True for a file that reaches one of `folder`, at any distance: only those have to be loaded again. */
export function reaches(path, folder, seen = new Map()) {
  if (path.startsWith(folder)) return true;
  if (!seen.has(path)) {
    seen.set(path, false);
    const pathOf = (name) => (isRelative(name) ? join(dirname(path), name) : entryIn(folder, name));
    const own = fileOf(path).imports.map(pathOf);
    seen.set(
      path,
      own.some((other) => other !== undefined && reaches(other, folder, seen)),
    );
  }
  return seen.get(path);
}

const outside = new Map();

/** A module of Node or of another package: one for all graphs. */
async function outsideModule(specifier, prepare) {
  const namespace = await import(specifier);
  prepare?.(namespace);
  const names = Object.keys(namespace);
  return new SyntheticModule(names, function define() {
    for (const name of names) this.setExport(name, namespace[name]);
  });
}

function compiled(text, path, cachedData) {
  const url = pathToFileURL(path).href;
  const options = {
    identifier: url,
    initializeImportMeta: (meta) => Object.assign(meta, { url, filename: path, dirname: dirname(path) }),
    importModuleDynamically: (specifier) => import(specifier),
  };
  try {
    if (cachedData !== undefined) return new SourceTextModule(text, { ...options, cachedData });
  } catch (error) {
    // V8 keeps no code across a change of its flags, and a test that collects garbage changes them.
    if (error.code !== 'ERR_VM_MODULE_CACHED_DATA_REJECTED') throw error;
  }
  return new SourceTextModule(text, options);
}

/** `replaced`: texts in the place of files, by path. `isShared`: the files that need only one module ever. */
export class Graph {
  static #shared = new Map();
  #own = new Map();
  #replaced;
  #options;

  /** @param options `{ isShared, entryOf, substitutes, prepare }`: modules in the place of packages, and what to do with a package first, by name. */
  constructor(options, replaced = new Map()) {
    this.#options = options;
    this.#replaced = replaced;
  }

  /** The namespace of a file. */
  async load(path) {
    const module = this.#module(path);
    if (module.status === 'unlinked') {
      await module.link((specifier, { identifier }) => this.#resolve(specifier, identifier));
    }
    if (module.status === 'linked') await module.evaluate();
    if (module.status === 'errored') throw module.error;
    return module.namespace;
  }

  #module(path) {
    const modules = this.#options.isShared(path) ? Graph.#shared : this.#own;
    if (!modules.has(path)) {
      const { source, cachedData } = fileOf(path);
      const replacement = this.#replaced.get(path);
      const module = compiled(replacement ?? source, path, replacement === undefined ? cachedData : undefined);
      if (replacement === undefined && cachedData === undefined) fileOf(path).cachedData = module.createCachedData();
      modules.set(path, module);
    }
    return modules.get(path);
  }

  async #resolve(specifier, identifier) {
    if (isRelative(specifier)) return this.#module(join(dirname(fileURLToPath(identifier)), specifier));
    const substitute = this.#options.substitutes[specifier];
    if (typeof substitute === 'string') return this.#module(substitute);
    if (substitute !== undefined) return substitute;
    const entry = this.#options.entryOf(specifier);
    if (entry !== undefined) return this.#module(entry);
    if (!outside.has(specifier)) outside.set(specifier, outsideModule(specifier, this.#options.prepare[specifier]));
    return outside.get(specifier);
  }
}
