import type { Diagnostic } from './diagnostic.ts';

/** A range of a text: UTF-16 offsets, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A diagnostic for a span of a text. */
export function diagnosticAt(
  source: { readonly file: string; readonly text: string },
  span: Span,
  problem: { code: string; text: string; notes?: readonly string[]; suggestion?: string | undefined },
): Diagnostic {
  const lineStart = span.start === 0 ? 0 : source.text.lastIndexOf('\n', span.start - 1) + 1;
  const nextBreak = source.text.indexOf('\n', span.start);
  const lineText = source.text.slice(lineStart, nextBreak < 0 ? undefined : nextBreak).replace(/\r$/, '');
  const column = span.start - lineStart + 1;
  return Object.freeze({
    code: problem.code,
    text: problem.text,
    file: source.file,
    line: lineNumber(source.text, lineStart),
    column,
    length: Math.max(1, Math.min(span.end - span.start, lineText.length - column + 1)),
    lineText,
    notes: problem.notes ?? [],
    ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
  });
}

/** Counted without pieces of the text, since compilers report hundreds of problems in texts of megabytes. */
function lineNumber(text: string, at: number): number {
  let line = 1;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) line++;
  return line;
}
