import { valueTypes } from '../claim.ts';
import { raise, type PolicySpan } from '../policy-error.ts';
import {
  operators,
  type Action,
  type Condition,
  type Expression,
  type Operator,
  type PropertyCondition,
  type Rule,
} from './ast.ts';
import { ExpressionParser } from './expression.ts';
import type { Token } from './lexer.ts';
import { describe, meant, spanTo, type TokenStream } from './tokens.ts';

const actions = ['permit', 'deny', 'add', 'issue', 'issueproperty'] as const;
const actionProperties = ['type', 'value', 'valueType', 'issuer', 'claim'] as const;
type ActionProperty = (typeof actionProperties)[number];

export interface RuleLimits {
  readonly maxDepth: number;
  readonly maxConditions: number;
}

/** Reads rules: conditions, an arrow, an action. Their meaning is checked elsewhere. */
export class RuleParser {
  readonly #tokens: TokenStream;
  readonly #expressions: ExpressionParser;
  readonly #maxConditions: number;

  constructor(tokens: TokenStream, { maxDepth, maxConditions }: RuleLimits) {
    this.#tokens = tokens;
    this.#expressions = new ExpressionParser(tokens, maxDepth);
    this.#maxConditions = maxConditions;
  }

  /** One rule without its semicolon. */
  parse(): Rule {
    const { span: start } = this.#tokens.peek();
    const conditions: Condition[] = [];
    if (!this.#tokens.is('=>')) {
      do conditions.push(this.#condition());
      while (this.#tokens.take('&&'));
    }
    if (conditions.length > this.#maxConditions) {
      raise('CLAIM_RULES_LIMIT', `A rule has more than ${this.#maxConditions} conditions (maxConditions).`, start);
    }
    this.#tokens.expect(
      '=>',
      conditions.length === 0
        ? 'A rule begins with a condition or "=>"'
        : 'An action, or "&&" and a condition, follows',
    );
    const action = this.#action();
    return { conditions, action, span: spanTo(start, action.span) };
  }

  #condition(): Condition {
    const start = this.#tokens.peek();
    const negated = this.#tokens.take('!');
    let identifier: Token | undefined;
    if (this.#tokens.peek().kind === 'identifier') {
      identifier = this.#tokens.next();
      this.#tokens.expect(':', `A colon and a condition in brackets follow the name "${identifier.text}"`);
    }
    this.#tokens.expect('[', 'A condition stands in brackets');
    const properties: PropertyCondition[] = [];
    do properties.push(this.#propertyCondition());
    while (this.#tokens.take(','));
    const { span } = this.#tokens.expect(']', 'A comma, or the end of the condition, follows');
    return { negated, identifier: identifier?.text, properties, span: spanTo(start.span, span) };
  }

  #propertyCondition(): PropertyCondition {
    const { name, span } = this.#expressions.property();
    const operator = this.#operator();
    const expression = this.#expressions.parse();
    return { property: name, operator, expression, span: spanTo(span, expression.span) };
  }

  #operator(): Operator {
    const token = this.#tokens.peek();
    // The published policies write both.
    if (this.#tokens.take('=')) return '==';
    const operator = operators.find((known) => token.kind === 'symbol' && known === token.text);
    if (operator === undefined) {
      return this.#tokens.diagnostics.fail(
        `A comparison is missing; here is ${describe(token)}.`,
        token.span,
        '==, !=, <, <=, > or >=',
      );
    }
    this.#tokens.next();
    return operator;
  }

