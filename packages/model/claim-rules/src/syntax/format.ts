import type { PolicyLimits } from '../limits.ts';
import type { PolicySpan } from '../policy-error.ts';
import type { Policy } from './ast.ts';
import { Diagnostics } from './diagnostics.ts';
import { Lexer, type Comment, type Token } from './lexer.ts';
import { parsePolicy } from './parse.ts';

const indent = '    ';

/**
 * The canonical form of a policy: a rule on one line, or on one line for each of its conditions, `==` for comparisons, and no
 * needless space. Comments stay; a comment in the middle of a line moves before it. Formatted text does not change.
 * @throws PolicyError when a text is not a policy
 */
export function formatPolicy(policy: Policy | string, limits: PolicyLimits = {}): string {
  const { text } = typeof policy === 'string' ? parsePolicy(policy, limits) : policy;
  return new Formatter(text).run();
}

/** Goes over the tokens of a valid policy, so that their order tells what each is. */
class Formatter {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #comments: readonly Comment[];
  readonly #lines: string[] = [];
  /** The line that is being built. */
  #line = '';
  #nextComment = 0;
  /** The last token or comment written. */
  #last: PolicySpan | undefined;
  #lastToken: Token | undefined;
  #inSection = false;
  #inBrackets = false;
  /** Nothing has been written since a section opened, or since one or the version closed. */
  #atTop = true;

  constructor(text: string) {
    this.#text = text;
    ({ tokens: this.#tokens, comments: this.#comments } = new Lexer(text, new Diagnostics()).run());
  }

  run(): string {
    for (const token of this.#tokens) {
      this.#commentsBefore(token);
      if (token.kind !== 'end') this.#token(token);
      this.#last = token.span;
      this.#lastToken = token;
    }
    return `${this.#lines.join('\n')}\n`;
  }

  #commentsBefore(token: Token): void {
    for (let comment = this.#comments[this.#nextComment]; comment !== undefined;) {
      if (comment.span.start > token.span.start) return;
      this.#comment(comment);
      this.#last = comment.span;
      comment = this.#comments[++this.#nextComment];
    }
  }

  #comment({ text, span }: Comment): void {
    const isBetween = this.#line === '';
    const end = this.#lines.length - 1;
    const last = this.#lines[end];
    if (isBetween && last !== undefined && this.#lastToken?.span.line === span.line) {
      this.#lines[end] = `${last} ${text}`;
      return;
    }
    if (isBetween) this.#blankBefore(span);
    // Before the brace that closes a section it is still inside.
    const isInside = this.#inSection || this.#line === '}';
    this.#lines.push(`${isInside ? indent : ''}${text}`);
  }

  #token(token: Token): void {
    if (this.#line === '' && token.text !== '}') this.#blankBefore(token.span);
    if (token.kind === 'string') this.#line += `"${token.text.replaceAll(/["\\]/g, '\\$&')}"`;
    else if (token.kind === 'symbol') this.#symbol(token.text);
    else this.#line += this.#inSection || token.kind === 'number' ? token.text : token.text.toLowerCase();
  }

  #symbol(symbol: string): void {
    switch (symbol) {
      case '{':
        this.#end();
        this.#lines.push('{');
        this.#inSection = true;
        this.#atTop = true;
        return;
      case '}':
        this.#inSection = false;
        this.#line = '}';
        return;
      case ';':
        this.#line += ';';
        this.#end();
        this.#atTop = !this.#inSection;
        return;
      case '&&':
        this.#line += ' &&';
        this.#end();
        return;
      case '=>':
        this.#line += this.#line === '' ? '=> ' : ' => ';
        return;
      case ',':
        this.#line += ', ';
        return;
      default:
        this.#plain(symbol);
    }
  }

  #plain(symbol: string): void {
    if (symbol === '[' || symbol === ']') this.#inBrackets = symbol === '[';
    this.#line += symbol === '=' && this.#inBrackets ? '==' : symbol;
  }

  /** Ends the line. */
  #end(): void {
    this.#lines.push(`${this.#inSection ? indent : ''}${this.#line}`);
    this.#line = '';
  }

  /** One empty line between sections, and where the text has some; none within a rule. */
  #blankBefore({ start }: PolicySpan): void {
    const isWithinRule = this.#lastToken?.text === '&&' && this.#lastToken.kind === 'symbol';
    const isFirst = this.#atTop;
    this.#atTop = false;
    if (this.#lines.length === 0 || isWithinRule) return;
    if (isFirst ? this.#inSection : !this.#hasBlank(start)) return;
    this.#lines.push('');
  }

  #hasBlank(before: number): boolean {
    const gap = this.#text.slice(this.#last?.end ?? 0, before);
    return gap.indexOf('\n') !== gap.lastIndexOf('\n');
  }
}
