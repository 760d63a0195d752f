import type { Findings } from '../findings/findings.ts';
import type { Rule } from '../findings/rule.ts';
import type { DialectChoice } from '../source/dialect.ts';
import { deepestImports, longestFile, longestFiles, mostFiles, mostTokens } from '../source/limits.ts';
import type { Place, SourceText } from '../source/place.ts';
import { parseSource } from '../syntax/parse.ts';
import type { EdlFile, ImportItem } from '../syntax/tree.ts';
import type { LoadedEdl } from './loaded.ts';
import { candidatePaths } from './paths.ts';
import { loadingRules as rules } from './rules.ts';

export interface LoadOptions {
  /** @returns the text of a file, or nothing when there is none of this path */
  readonly read: (path: string) => string | undefined;
  readonly searchPaths: readonly string[];
  readonly defines: Readonly<Record<string, string>>;
  readonly dialect: DialectChoice;
  readonly findings: Findings;
}

export interface LoadResult {
  /** Absent when the file is not there, or holds no enclave. */
  readonly loaded?: LoadedEdl;
  /** The paths of all files that were read, in that order, broken ones among them. */
  readonly paths: readonly string[];
}

/**
 * Reads a file and, depth first, what it imports. Each file is read and parsed once, however many import it. What is wrong is
 * reported to the findings.
 */
export function loadEdl(file: string, options: LoadOptions): LoadResult {
  const loader = new Loader(options);
  return loader.run(file);
}

/** Paths that the note of a missing file names. */
const mostPathsShown = 8;

class Loader {
  readonly #options: LoadOptions;
  readonly #budget = { left: mostTokens };
  readonly #texts = new Map<string, string | undefined>();
  #lengthOfAll = 0;
  readonly #paths: string[] = [];
  readonly #files = new Map<string, EdlFile>();
  readonly #broken = new Set<string>();
  readonly #imports = new Map<ImportItem, EdlFile>();
  /** The paths of files that are being read, each imported by the one before it. */
  readonly #chain: string[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  run(file: string): LoadResult {
    const path = this.#find(file, undefined);
    if (path === undefined) {
      this.#options.findings.report(rules.notFound, wholeFile(file), [file]);
      return { paths: this.#paths };
    }
    const root = this.#load(path, wholeFile(path));
    return {
      paths: this.#paths,
      ...(root && { loaded: { root, files: this.#files, imports: this.#imports } }),
    };
  }

  #find(name: string, importer: string | undefined): string | undefined {
    return candidatePaths(name, importer, this.#options.searchPaths).find((path) => this.#text(path) !== undefined);
  }

  #lookedFor(name: string, importer: string): string[] {
    const paths = candidatePaths(name, importer, this.#options.searchPaths);
    const shown = paths.slice(0, mostPathsShown).join(', ');
    const more = paths.length - mostPathsShown;
    return paths.length === 0 ? [] : [`looked for ${shown}${more > 0 ? `, and in ${more} more places` : ''}`];
  }

  #text(path: string): string | undefined {
    if (this.#texts.has(path)) return this.#texts.get(path);
    const text = this.#options.read(path);
    this.#lengthOfAll += text?.length ?? 0;
    this.#texts.set(path, text);
    return text;
  }

  /** @param at What asks for the file, for problems with the file as a whole */
  #load(path: string, at: Place): EdlFile | undefined {
    const known = this.#files.get(path);
    if (known !== undefined || this.#broken.has(path)) return known;
    const { findings, dialect, defines } = this.#options;
    const text = this.#text(path) ?? '';
    const rule = this.#boundOf(text);
    if (rule !== undefined) {
      findings.report(rule, at);
      return undefined;
    }
    this.#paths.push(path);
    const source: SourceText = { path, text };
    const file = parseSource(source, { dialect, findings, defines, budget: this.#budget });
    if (file === undefined) {
      this.#broken.add(path);
      return undefined;
    }
    this.#files.set(path, file);
    this.#chain.push(path);
    for (const item of file.items) if (item.kind === 'import') this.#follow(item, path);
    this.#chain.pop();
    return file;
  }

  #boundOf(text: string): Rule | undefined {
    if (text.length > longestFile) return rules.tooLong;
    if (this.#lengthOfAll > longestFiles) return rules.tooLongTogether;
    if (this.#paths.length >= mostFiles) return rules.tooMany;
    return this.#chain.length >= deepestImports ? rules.tooDeep : undefined;
  }

  #follow(item: ImportItem, importer: string): void {
    const { findings } = this.#options;
    // One file that is too much was reported: a hostile interface names a large file by endlessly many paths.
    if (findings.isFull || this.#lengthOfAll > longestFiles) return;
    const { text: name, at } = item.file;
    const path = this.#find(name, importer);
    if (path === undefined) return findings.report(rules.notFound, at, [name], this.#lookedFor(name, importer));
    const start = this.#chain.indexOf(path);
    if (start >= 0) {
      const circle = [...this.#chain.slice(start), path];
      const notes = circle.slice(1).map((imported, index) => `${circle[index] ?? ''} imports ${imported}`);
      return findings.report(rules.circle, item.file.at, [item.file.text, path], notes);
    }
    const file = this.#load(path, item.file.at);
    if (file !== undefined) this.#imports.set(item, file);
  }
}

function wholeFile(path: string): Place {
  return { source: { path, text: '' }, start: 0, end: 0 };
}
