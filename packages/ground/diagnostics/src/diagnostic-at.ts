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
    line: source.text.slice(0, lineStart).split('\n').length,
    column,
    length: Math.max(1, Math.min(span.end - span.start, lineText.length - column + 1)),
    lineText,
    notes: problem.notes ?? [],
    ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
  });
}