  #action(): Action {
    const verb = this.#tokens.expectIdentifier('An action follows "=>"');
    const kind = actions.find((known) => known === verb.text);
    if (kind === undefined) {
      return this.#tokens.diagnostics.fail(
        `There is no action ${describe(verb)}.`,
        verb.span,
        meant(verb.text, actions) ?? actions.join(', '),
      );
    }
    this.#tokens.expect('(', `Arguments in parentheses follow ${kind}`);
    if (kind === 'permit' || kind === 'deny') {
      const { span } = this.#tokens.expect(')', `${kind} takes no argument`);
      return { kind, span: spanTo(verb.span, span) };
    }
    const given = this.#arguments(kind);
    const { span } = this.#tokens.expect(')', 'A comma, or the end of the arguments, follows');
    return this.#made(kind, given, spanTo(verb.span, span));
  }

  #arguments(kind: string): ReadonlyMap<ActionProperty, Argument> {
    const given = new Map<ActionProperty, Argument>();
    do {
      const token = this.#tokens.peek();
      if (token.kind === 'string') {
        this.#tokens.diagnostics.fail(`An argument of ${kind} has a name.`, token.span, `type="${token.text}"`);
      }
      this.#tokens.expectIdentifier(`An argument of ${kind} begins with type, value, valueType or issuer`);
      const name = actionProperties.find((known) => known === token.text);
      if (name === undefined) {
        this.#tokens.diagnostics.fail(
          `${kind} has no argument ${describe(token)}.`,
          token.span,
          meant(token.text, actionProperties),
        );
      } else if (given.has(name)) {
        this.#tokens.diagnostics.fail(`The argument ${name} is given twice.`, token.span);
      } else {
        this.#assignment(name);
        given.set(name, name === 'claim' ? this.#claim(token) : { name: token, expression: this.#expressions.parse() });
      }
    } while (this.#tokens.take(','));
    return given;
  }

  #assignment(name: string): void {
    if (this.#tokens.is('==')) {
      this.#tokens.diagnostics.fail('An action sets, and does not compare.', this.#tokens.peek().span, '=');
    }
    this.#tokens.expect('=', `"=" follows ${name}`);
  }

  #claim(name: Token): Argument {
    return { name, claim: this.#tokens.expectIdentifier('claim is the name of a condition') };
  }

  #made(
    kind: 'add' | 'issue' | 'issueproperty',
    given: ReadonlyMap<ActionProperty, Argument>,
    span: PolicySpan,
  ): Action {
    const { diagnostics } = this.#tokens;
    const claim = given.get('claim')?.claim;
    if (claim !== undefined) {
      if (kind !== 'issue') diagnostics.fail(`Only issue takes a whole claim, not ${kind}.`, span);
      if (given.size > 1) diagnostics.fail('Beside claim there is no other argument.', span);
      return { kind: 'pass', identifier: claim.text, span };
    }
    const [type, value] = [given.get('type')?.expression, given.get('value')?.expression];
    if (type === undefined || value === undefined) {
      return diagnostics.fail(`${kind} needs a type and a value.`, span, `${kind}(type="…", value=…)`);
    }
    this.#checkIssuer(given.get('issuer'));
    const valueType = this.#valueType(given.get('valueType'));
    return { kind, type, value, valueType, namesIssuer: given.has('issuer'), span };
  }

  /** A policy issues only its own claims: only the service makes claims of the service. */
  #checkIssuer(issuer: Argument | undefined): void {
    const expression = issuer?.expression;
    if (expression === undefined || (expression.kind === 'literal' && expression.value === 'AttestationPolicy')) return;
    this.#tokens.diagnostics.report(
      'CLAIM_RULES_INVALID',
      'The issuer of a claim that a policy makes is the policy.',
      expression.span,
      '"AttestationPolicy", or no issuer',
    );
  }

  #valueType(argument: Argument | undefined): (typeof valueTypes)[number] | undefined {
    const expression = argument?.expression;
    if (expression === undefined) return undefined;
    const found = valueTypes.find((known) => expression.kind === 'literal' && known === expression.value);
    if (found === undefined) {
      this.#tokens.diagnostics.report(
        'CLAIM_RULES_INVALID',
        'valueType is "String", "Integer" or "Boolean".',
        expression.span,
      );
    }
    return found;
  }
}

interface Argument {
  readonly name: Token;
  readonly expression?: Expression;
  /** The ID in `claim = ID`. */
  readonly claim?: Token;
}
