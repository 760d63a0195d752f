import type { LoadedEdl } from '../loading/loaded.ts';
import type { EdlFile, FunctionDeclaration, ImportItem, Name } from '../syntax/tree.ts';
import { type FunctionLists, type ImportProblems, ownFunctions } from './imports.ts';
import { enclaveNameOf } from './name.ts';

interface Part extends FunctionLists {
  /** What the compiler knows a file by. Functions that a second import adds are a part without a name. */
  readonly name: string;
}

const lists = ['trusted', 'untrusted'] as const;

/**
 * The functions as sgx_edger8r counts them: those of the file, then of each import, depth first, in the order of the imported file.
 * Names that an import does not find there are looked for in the imports of that file (CodeGen.ml, reduce_import).
 */
export function functionsOfIntel(loaded: LoadedEdl, problems: ImportProblems): FunctionLists {
  const parts = new Importer(loaded, problems).partsOf(loaded.root, 'all', undefined);
  const all = {
    trusted: parts.flatMap(({ trusted }) => trusted),
    untrusted: parts.flatMap(({ untrusted }) => untrusted),
  };
  const names = new Map<string, FunctionDeclaration>();
  for (const kind of lists) {
    for (const each of all[kind]) {
      const known = names.get(each.name.text);
      if (known === undefined) names.set(each.name.text, each);
      else problems.duplicate('intel', each, known);
    }
  }
  return all;
}

class Importer {
  readonly #loaded: LoadedEdl;
  readonly #problems: ImportProblems;
  /** What was imported from a file, by the names that were asked for: files that import each other twice double the work each time. */
  readonly #done = new Map<EdlFile, Map<string, readonly Part[]>>();

  constructor(loaded: LoadedEdl, problems: ImportProblems) {
    this.#loaded = loaded;
    this.#problems = problems;
  }

  partsOf(file: EdlFile, names: ImportItem['names'], asked: ImportItem | undefined): readonly Part[] {
    const done = this.#done.get(file) ?? new Map<string, readonly Part[]>();
    this.#done.set(file, done);
    const key = names === 'all' ? '*' : names.map(({ text }) => text).join(' ');
    if (!this.#problems.spend(key.length)) return [];
    const known = done.get(key);
    if (known !== undefined) return known;
    const parts = this.#read(file, names, asked);
    done.set(key, parts);
    return parts;
  }

  #read(file: EdlFile, names: ImportItem['names'], asked: ImportItem | undefined): readonly Part[] {
    const own = ownFunctions(file);
    if (!this.#problems.spend(own.trusted.length + own.untrusted.length)) return [];
    const name = enclaveNameOf(file.source.path);
    const imports = file.items.filter((item) => item.kind === 'import');
    if (names === 'all') return this.#follow([{ name, ...own }], imports, undefined);
    const wanted = new Set(names.map(({ text }) => text));
    const has = new Set([...own.trusted, ...own.untrusted].map((each) => each.name.text));
    const rest = names.filter(({ text }) => !has.has(text));
    const [first] = rest;
    if (imports.length === 0 && first !== undefined) {
      this.#problems.missing('intel', first, asked?.file.text ?? '');
    }
    const isWanted = (each: FunctionDeclaration) => wanted.has(each.name.text);
    const part = { name, trusted: own.trusted.filter(isWanted), untrusted: own.untrusted.filter(isWanted) };
    return this.#follow([part], imports, rest);
  }

  #follow(start: readonly Part[], imports: readonly ImportItem[], rest: readonly Name[] | undefined): readonly Part[] {
    const joined = new PartList();
    for (const part of start) joined.add(part);
    for (const item of imports) {
      const imported = this.#loaded.imports.get(item);
      if (imported === undefined) continue;
      for (const part of this.partsOf(imported, rest ?? item.names, item)) {
        if (this.#problems.spend(1 + part.trusted.length + part.untrusted.length)) joined.add(part);
      }
    }
    return joined.parts;
  }
}

class PartList {
  readonly parts: Part[] = [];
  readonly #first = new Map<string, ReadonlySet<FunctionDeclaration>>();

  add(part: Part): void {
    const before = this.#first.get(part.name);
    if (before === undefined) {
      this.#first.set(part.name, new Set([...part.trusted, ...part.untrusted]));
      this.parts.push(part);
      return;
    }
    const isNew = (each: FunctionDeclaration) => !before.has(each);
    const added = { name: '', trusted: part.trusted.filter(isNew), untrusted: part.untrusted.filter(isNew) };
    const isFirst = !this.#first.has('');
    if (isFirst) this.#first.set('', new Set([...added.trusted, ...added.untrusted]));
    // The compiler keeps empty ones, too. Only the first part without a name matters, and their number doubles with each level.
    if (isFirst || added.trusted.length + added.untrusted.length > 0) this.parts.push(added);
  }
}
