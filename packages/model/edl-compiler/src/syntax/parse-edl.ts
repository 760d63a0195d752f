import type { Diagnostic } from '@enclos/diagnostics';
import { Findings } from '../findings/findings.ts';
import { readingOf } from '../findings/readings.ts';
import type { DialectChoice } from '../source/dialect.ts';
import type { SourceText } from '../source/place.ts';
import { mostTokens } from '../source/limits.ts';
import { parseSource } from './parse.ts';
import type { EdlFile } from './tree.ts';

export interface ParseOptions {
  /** Default: `both`. */
  readonly dialect?: DialectChoice;
  /** Names that are defined, with what they stand for. */
  readonly defines?: Readonly<Record<string, string>>;
}

export interface ParsedEdl {
  /** By which it was read: the one that was asked for, or where the compilers read different text, one of the two. */
  readonly dialect: DialectChoice;
  /** Absent when the file is refused. */
  readonly file?: EdlFile;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads one EDL file, without what it imports and without the rules that go beyond the grammar.
 *
 * @example
 * const { file, diagnostics } = parseEdl({ path: 'a.edl', text: 'enclave { trusted { public void f(); }; };' });
 */
export function parseEdl(source: SourceText, options: ParseOptions = {}): ParsedEdl {
  const { dialect, findings, result } = readingOf(options.dialect ?? 'both', (each) => {
    const own = new Findings({ dialect: each });
    const defines = options.defines ?? {};
    const file = parseSource(source, { dialect: each, findings: own, defines, budget: { left: mostTokens } });
    return { dialect: each, findings: own, result: file };
  });
  const diagnostics = findings.diagnostics();
  return result === undefined || findings.hasErrors ? { dialect, diagnostics } : { dialect, file: result, diagnostics };
}
