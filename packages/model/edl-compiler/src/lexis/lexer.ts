import type { Findings } from '../findings/findings.ts';
import type { Rule } from '../findings/rule.ts';
import type { DialectChoice } from '../source/dialect.ts';
import type { SourceText } from '../source/place.ts';
import { lexicalRules } from './rules.ts';
import type { RawToken, TokenBudget } from './token.ts';

const space = /[ \t\v\r]+/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Anything that begins with a digit; its reader decides which of these are integers. */
const number = /[0-9][A-Za-z0-9_]*/y;
const string = /"([^"\r\n]*)("?)/y;
/** Operators of conditions; none of them has a place in the grammar. */
const operator = /&&|\|\||[=!<>]=/y;
const splice = /\\\r?\n/y;
const mark = '\uFEFF';

export interface LexerOptions {
  readonly dialect: DialectChoice;
  readonly findings: Findings;
  readonly budget: TokenBudget;
}

/** Cuts a text into tokens, in time that grows with its length. What breaks a rule is reported and skipped. */
export class Lexer {
  readonly source: SourceText;
  readonly #text: string;
  readonly #options: LexerOptions;
  #at = 0;

  constructor(source: SourceText, options: LexerOptions) {
    this.source = source;
    this.#text = source.text;
    this.#options = options;
    if (!this.#text.startsWith(mark)) return;
    this.#report(lexicalRules.byteOrderMark, 0, 1);
    this.#at = 1;
  }

  /** The next token; at the end of the text, or when the budget is spent, always `end`. */
  next(): RawToken {
    for (;;) {
      this.#match(space);
      if (this.#text[this.#at] === '\f') {
        this.#report(lexicalRules.formFeed, this.#at, this.#at + 1);
        this.#at++;
        continue;
      }
      const start = this.#at;
      if (this.#match(splice) === undefined) break;
      this.#report(lexicalRules.continuedLine, start, this.#at);
    }
    const start = this.#at;
    if (start >= this.#text.length) return this.#token('end', start, '');
    if (this.#options.budget.left <= 0) {
      this.#report(lexicalRules.tooManyTokens, start, start + 1);
      this.#at = this.#text.length;
      return this.#token('end', start, '');
    }
    this.#options.budget.left--;
    return this.#tokenAt(start);
  }

  #tokenAt(start: number): RawToken {
    const first = this.#text[start];
    if (first === '\n') {
      this.#at++;
      return this.#token('newline', start, '');
    }
    const name = this.#match(word);
    if (name !== undefined) return this.#token('name', start, name);
    const digits = this.#match(number);
    if (digits !== undefined) return this.#token('number', start, digits);
    if (first === '"') return this.#string(start);
    if (this.#text.startsWith('//', start)) return this.#lineComment(start);
    if (this.#text.startsWith('/*', start)) return this.#blockComment(start);
    const pair = this.#match(operator);
    if (pair !== undefined) return this.#token('symbol', start, pair);
    const symbol = String.fromCodePoint(this.#text.codePointAt(start) ?? 0);
    this.#at += symbol.length;
    return this.#token('symbol', start, symbol);
  }

  #string(start: number): RawToken {
    string.lastIndex = start;
    const found = string.exec(this.#text);
    const value = found?.[1] ?? '';
    const isClosed = found?.[2] === '"';
    this.#at = start + 1 + value.length + (isClosed ? 1 : 0);
    if (!isClosed) this.#report(lexicalRules.openString, start, this.#at);
    return this.#token('string', start, value);
  }

  /** The preprocessor of Intel's compiler joins a comment that ends with a backslash with the next line; Open Enclave's does not. */
  #lineComment(start: number): RawToken {
    const { dialect } = this.#options;
    let end = this.#lineEnd(start);
    while (end < this.#text.length && /\\[ \t]*\r?$/.test(this.#text.slice(Math.max(start, end - 100), end))) {
      if (dialect === 'both' && !/^[ \t\r]*(?:$|\/\/)/.test(this.#text.slice(end + 1, this.#lineEnd(end + 1)))) {
        this.#report(lexicalRules.continuedComment, start, end);
      }
      if (dialect !== 'intel') break;
      end = this.#lineEnd(end + 1);
    }
    this.#at = end;
    return this.#token('line-comment', start, '');
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end < 0 ? this.#text.length : end;
  }

  #blockComment(start: number): RawToken {
    const end = this.#text.indexOf('*/', start + 2);
    if (end < 0) this.#report(lexicalRules.openComment, start, start + 2);
    this.#at = end < 0 ? this.#text.length : end + 2;
    return this.#token('block-comment', start, '');
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #token(kind: RawToken['kind'], start: number, text: string): RawToken {
    return { kind, text, start, end: this.#at };
  }

  #report(rule: Rule, start: number, end: number): void {
    this.#options.findings.report(rule, { source: this.source, start, end });
  }
}
