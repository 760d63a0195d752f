import { Findings } from '../findings/findings.ts';
import { Lexer } from '../lexis/lexer.ts';
import type { RawToken } from '../lexis/token.ts';
import { tokensOfDirective } from '../preprocessor/directives.ts';
import { mostTokens } from '../source/limits.ts';
import type { DialectChoice } from '../source/dialect.ts';
import type { SourceText } from '../source/place.ts';

/** A piece of a file that stays as it is; what changes is the white space between pieces. */
export interface Element {
  readonly kind: 'token' | 'line-comment' | 'block-comment' | 'directive' | 'verbatim';
  /** The whole of it, with `\n` for ends of lines. */
  readonly text: string;
  /** Ends of lines before it: with none, the piece before it stands on the same line. */
  readonly linesBefore: number;
  /** Whether it is the last on its line. */
  readonly endsLine: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const symbols = new Set('{}()[]*,;=');

/**
 * Cuts a file that was accepted into what its formatted form consists of.
 *
 * @param dialect The one by which it was accepted: where comments end may depend on it
 * @param leftOut What conditionals leave out, ascending. Where it could not be a part of an interface it stays verbatim
 */
export function elementsOf(source: SourceText, leftOut: readonly Span[], dialect: DialectChoice): readonly Element[] {
  const kept = verbatimSpans(source, leftOut, dialect);
  const elements: { kind: Element['kind']; text: string; linesBefore: number; endsLine: boolean }[] = [];
  const { lexer } = lexing(source, dialect);
  let linesBefore = 1;
  let next = 0;
  const add = (kind: Element['kind'], { start, end }: Span): void => {
    const last = elements.at(-1);
    if (last !== undefined && linesBefore > 0) last.endsLine = true;
    const text = source.text.slice(start, end).replaceAll('\r\n', '\n');
    elements.push({ kind, text, linesBefore, endsLine: false });
    linesBefore = 0;
  };
  let token = lexer.next();
  while (token.kind !== 'end') {
    const span = kept[next];
    if (span !== undefined && token.start >= span.start) {
      // The end of the line before it and its own are not a part of it.
      while (token.kind !== 'end' && token.start < span.end) token = lexer.next();
      const text = source.text.slice(span.start, span.end);
      if (text.trim() !== '') {
        linesBefore = Math.max(linesBefore, 1 + (/^[^\S\n]*\n/.test(text) ? 1 : 0));
        const start = span.start + (/^(?:[^\S\n]*\n)*/.exec(text)?.[0].length ?? 0);
        add('verbatim', { start, end: span.start + text.trimEnd().length });
      }
      linesBefore = (/\n\s*$/.exec(text)?.[0] ?? '\n').split('\n').length - 1 || 1;
      next++;
      if (token.kind === 'end') break;
    }
    if (token.kind === 'newline') linesBefore++;
    else if (token.kind === 'symbol' && token.text === '#') {
      const { end, following } = directiveEnd(lexer, token, dialect);
      add('directive', { start: token.start, end });
      token = following;
      continue;
    } else add(token.kind === 'line-comment' || token.kind === 'block-comment' ? token.kind : 'token', token);
    token = lexer.next();
  }
  const last = elements.at(-1);
  if (last !== undefined) last.endsLine = true;
  return elements;
}

function lexing(source: SourceText, dialect: DialectChoice): { lexer: Lexer; findings: Findings } {
  const findings = new Findings({ dialect });
  return { lexer: new Lexer(source, { dialect, findings, budget: { left: mostTokens } }), findings };
}

/** Where a directive ends with the comments after it, and what follows it: the end of the line, or text of the file. */
function directiveEnd(lexer: Lexer, mark: RawToken, dialect: DialectChoice): { end: number; following: RawToken } {
  let { end } = mark;
  let name = '';
  let count = 0;
  for (;;) {
    const token = lexer.next();
    if (token.kind === 'newline' || token.kind === 'end') return { end, following: token };
    if (token.kind !== 'line-comment' && token.kind !== 'block-comment') {
      if (count >= tokensOfDirective(name, dialect)) return { end, following: token };
      if (count++ === 0) name = token.text;
    }
    ({ end } = token);
  }
}

/** The parts of what is left out that hold something which is not a token of the language. */
function verbatimSpans(source: SourceText, leftOut: readonly Span[], dialect: DialectChoice): readonly Span[] {
  return leftOut.filter(({ start, end }) => {
    const { lexer, findings } = lexing({ path: source.path, text: source.text.slice(start, end) }, dialect);
    for (let token = lexer.next(); token.kind !== 'end'; token = lexer.next()) {
      if (token.kind === 'symbol' && !symbols.has(token.text)) return true;
    }
    return findings.hasErrors;
  });
}
