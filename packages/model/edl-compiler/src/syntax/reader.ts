import type { Findings } from '../findings/findings.ts';
import type { Rule } from '../findings/rule.ts';
import type { Token } from '../lexis/token.ts';
import type { DialectChoice } from '../source/dialect.ts';
import { mostOfInteger } from '../source/limits.ts';
import type { Place, SourceText } from '../source/place.ts';
import { intelKeywords, typeWords } from './names.ts';
import { syntaxRules as rules } from './rules.ts';
import type { IntegerLiteral, Name } from './tree.ts';

/** Unwinds to a place where reading can go on; the problem was reported. */
export class Recovery extends Error {}

export interface ReaderContext {
  readonly source: SourceText;
  readonly findings: Findings;
  readonly dialect: DialectChoice;
}

/** The tokens of a file, with what the grammar asks of them. */
export class TokenReader {
  readonly context: ReaderContext;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #at = 0;
  /** How many braces are open. */
  #depth = 0;

  /** @param tokens The last one is the `end` */
  constructor(tokens: readonly Token[], context: ReaderContext) {
    this.context = context;
    this.#tokens = tokens;
    this.#end = tokens.at(-1) ?? { kind: 'end', text: '', start: 0, end: 0 };
  }

  get token(): Token {
    return this.ahead(0);
  }

  get previous(): Token {
    return this.ahead(-1);
  }

  get depth(): number {
    return this.#depth;
  }

  get isAtEnd(): boolean {
    return this.token.kind === 'end';
  }

  ahead(count: number): Token {
    return this.#tokens[this.#at + count] ?? this.#end;
  }

  take(): Token {
    const token = this.token;
    if (token.kind === 'end') return token;
    this.#at++;
    if (token.kind === 'symbol' && token.text === '{') this.#depth++;
    if (token.kind === 'symbol' && token.text === '}') this.#depth--;
    return token;
  }

  isSymbol(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol;
  }

  isWord(word: string): boolean {
    return this.token.kind === 'name' && this.token.text === word;
  }

  takeSymbol(symbol: string): boolean {
    const isThere = this.isSymbol(symbol);
    if (isThere) this.take();
    return isThere;
  }

  takeWord(word: string): boolean {
    const isThere = this.isWord(word);
    if (isThere) this.take();
    return isThere;
  }

  /** @param other What could stand there as well, for the message */
  expectSymbol(symbol: string, other?: string): Token {
    if (this.isSymbol(symbol)) return this.take();
    return this.fail(rules.expectedSymbol, [symbol, printed(this.token), ...(other === undefined ? [] : [other])]);
  }

  /** Where a semicolon seems to be forgotten, reading goes on without it. */
  expectSemicolon(): void {
    if (this.takeSymbol(';')) return;
    const { previous, token, context } = this;
    const isForgotten = this.isSymbol('}') || context.source.text.slice(previous.end, token.start).includes('\n');
    if (!isForgotten) this.fail(rules.expectedSymbol, [';', printed(token)]);
    const at = { source: context.source, start: previous.end, end: previous.end };
    context.findings.report(rules.expectedSymbol, at, [';', printed(token)]);
  }

  /** @param role What the name is for. @param print What oeedger8r says when it finds something else */
  expectName(role: string, print: (got: string) => string): Name {
    const { kind, text } = this.token;
    if (kind !== 'name' || typeWords.has(text)) {
      this.fail(rules.expectedName, [role, printed(this.token), print(printed(this.token))]);
    }
    return this.#name();
  }

  /** An integer or a name. */
  expectValue(role: string, print: (got: string) => string): Name | IntegerLiteral {
    if (this.token.kind === 'name') return this.#name();
    if (this.token.kind === 'number') return this.#integer(this.take());
    return this.fail(rules.expectedValue, [role, printed(this.token), print(printed(this.token))]);
  }

  nameOf({ text, start, end }: Token): Name {
    return { text, at: { source: this.context.source, start, end } };
  }

  /** From a token to the last one that was taken. */
  placeFrom({ start, end }: Token): Place {
    return { source: this.context.source, start, end: Math.max(end, this.previous.end) };
  }

  report(
    rule: Rule,
    { start, end }: { readonly start: number; readonly end: number },
    words: readonly string[] = [],
  ): void {
    this.context.findings.report(rule, { source: this.context.source, start, end }, words);
  }

  /** Reports a problem of the current token. */
  fail(rule: Rule, words: readonly string[]): never {
    this.report(rule, this.token, words);
    throw new Recovery();
  }

  /** One after another until a symbol, with commas between; Open Enclave's compiler lets one stand after the last. */
  list(close: string, one: () => void): void {
    while (!this.isSymbol(close)) {
      one();
      if (this.isSymbol(close)) return;
      const comma = this.expectSymbol(',', close);
      if (this.isSymbol(close)) this.report(rules.trailingComma, comma, [close]);
    }
  }

  /** Before a section that begins inside another: its brace was forgotten. */
  closeForgottenBrace(): boolean {
    const { kind, text } = this.ahead(1);
    const isSection = (this.isWord('trusted') || this.isWord('untrusted')) && kind === 'symbol' && text === '{';
    if (!isSection) return false;
    this.report(rules.expectedSymbol, this.token, ['}', this.token.text]);
    this.#depth--;
    return true;
  }

  /** Where as many braces are open as before, goes on after a semicolon, or before a closing brace or a word that begins something. */
  recover(depth: number, beginners: ReadonlySet<string>): void {
    for (let isFirst = true; !this.isAtEnd; isFirst = false) {
      const isOutside = this.#depth <= depth;
      if (isOutside && (this.isSymbol('}') || (!isFirst && this.#begins(beginners)))) return;
      const { kind, text } = this.take();
      if (isOutside && kind === 'symbol' && text === ';') return;
    }
  }

  /** Whether a word of these stands first on its line. */
  #begins(words: ReadonlySet<string>): boolean {
    const { kind, text, start } = this.token;
    if (kind !== 'name' || !words.has(text)) return false;
    return this.context.source.text.slice(this.previous.end, start).includes('\n');
  }

  #name(): Name {
    const { text } = this.token;
    if (intelKeywords.has(text) || typeWords.has(text)) this.report(rules.reservedName, this.token, [text]);
    return this.nameOf(this.take());
  }

  #integer(token: Token): IntegerLiteral {
    const [, digits = '0', rest = ''] = /^([0-9]+)(.*)$/.exec(token.text) ?? [];
    const isOctal = digits.length > 1 && digits.startsWith('0') && this.context.dialect !== 'intel';
    if (rest !== '' || (isOctal && /[89]/.test(digits))) this.report(rules.integer, token, [token.text, rest]);
    else if (isOctal && this.context.dialect === 'both') this.report(rules.leadingZero, token, [digits]);
    const value = isOctal && /^[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : BigInt(digits.slice(0, 100));
    if (value > mostOfInteger) this.report(rules.hugeInteger, token, [digits]);
    return { value, at: this.nameOf(token).at };
  }
}

/** A token as a message shows it. */
export function printed({ kind, text }: Token): string {
  return kind === 'string' ? `"${text}"` : text;
}
