import type { LexerOptions } from '../lexis/lexer.ts';
import type { Token } from '../lexis/token.ts';
import type { Rule } from '../findings/rule.ts';
import type { DialectChoice } from '../source/dialect.ts';
import type { SourceText } from '../source/place.ts';
import { ConditionFault, isTrue } from './condition.ts';
import type { Conditionals } from './conditionals.ts';
import type { Macros } from './macros.ts';
import { directiveRules as rules } from './rules.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

interface DirectiveContext {
  readonly source: SourceText;
  readonly options: LexerOptions;
  readonly macros: Macros;
  readonly conditionals: Conditionals;
}

/** Open Enclave's directives, with the tokens that each consists of after the number sign. */
const ofOe = new Map([
  ['ifdef', 2],
  ['ifndef', 2],
  ['else', 1],
  ['endif', 1],
]);
/** gcc leaves these lines in its output. */
const passedThrough = new Set(['pragma', 'ident', 'sccs']);
/** gcc reads these lines, and nothing comes of them. */
const withoutEffect = new Set(['line', 'warning']);

/**
 * How many tokens after the number sign a directive consists of, by its name. For Open Enclave's compiler what follows on the line is
 * text of the file; for gcc, and for directives that only gcc has, the whole line is the directive.
 */
export function tokensOfDirective(name: string, dialect: DialectChoice): number {
  return (dialect === 'oe' ? ofOe.get(name) : undefined) ?? Number.POSITIVE_INFINITY;
}

/** What the lines that begin with a number sign do. */
export class Directives {
  readonly #context: DirectiveContext;

  constructor(context: DirectiveContext) {
    this.#context = context;
  }

  /** @param line What follows the number sign on its line; for Open Enclave, what belongs to the directive of it */
  obey(line: readonly Token[], at: Span): void {
    const [first, ...rest] = line;
    const name = first?.text ?? '';
    if (!ofOe.has(name) && name !== 'include') this.#report(rules.unknownToOe, at, name);
    if (this.#isConditional(name, rest, at)) return;
    if (!this.#context.conditionals.isKept || first === undefined) return;
    if (name === 'define') this.#define(rest, at);
    else if (name === 'undef') this.#undefine(rest, at);
    else if (name === 'include') this.#report(rules.headerText, at);
    else if (name === 'error') this.#report(rules.error, at, this.#textOf(rest));
    else if (passedThrough.has(name)) this.#report(rules.passedThrough, first, name);
    else if (!withoutEffect.has(name)) this.#report(rules.unknown, first, name);
  }

  #isConditional(name: string, rest: readonly Token[], at: Span): boolean {
    const { conditionals } = this.#context;
    switch (name) {
      case 'ifdef':
      case 'ifndef':
        this.#begin(at, this.#isDefined(name, rest, at) === (name === 'ifdef'));
        break;
      case 'if':
        this.#begin(at, conditionals.isKept && this.#condition(rest, at));
        break;
      case 'elif':
        if (!conditionals.branch(conditionals.wantsCondition && this.#condition(rest, at))) this.#unmatched(name, at);
        break;
      case 'elifdef':
      case 'elifndef':
        if (!conditionals.branch(this.#isDefined(name, rest, at) === (name === 'elifdef'))) this.#unmatched(name, at);
        break;
      case 'else':
        this.#nothingMore(name, rest, conditionals.isOuterKept);
        if (!conditionals.branch()) this.#unmatched(name, at);
        break;
      case 'endif':
        this.#nothingMore(name, rest, conditionals.isOuterKept);
        if (!conditionals.end(at.end)) this.#unmatched(name, at);
        break;
      default:
        return false;
    }
    return true;
  }

  #begin(at: Span, condition: boolean): void {
    if (!this.#context.conditionals.begin(at, condition)) this.#report(rules.tooDeep, at);
  }

  #unmatched(directive: string, at: Span): void {
    this.#report(rules.noConditional, at, directive);
  }

  /** @param isSeen Whether the directive does anything: gcc does not look at the rest of one that is left out with what surrounds it */
  #nothingMore(directive: string, [extra]: readonly Token[], isSeen = this.#context.conditionals.isKept): void {
    if (extra === undefined) return;
    if (isSeen) this.#report(rules.extraText, extra, directive);
    const { dialect, findings } = this.#context.options;
    if (dialect === 'both' && ofOe.has(directive)) findings.readTwoWays();
  }

  #isDefined(directive: string, [name, ...rest]: readonly Token[], at: Span): boolean {
    if (name?.kind !== 'name') {
      this.#report(rules.noName, at, directive);
      return false;
    }
    this.#nothingMore(directive, rest);
    return this.#context.macros.isDefined(name.text);
  }

  #define([name, ...body]: readonly Token[], at: Span): void {
    if (name?.kind !== 'name') return this.#report(rules.noName, at, 'define');
    const [first] = body;
    if (first?.text === '(' && first.start === name.end) return this.#report(rules.macroWithParameters, at, name.text);
    if (
      body.some(
        ({ text, end }, index) => text === '#' && body[index + 1]?.start === end && body[index + 1]?.text === '#',
      )
    ) {
      return this.#report(rules.pastedTokens, at, name.text);
    }
    this.#context.macros.define(name.text, body);
  }

  #undefine([name, ...rest]: readonly Token[], at: Span): void {
    if (name?.kind !== 'name') return this.#report(rules.noName, at, 'undef');
    this.#nothingMore('undef', rest);
    this.#context.macros.undefine(name.text);
  }

  #condition(line: readonly Token[], at: Span): boolean {
    try {
      return isTrue(this.#answered(line));
    } catch (error) {
      if (!(error instanceof ConditionFault)) throw error;
      this.#report(rules.condition, at, error.message);
      return false;
    }
  }

  /** The tokens of a condition, with each `defined` answered and each macro replaced. */
  #answered(line: readonly Token[]): Token[] {
    const answered: Token[] = [];
    for (let index = 0; index < line.length; index++) {
      const token = line[index];
      if (token === undefined) break;
      if (token.text !== 'defined') {
        if (!this.#context.macros.expand(token, answered)) throw new ConditionFault('its macros stand for too much');
        continue;
      }
      const isOpen = line[index + 1]?.text === '(';
      const name = line[index + (isOpen ? 2 : 1)];
      if (name?.kind !== 'name') throw new ConditionFault('"defined" needs a name');
      if (isOpen && line[index + 3]?.text !== ')') throw new ConditionFault('a parenthesis is not closed');
      index += isOpen ? 3 : 1;
      const { start, end } = token;
      answered.push({ kind: 'number', text: this.#context.macros.isDefined(name.text) ? '1' : '0', start, end });
    }
    return answered;
  }

  #textOf(line: readonly Token[]): string {
    const [first] = line;
    const last = line.at(-1);
    return first === undefined || last === undefined ? '' : this.#context.source.text.slice(first.start, last.end);
  }

  #report(rule: Rule, { start, end }: Span, word = ''): void {
    this.#context.options.findings.report(rule, { source: this.#context.source, start, end }, [word]);
  }
}
