import { didYouMean } from '@enclos/diagnostics';
import type { PolicySpan } from '../policy-error.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Token } from './lexer.ts';

/** From the start of one place to the end of another. */
export function spanTo(from: PolicySpan, to: PolicySpan): PolicySpan {
  return { ...from, end: Math.max(from.end, to.end) };
}

export function meant(word: string, known: readonly string[]): string | undefined {
  const found = didYouMean(word, known);
  return found === undefined ? undefined : `"${found}" — did you mean that?`;
}

/** The words for a token in a message. */
export function describe({ kind, text }: Token): string {
  if (kind === 'end') return 'the end of the text';
  if (kind === 'string') return 'a string';
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return `"${shown}"`;
}

/** The tokens of a text with a place in them. */
export class TokenStream {
  readonly diagnostics: Diagnostics;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #at = 0;

  constructor(tokens: readonly Token[], diagnostics: Diagnostics) {
    this.#tokens = tokens;
    this.diagnostics = diagnostics;
    const end = tokens.at(-1);
    if (end === undefined) throw new RangeError('The lexer always gives an end.');
    this.#end = end;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }

  /** The token before the next one. */
  get previous(): Token {
    return this.#tokens[Math.max(0, this.#at - 1)] ?? this.#end;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  is(symbol: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'symbol' && text === symbol;
  }

  take(symbol: string): boolean {
    const found = this.is(symbol);
    if (found) this.next();
    return found;
  }

  /** Takes a symbol, or unwinds with `message`. */
  expect(symbol: string, message: string): Token {
    if (this.is(symbol)) return this.next();
    return this.diagnostics.fail(`${message}; here is ${describe(this.peek())}.`, this.peek().span, `"${symbol}"`);
  }

  /** Reports that a symbol is missing after the last token, and continues as if it were there. */
  expectSoftly(symbol: string, message: string): void {
    if (this.take(symbol)) return;
    const { end, line, column, start } = this.previous.span;
    const span = { start: end, end, line, column: column + (end - start) };
    this.diagnostics.report('CLAIM_RULES_SYNTAX', message, span, `"${symbol}"`);
  }

  expectIdentifier(message: string): Token {
    if (this.peek().kind === 'identifier') return this.next();
    return this.diagnostics.fail(`${message}; here is ${describe(this.peek())}.`, this.peek().span);
  }
}
