import type { LoadedEdl } from '../loading/loaded.ts';
import type { EdlFile, FunctionDeclaration, ImportItem } from '../syntax/tree.ts';
import type { FunctionLists, ImportProblems } from './imports.ts';

/**
 * The functions as oeedger8r counts them: those of the file, then those that each import adds, in the order in which the import
 * names them; `*` adds all that the imported file has in turn (parser.cpp of oeedger8r-cpp, parse_body and append_function).
 */
export function functionsOfOpenEnclave(loaded: LoadedEdl, problems: ImportProblems): FunctionLists {
  const done = new Map<EdlFile, FunctionLists>();
  const visit = (file: EdlFile): FunctionLists => {
    const known = done.get(file);
    if (known !== undefined) return known;
    const collected = new FunctionCollection(problems);
    for (const item of file.items) {
      if (item.kind === 'trusted' || item.kind === 'untrusted') {
        for (const each of item.functions) collected.add('own', item.kind, each);
      } else if (item.kind === 'import') {
        const imported = loaded.imports.get(item);
        if (imported !== undefined) addImported(item, visit(imported), { collected, problems });
      }
    }
    const lists = collected.lists();
    done.set(file, lists);
    return lists;
  };
  return visit(loaded.root);
}

function addImported(
  item: ImportItem,
  lists: FunctionLists,
  { collected, problems }: { readonly collected: FunctionCollection; readonly problems: ImportProblems },
): void {
  if (!problems.spend(item.names.length + lists.trusted.length + lists.untrusted.length)) return;
  if (item.names === 'all') {
    for (const each of lists.trusted) collected.add('imported', 'trusted', each);
    for (const each of lists.untrusted) collected.add('imported', 'untrusted', each);
    return;
  }
  const trusted = byName(lists.trusted);
  const untrusted = byName(lists.untrusted);
  for (const name of item.names) {
    const kind = trusted.has(name.text) ? 'trusted' : 'untrusted';
    const found = trusted.get(name.text) ?? untrusted.get(name.text);
    if (found === undefined) problems.missing('oe', name, item.file.text);
    else collected.add('imported', kind, found);
  }
}

const byName = (functions: readonly FunctionDeclaration[]): ReadonlyMap<string, FunctionDeclaration> =>
  new Map(functions.map((each) => [each.name.text, each]));

class FunctionCollection {
  readonly #problems: ImportProblems;
  readonly #names = new Map<string, FunctionDeclaration>();
  readonly #lists = {
    own: { trusted: new Array<FunctionDeclaration>(), untrusted: new Array<FunctionDeclaration>() },
    imported: { trusted: new Array<FunctionDeclaration>(), untrusted: new Array<FunctionDeclaration>() },
  };

  constructor(problems: ImportProblems) {
    this.#problems = problems;
  }

  add(from: 'own' | 'imported', kind: 'trusted' | 'untrusted', added: FunctionDeclaration): void {
    const known = this.#names.get(added.name.text);
    if (known === undefined) {
      this.#names.set(added.name.text, added);
      this.#lists[from][kind].push(added);
    } else if (known !== added) this.#problems.duplicate('oe', added, known);
  }

  lists(): FunctionLists {
    const { own, imported } = this.#lists;
    return {
      trusted: [...own.trusted, ...imported.trusted],
      untrusted: [...own.untrusted, ...imported.untrusted],
    };
  }
}
