import { raise, type PolicySpan } from '../policy-error.ts';
import { claimProperties, type ClaimProperty, type Expression } from './ast.ts';
import type { Token } from './lexer.ts';
import { describe, meant, spanTo, type TokenStream } from './tokens.ts';

const valueHint = 'text in double quotes, a whole number, true, false, ID.value or a function';

/** Reads expressions: literals, properties of claims, calls of functions. */
export class ExpressionParser {
  readonly #tokens: TokenStream;
  readonly #maxDepth: number;

  constructor(tokens: TokenStream, maxDepth: number) {
    this.#tokens = tokens;
    this.#maxDepth = maxDepth;
  }

  parse(depth = 1): Expression {
    const token = this.#tokens.peek();
    if (depth > this.#maxDepth) {
      raise('CLAIM_RULES_LIMIT', `Functions are nested deeper than ${this.#maxDepth} levels (maxDepth).`, token.span);
    }
    if (token.kind === 'string') return literal(this.#tokens.next().text, token.span);
    if (token.kind === 'number') return literal(this.#integer(this.#tokens.next()), token.span);
    if (token.kind !== 'identifier') {
      return this.#tokens.diagnostics.fail(`A value is missing; here is ${describe(token)}.`, token.span, valueHint);
    }
    this.#tokens.next();
    if (this.#tokens.is('.')) return this.#property(token);
    if (this.#tokens.is('(')) return this.#call(token, depth);
    if (token.text === 'true' || token.text === 'false') return literal(token.text === 'true', token.span);
    return this.#unknownWord(token);
  }

  /** The name of a property of a claim. */
  property(): { readonly name: ClaimProperty; readonly span: PolicySpan } {
    const token = this.#tokens.expectIdentifier('A property of a claim is type, value, valueType or issuer');
    const name = claimProperties.find((known) => known === token.text);
    if (name !== undefined) return { name, span: token.span };
    return this.#tokens.diagnostics.fail(
      `A claim has no property ${describe(token)}: it has type, value, valueType and issuer.`,
      token.span,
      meant(token.text, claimProperties),
    );
  }

  #property(identifier: Token): Expression {
    this.#tokens.next();
    const { name, span } = this.property();
    return { kind: 'property', identifier: identifier.text, property: name, span: spanTo(identifier.span, span) };
  }

  #call(name: Token, depth: number): Expression {
    this.#tokens.next();
    const given: Expression[] = [];
    if (!this.#tokens.is(')')) {
      do given.push(this.parse(depth + 1));
      while (this.#tokens.take(','));
    }
    const { span } = this.#tokens.expect(')', `The arguments of ${name.text} end with ")"`);
    return { kind: 'call', name: name.text, arguments: given, span: spanTo(name.span, span) };
  }

  #integer({ text, span }: Token): number {
    const { diagnostics } = this.#tokens;
    const report = (message: string, suggestion?: string): number => {
      diagnostics.report('CLAIM_RULES_SYNTAX', message, span, suggestion);
      return 0;
    };
    if (/^-?0[xX][0-9a-fA-F]{1,12}$/.test(text)) {
      const value = Number(text.replace('-', '')) * (text.startsWith('-') ? -1 : 1);
      return report('Numbers are written in the decimal system.', String(value));
    }
    if (/^-?\d+\.\d+$/.test(text)) return report('There are no fractions, only whole numbers.');
    if (!/^-?\d+$/.test(text)) return report(`"${text.slice(0, 40)}" is neither a number nor a name.`);
    if (!/^(?:0|-?[1-9]\d*)$/.test(text)) return report('A number has no needless zeros or signs.');
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : report('Numbers lie between -(2^53 - 1) and 2^53 - 1.');
  }

  #unknownWord({ text, span }: Token): never {
    const suggestion = /^true$|^false$/i.test(text) ? text.toLowerCase() : `"${text}", with quotes, or ${text}.value`;
    return this.#tokens.diagnostics.fail(`"${text}" is not a value.`, span, suggestion);
  }
}

function literal(value: string | number | boolean, span: PolicySpan): Expression {
  return { kind: 'literal', value, span };
}
