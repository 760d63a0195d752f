import type { Findings } from '../findings/findings.ts';
import type { Rule } from '../findings/rule.ts';
import type { LoadedEdl } from '../loading/loaded.ts';
import { functionRules as rules } from '../rules/functions.ts';
import type { Dialect } from '../source/dialect.ts';
import { mostImported } from '../source/limits.ts';
import type { Place } from '../source/place.ts';
import type { EdlFile, FunctionDeclaration, Name, SectionItem } from '../syntax/tree.ts';
import { ruleFor } from './dialects.ts';

export interface FunctionLists {
  readonly trusted: readonly FunctionDeclaration[];
  readonly untrusted: readonly FunctionDeclaration[];
}

/** Both compilers look for the same mistakes in imports, each in its own way: one report for what both find at a place. */
export class ImportProblems {
  readonly #problems = new Map<string, { rule: Rule; at: Place; words: readonly string[]; dialects: Set<Dialect> }>();
  readonly #fileNumbers: ReadonlyMap<string, number>;
  readonly #at: Place;
  #left = mostImported;

  constructor(loaded: LoadedEdl) {
    this.#at = (loaded.root.items.find(({ kind }) => kind === 'import') ?? loaded.root).at;
    this.#fileNumbers = new Map([...loaded.files.keys()].map((path, index) => [path, index]));
  }

  /** Takes functions and names that are about to be gone through from what may be. @returns whether they may */
  spend(count: number): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }

  missing(dialect: Dialect, name: Name, file: string): void {
    this.#add(dialect, rules.missingImport, { at: name.at, words: [name.text, file] });
  }

  /** Shown at the later one of the file that is compiled, or else of the file that is imported last. */
  duplicate(dialect: Dialect, one: FunctionDeclaration, other: FunctionDeclaration): void {
    const [left, right] = [this.#rank(one), this.#rank(other)];
    const later = left[0] === right[0] ? left[1] > right[1] : left[0] === 0 || (right[0] !== 0 && left[0] > right[0]);
    const { name } = later ? one : other;
    this.#add(dialect, rules.duplicateFunction, { at: name.at, words: [name.text] });
  }

  report(findings: Findings): void {
    if (this.#left < 0) return findings.report(rules.tooManyImported, this.#at);
    for (const { rule, at, words, dialects } of this.#problems.values()) {
      findings.report(ruleFor(rule, [...dialects]), at, words);
    }
  }

  #rank({ name: { at } }: FunctionDeclaration): readonly [number, number] {
    return [this.#fileNumbers.get(at.source.path) ?? 0, at.start];
  }

  #add(dialect: Dialect, rule: Rule, { at, words }: { at: Place; words: readonly string[] }): void {
    const key = `${rule.code} ${at.start} ${at.source.path}`;
    const known = this.#problems.get(key);
    if (known !== undefined) known.dialects.add(dialect);
    else if (this.#problems.size < 1000) this.#problems.set(key, { rule, at, words, dialects: new Set([dialect]) });
  }
}

/** A file's own functions. */
export function ownFunctions(file: EdlFile): FunctionLists {
  const of = (kind: SectionItem['kind']) =>
    file.items.flatMap((item) => (item.kind === kind && 'functions' in item ? item.functions : []));
  return { trusted: of('trusted'), untrusted: of('untrusted') };
}
