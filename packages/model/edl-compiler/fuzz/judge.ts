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
    if (isClean && compile({ ...files, [path]: formatted }, dialect) !== compiled) {
      throw new Error('Formatting changed the meaning.');
    }
    return compiled !== undefined;
  });
  // Zeros before a number, comments that a backslash continues and directives within lines mean something else to each compiler.
  const isAmbiguous = /\b0[0-9]|\\[ \t]*\r?\n|[^\s][^\n]*#/.test([text, ...Object.values(imported)].join('\n'));
  if (accepted.length > 0 && !accepted.includes('both') && !isAmbiguous) {
    throw new Error(`Only ${accepted.join()} accepts it.`);
  }
}

function compile(files: Readonly<Record<string, string>>, dialect: DialectChoice): string | undefined {
  const read = (name: string): string | undefined => (Object.hasOwn(files, name) ? files[name] : undefined);
  const { model, diagnostics } = compileEdl({ file: path, read, dialect });
  requireInside(diagnostics, files);
  if (diagnostics.length > 200) throw new Error('Too many diagnostics.');
  return model === undefined ? undefined : JSON.stringify(model);
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
