import { EdlFileError } from '../findings/refused.ts';
import type { SourceText } from '../source/place.ts';
import { parseEdl, type ParseOptions } from '../syntax/parse-edl.ts';
import { elementsOf } from './elements.ts';
import { Formatter } from './formatter.ts';

/**
 * Formats an EDL file: two spaces for each brace, one statement a line, at most 100 columns where parameters allow it. Tokens, comments
 * and directives stay as they are and in their order, also where a conditional leaves them out.
 *
 * @param options How to read the file. Only what is read must be valid: branches of conditionals that are left out may hold anything
 * @returns The formatted text; formatting it again gives the same
 * @throws {EdlFileError} EDL_FILE_REFUSED
 * @example
 * formatEdl({ path: 'a.edl', text: 'enclave{trusted{public void f();};};' });
 */
export function formatEdl(source: SourceText, options: ParseOptions = {}): string {
  const { dialect, file, diagnostics } = parseEdl(source, options);
  if (file === undefined) throw new EdlFileError(source.path, diagnostics);
  const leftOut = file.trivia.filter(({ kind }) => kind === 'left-out').map(({ at }) => at);
  const formatter = new Formatter();
  return formatter.format(elementsOf(source, leftOut, dialect));
}
