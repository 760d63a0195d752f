import type { Diagnostic } from '@enclos/diagnostics';
import { compileEdl, formatEdl, parseEdl, type DialectChoice } from '../src/index.ts';

const path = 'a.edl';
const dialects: readonly DialectChoice[] = ['both', 'oe', 'intel'];

/**
 * Whatever a file is: problems point into their files, what one dialect accepts both accept, and a file that can be read is formatted
 * at once and keeps its meaning.
 */
export function judge(text: string, imported: Readonly<Record<string, string>> = {}): void {
  const accepted = dialects.filter((dialect) => {
    const files: Readonly<Record<string, string>> = { ...imported, [path]: text };
    const compiled = compile(files, dialect);
    const { file, diagnostics } = parseEdl({ path, text }, { dialect });
    requireInside(diagnostics, { [path]: text });
    if (file === undefined) return false;
    const formatted = formatEdl({ path, text }, { dialect });
    if (formatEdl({ path, text: formatted }, { dialect }) !== formatted) {
      throw new Error('Formatted twice it is another text.');
    }
    // White space that only one compiler accepts does not come back.
    const isClean = !/\\[ \t]*\r?\n|[\f\uFEFF]/.test(text);
    const again = isClean ? compile({ ...files, [path]: formatted }, dialect) : compiled;
    if (again?.meaning !== compiled?.meaning) throw new Error('Formatting changed the meaning.');
    // Directives within a line are for one compiler; on lines of their own they are for both.
    if (again?.dialect !== compiled?.dialect && again?.dialect !== 'both') {
      throw new Error('Formatting changed for whom it is.');
    }
    return compiled !== undefined;
  });
  // Zeros before a number, comments that a backslash continues and directives within lines mean something else to each compiler.
  const isAmbiguous = /\b0[0-9]|\\[ \t]*\r?\n|[^\s][^\n]*#/.test([text, ...Object.values(imported)].join('\n'));
  if (accepted.length > 0 && !accepted.includes('both') && !isAmbiguous) {
    throw new Error(`Only ${accepted.join()} accepts it.`);
  }
}

interface Compiled {
  readonly meaning: string;
  /** Whose compiler accepts it. */
  readonly dialect: DialectChoice;
}

function compile(files: Readonly<Record<string, string>>, dialect: DialectChoice): Compiled | undefined {
  const read = (name: string): string | undefined => (Object.hasOwn(files, name) ? files[name] : undefined);
  const { model, diagnostics } = compileEdl({ file: path, read, dialect });
  requireInside(diagnostics, files);
  if (diagnostics.length > 200) throw new Error('Too many diagnostics.');
  if (model === undefined) return undefined;
  const { dialect: accepts, ...meaning } = model;
  return { meaning: JSON.stringify(meaning), dialect: accepts };
}

function requireInside(diagnostics: readonly Diagnostic[], files: Readonly<Record<string, string>>): void {
  for (const { file, line, column, length, text, notes } of diagnostics) {
    if (text === '' || notes.some((note) => note.includes('undefined'))) throw new Error(`Words are missing: ${text}`);
    if (line === undefined || column === undefined || length === undefined) continue;
    const lineText = files[file ?? '']?.split('\n')[line - 1];
    if (lineText === undefined || column > lineText.length + 1 || length < 1) {
      throw new Error(`A problem outside of the text: ${text}`);
    }
  }
}
