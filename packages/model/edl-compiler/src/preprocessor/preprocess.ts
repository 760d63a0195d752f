import { Lexer, type LexerOptions } from '../lexis/lexer.ts';
import type { RawToken, Token } from '../lexis/token.ts';
import { lexicalRules } from '../lexis/rules.ts';
import type { SourceText } from '../source/place.ts';
import type { Trivia } from '../source/trivia.ts';
import { Conditionals, type Conditional } from './conditionals.ts';
import { Directives, tokensOfDirective } from './directives.ts';
import { Macros } from './macros.ts';
import { definedNames } from './predefined.ts';
import { directiveRules } from './rules.ts';

export interface PreprocessOptions extends LexerOptions {
  /** Names that are defined, with what they stand for; an empty text only defines the name. */
  readonly defines: Readonly<Record<string, string>>;
}

export interface PreprocessedText {
  /** The last one is the `end`. */
  readonly tokens: readonly Token[];
  readonly trivia: readonly Trivia[];
  readonly conditionals: readonly Conditional[];
}

type Comment = RawToken & { readonly kind: 'line-comment' | 'block-comment' };

const symbols = new Set('{}()[]*,;=');

/**
 * Obeys the directives of a text: what is left is what the grammar sees. In Open Enclave's dialect macros are never replaced; in the
 * other and in both they are.
 */
export function preprocess(source: SourceText, options: PreprocessOptions): PreprocessedText {
  const preprocessor = new Preprocessor(source, options);
  return preprocessor.run();
}

class Preprocessor {
  readonly #source: SourceText;
  readonly #options: PreprocessOptions;
  readonly #lexer: Lexer;
  readonly #macros: Macros;
  readonly #conditionals = new Conditionals();
  readonly #directives: Directives;
  readonly #tokens: Token[] = [];
  readonly #trivia: Trivia[] = [];
  /** Read, and not looked at yet: what follows a directive on its line. */
  #following: RawToken | undefined;
  /** Whether macros stand for more than is read. */
  #isOver = false;
  /** Where the last character without a use ends: `::` is one slip, not two. */
  #unknownEnd = -1;
  /** Where what is left out begins. */
  #leftOutFrom: number | undefined;

  constructor(source: SourceText, options: PreprocessOptions) {
    this.#source = source;
    this.#options = options;
    this.#lexer = new Lexer(source, options);
    this.#macros = new Macros(options.budget);
    for (const [name, body] of definedNames(options)) this.#macros.define(name, body);
    this.#directives = new Directives({ source, options, macros: this.#macros, conditionals: this.#conditionals });
  }

  run(): PreprocessedText {
    let isFirstOnLine = true;
    for (;;) {
      const token = this.#next();
      if (token.kind === 'end' || this.#isOver) return this.#finish(token);
      if (token.kind === 'newline') isFirstOnLine = true;
      else if (isComment(token)) this.#comment(token);
      else if (token.text === '#' && token.kind === 'symbol' && this.#isDirective(token, isFirstOnLine)) {
        this.#directive(token);
        isFirstOnLine = true;
      } else {
        isFirstOnLine = false;
        if (this.#conditionals.isKept) this.#keep(token);
        else if (isUnknown(token)) {
          this.#options.findings.report(lexicalRules.leftOutCharacter, this.#at(token), [token.text]);
        }
      }
    }
  }

  /** In what is left out, gcc looks for directives at the beginnings of lines only; oeedger8r looks everywhere. */
  #isDirective(mark: RawToken, isFirstOnLine: boolean): boolean {
    if (isFirstOnLine) return true;
    const { findings, dialect } = this.#options;
    const { isKept } = this.#conditionals;
    if (isKept) findings.report(directiveRules.notFirst, this.#at(mark));
    else if (dialect === 'both') findings.report(directiveRules.hidden, this.#at(mark));
    return isKept || dialect !== 'intel';
  }

  #finish(end: RawToken): PreprocessedText {
    const open = this.#conditionals.innermost;
    if (open !== undefined) this.#options.findings.report(directiveRules.openConditional, this.#at(open));
    this.#endLeftOut(end.start);
    this.#tokens.push({ ...end, kind: 'end', text: '' });
    return { tokens: this.#tokens, trivia: this.#trivia, conditionals: this.#conditionals.ended };
  }

  #comment(token: Comment): void {
    if (this.#leftOutFrom === undefined) this.#trivia.push({ kind: token.kind, at: this.#at(token) });
  }

  #next(): RawToken {
    const token = this.#following ?? this.#lexer.next();
    this.#following = undefined;
    return token;
  }

  /** Reads to the end of the directive, which is that of its line but for text that Open Enclave's compiler takes for text of the file. */
  #directive(mark: RawToken): void {
    this.#endLeftOut(mark.start);
    const line: Token[] = [];
    let { end } = mark;
    let last = this.#lexer.next();
    const comments: RawToken[] = [];
    for (; last.kind !== 'newline' && last.kind !== 'end'; last = this.#lexer.next()) {
      if (!isToken(last)) comments.push(last);
      else if (line.length < tokensOfDirective(line[0]?.text ?? '', this.#options.dialect)) {
        line.push(last);
        ({ end } = last);
      } else break;
    }
    this.#trivia.push({ kind: 'directive', at: this.#at({ start: mark.start, end }) });
    for (const comment of comments.filter(isComment)) this.#comment(comment);
    this.#directives.obey(line, { start: mark.start, end });
    if (isToken(last)) this.#following = last;
    if (!this.#conditionals.isKept) this.#leftOutFrom = isToken(last) ? last.start : last.end;
  }

  #endLeftOut(end: number): void {
    const start = this.#leftOutFrom;
    this.#leftOutFrom = undefined;
    if (start !== undefined && start < end) this.#trivia.push({ kind: 'left-out', at: this.#at({ start, end }) });
  }

  #keep(token: RawToken): void {
    if (!isToken(token)) return;
    const { findings } = this.#options;
    if (isUnknown(token)) {
      if (token.start !== this.#unknownEnd) {
        findings.report(lexicalRules.unknownCharacter, this.#at(token), [token.text]);
      }
      this.#unknownEnd = token.end;
    } else if (this.#options.dialect === 'oe') this.#tokens.push(token);
    else if (!this.#macros.expand(token, this.#tokens)) {
      findings.report(lexicalRules.tooManyTokens, this.#at(token));
      this.#isOver = true;
    }
  }

  #at({ start, end }: { readonly start: number; readonly end: number }): Trivia['at'] {
    return { source: this.#source, start, end };
  }
}

function isUnknown({ kind, text }: RawToken): boolean {
  return kind === 'symbol' && !symbols.has(text);
}

function isToken(token: RawToken): token is Token {
  return !['line-comment', 'block-comment', 'newline'].includes(token.kind);
}

function isComment(token: RawToken): token is Comment {
  return token.kind === 'line-comment' || token.kind === 'block-comment';
}
