import type { PolicySpan } from '../policy-error.ts';
import type { Diagnostics } from './diagnostics.ts';

export interface Token {
  readonly kind: 'identifier' | 'number' | 'string' | 'symbol' | 'end';
  /** The text as it is written; for a string, its value. */
  readonly text: string;
  readonly span: PolicySpan;
}

export interface Comment {
  readonly text: string;
  readonly span: PolicySpan;
}

export interface LexedText {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const space = /[ \t\r\n]+/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Anything that begins with a digit; the parser decides which of these are numbers. */
const number = /-?[0-9][A-Za-z0-9_.]*/y;
const symbol = /=>|==|!=|<=|>=|&&|[=<>!:;,.()[\]{}]/y;
const lineComment = /\/\/[^\r\n]*/y;
const plainText = /[^"\\\r\n]+/y;
const typographic = /[“”„‟«»‘’‚‛]/;
/** White space that looks like a space but is not, as word processors and web pages write it. */
const otherSpace = /[\u00A0\u2000-\u200B\u202F\u205F\u3000\uFEFF\f\v]+/y;

/** Cuts a text into tokens. Hand-written, because positions, and a message for each mistake, matter more than brevity. */
export class Lexer {
  readonly #text: string;
  readonly #diagnostics: Diagnostics;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, diagnostics: Diagnostics) {
    this.#text = text;
    this.#diagnostics = diagnostics;
  }

  run(): LexedText {
    // A byte order mark, which editors on Windows write.
    if (this.#text.startsWith('\uFEFF')) this.#at = 1;
    while (this.#at < this.#text.length) this.#next();
    this.#tokens.push({ kind: 'end', text: '', span: this.#span(this.#at) });
    return { tokens: this.#tokens, comments: this.#comments };
  }

  #next(): void {
    const start = this.#at;
    const blank = this.#match(space);
    if (blank !== undefined) return this.#countLines(start);
    if (this.#text.startsWith('//', start)) {
      const text = this.#match(lineComment) ?? '';
      this.#comments.push({ text: text.trimEnd(), span: this.#span(start) });
      return;
    }
    if (this.#text.startsWith('/*', start)) return this.#blockComment();
    if (this.#text[start] === '"') return this.#string();
    if (this.#take('identifier', word) || this.#take('number', number) || this.#take('symbol', symbol)) return;
    this.#unknown();
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(kind: Token['kind'], pattern: RegExp): boolean {
    const start = this.#at;
    const text = this.#match(pattern);
    if (text !== undefined) this.#tokens.push({ kind, text, span: this.#span(start) });
    return text !== undefined;
  }

  /** The span from `start`, which is on the current line, to the lexer's position. */
  #span(start: number, end = this.#at): PolicySpan {
    return { start, end, line: this.#line, column: start - this.#lineStart + 1 };
  }

  /** Counts the lines that end between `start` and the lexer's position. */
  #countLines(start: number): void {
    for (let at = start; at < this.#at; at++) {
      if (this.#text.charCodeAt(at) !== 0x0a) continue;
      this.#line++;
      this.#lineStart = at + 1;
    }
  }

  #blockComment(): void {
    const start = this.#at;
    const end = this.#text.indexOf('*/', start + 2);
    this.#at = end < 0 ? this.#text.length : end + 2;
    const span = this.#span(start);
    if (end < 0) {
      const opening = this.#span(start, start + 2);
      this.#diagnostics.report('CLAIM_RULES_SYNTAX', 'This comment does not end.', opening, 'close it with */');
    }
    this.#comments.push({ text: this.#text.slice(start, this.#at), span });
    this.#countLines(start);
  }

  #string(): void {
    const start = this.#at++;
    let value = '';
    for (;;) {
      value += this.#match(plainText) ?? '';
      const character = this.#text[this.#at];
      if (character === '"') break;
      if (character !== '\\') return this.#unclosed(start, value);
      value += this.#escape();
    }
    this.#at++;
    this.#tokens.push({ kind: 'string', text: value, span: this.#span(start) });
  }

  #escape(): string {
    const start = this.#at;
    const escaped = this.#text[start + 1] ?? '';
    if (escaped === '"' || escaped === '\\') {
      this.#at += 2;
      return escaped;
    }
    this.#at++;
    const span = this.#span(start, Math.min(start + 2, this.#text.length));
    this.#diagnostics.report(
      'CLAIM_RULES_SYNTAX',
      'A backslash in a string stands before a double quote or another backslash, and nothing else.',
      span,
      'two backslashes, for one',
    );
    return '';
  }

  #unclosed(start: number, value: string): void {
    // The string was probably meant to end at the typographic quote.
    const written = this.#text.slice(start + 1, this.#at);
    const offset = written.search(typographic);
    if (offset >= 0) {
      this.#at = start + offset + 2;
      const span = this.#span(this.#at - 1);
      this.#diagnostics.report(
        'CLAIM_RULES_SYNTAX',
        `The string is closed by the typographic quote ${this.#text[this.#at - 1] ?? ''}.`,
        span,
        'a straight double quote, "',
      );
      this.#tokens.push({ kind: 'string', text: written.slice(0, offset), span: this.#span(start) });
      return;
    }
    const span = this.#span(start);
    this.#diagnostics.report('CLAIM_RULES_SYNTAX', 'This string does not end on its line.', span, 'close it with "');
    this.#tokens.push({ kind: 'string', text: value, span });
  }

  #unknown(): void {
    const start = this.#at;
    const character = String.fromCodePoint(this.#text.codePointAt(start) ?? 0);
    if (typographic.test(character)) return this.#typographicString();
    const report = (message: string, suggestion?: string): void =>
      this.#diagnostics.report('CLAIM_RULES_SYNTAX', message, this.#span(start), suggestion);
    if (this.#match(otherSpace) !== undefined) {
      report('There is white space here that is not a space, tab or line break.', 'a space');
    } else if (this.#text.startsWith('||', start)) {
      this.#at += 2;
      report('There is no "||" between conditions.', 'a rule for each of them, with the same action');
    } else if (character === "'") {
      this.#at += this.#text.slice(start + 1).match(/^[^'\r\n]*'/)?.[0].length ?? 0;
      this.#at++;
      report('Strings are in double quotes.', '"…"');
      this.#tokens.push({ kind: 'string', text: '', span: this.#span(start) });
    } else {
      this.#at += character.length;
      report(`${named(character)} does not belong here.`);
    }
  }

  /** A string between typographic quotes, read to its end so that what follows is understood. */
  #typographicString(): void {
    const start = this.#at++;
    const lineEnd = this.#text.slice(this.#at).search(/[\r\n]/);
    const rest = this.#text.slice(this.#at, lineEnd < 0 ? undefined : this.#at + lineEnd);
    const length = rest.search(/["“”„‟«»‘’‚‛]/);
    this.#at += length < 0 ? 0 : length + 1;
    const suggestion = length < 0 ? 'a straight double quote, "' : `"${rest.slice(0, length)}"`;
    const span = this.#span(start);
    this.#diagnostics.report(
      'CLAIM_RULES_SYNTAX',
      'Typographic quotes are not the quotes of a string.',
      span,
      suggestion,
    );
    this.#tokens.push({ kind: 'string', text: rest.slice(0, Math.max(0, length)), span });
  }
}

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return code > 0x20 && code < 0x7f ? `"${character}"` : name;
}
