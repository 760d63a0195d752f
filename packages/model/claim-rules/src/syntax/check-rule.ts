import { claimIssuers, valueTypeOf, valueTypes } from '../claim.ts';
import { functionSignatures, isFunctionName } from '../functions.ts';
import { JmesPathError } from '../jmespath/error.ts';
import { parseJmesPath } from '../jmespath/parse.ts';
import { PolicyError, raise, type PolicySpan } from '../policy-error.ts';
import type {
  Action,
  CallExpression,
  Condition,
  Expression,
  PolicyVersion,
  PropertyCondition,
  Rule,
  SectionName,
} from './ast.ts';
import type { Diagnostics } from './diagnostics.ts';
import { meant } from './tokens.ts';

export interface RuleContext {
  readonly section: SectionName;
  readonly version: PolicyVersion;
  readonly diagnostics: Diagnostics;
  readonly maxDepth: number;
}

/** The actions of each section, from the table and the samples of the grammar document. */
const actionsOf: Readonly<Record<SectionName, readonly Action['kind'][]>> = {
  configurationrules: ['issueproperty'],
  authorizationrules: ['permit', 'deny', 'add', 'issue', 'pass'],
  issuancerules: ['add', 'issue', 'pass', 'issueproperty'],
};

/** Reports everything in a rule that has no meaning for any claims. */
export function checkRule(rule: Rule, context: RuleContext): void {
  new RuleChecker(context).check(rule);
}

class RuleChecker {
  readonly #context: RuleContext;
  /** Names of the conditions before the current place. */
  readonly #names = new Map<string, Condition>();
  #later: ReadonlySet<string> = new Set();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  check({ conditions, action }: Rule): void {
    this.#later = new Set(conditions.flatMap(({ identifier }) => identifier ?? []));
    for (const condition of conditions) {
      this.#condition(condition);
      this.#name(condition);
    }
    this.#action(action);
  }

  #report(message: string, span: PolicySpan, suggestion?: string): void {
    this.#context.diagnostics.report('CLAIM_RULES_INVALID', message, span, suggestion);
  }

  #needs12(what: string, span: PolicySpan): void {
    const { version } = this.#context;
    if (version !== '1.2') this.#report(`Version ${version} has no ${what}.`, span, 'version=1.2;');
  }

  #name(condition: Condition): void {
    const { identifier, span } = condition;
    if (identifier === undefined) return;
    if (this.#names.has(identifier)) this.#report(`The name "${identifier}" is given twice in one rule.`, span);
    this.#names.set(identifier, condition);
  }

  #condition({ negated, properties, span }: Condition): void {
    if (negated) this.#needs12('"!"', { ...span, end: span.start + 1 });
    for (const property of properties) this.#propertyCondition(property);
  }

  #propertyCondition({ property, operator, expression, span }: PropertyCondition): void {
    this.#expression(expression);
    const isOrder = operator !== '==' && operator !== '!=';
    if (isOrder && property !== 'value') this.#report(`${property} is text, which is equal (==) or not (!=).`, span);
    if (expression.kind !== 'literal') return;
    const { value } = expression;
    if (property !== 'value') {
      if (typeof value !== 'string') this.#report(`${property} is text; this is not.`, expression.span);
      else this.#checkKnown(property, value, expression.span);
    } else if (isOrder && typeof value !== 'number') {
      this.#report(`Only numbers are ordered; ${operator} does not compare others.`, expression.span);
    }
  }

  /** A condition on an issuer that does not exist is never true, or always true. */
  #checkKnown(property: PropertyCondition['property'], value: string, span: PolicySpan): void {
    const known: readonly string[] | undefined =
      property === 'issuer' ? claimIssuers : property === 'valueType' ? valueTypes : undefined;
    if (known === undefined || known.includes(value)) return;
    this.#report(
      `No ${property} is "${value.slice(0, 40)}": there are ${known.join(', ')}.`,
      span,
      meant(value, known),
    );
  }

  #action(action: Action): void {
    const { section, diagnostics } = this.#context;
    if (!actionsOf[section].includes(action.kind)) {
      const name = action.kind === 'pass' ? 'issue' : action.kind;
      this.#report(`${section} have no ${name}.`, action.span, `one of ${verbsOf(section)}`);
    } else if (section === 'authorizationrules' && (action.kind === 'issue' || action.kind === 'pass')) {
      diagnostics.warn('No claim of authorizationrules reaches the token; here issue does what add does.', action.span);
    }
    if (action.kind === 'pass') this.#reference(action.identifier, action.span);
    if (action.kind !== 'add' && action.kind !== 'issue' && action.kind !== 'issueproperty') return;
    this.#expression(action.type);
    this.#expression(action.value);
    const { type, value, valueType } = action;
    if (type.kind === 'literal' && (typeof type.value !== 'string' || type.value === '')) {
      this.#report('The type of a claim is text that is not empty.', type.span);
    }
    if (value.kind === 'literal' && valueType !== undefined && valueTypeOf(value.value) !== valueType) {
      this.#report(`The value is not of type ${valueType}.`, value.span);
    }
  }

  #expression(expression: Expression): void {
    if (expression.kind === 'property') this.#reference(expression.identifier, expression.span);
    if (expression.kind === 'call') this.#call(expression);
  }

  #reference(name: string, span: PolicySpan): void {
    const condition = this.#names.get(name);
    if (condition?.negated === true) {
      this.#report(`"${name}" stands for no claim: its condition is that there is none.`, span);
    } else if (condition === undefined && this.#later.has(name)) {
      this.#report(`"${name}" is named by this condition or a later one.`, span, 'the other order of the conditions');
    } else if (condition === undefined) {
      this.#report(`No condition of this rule is named "${name}".`, span, meant(name, [...this.#names.keys()]));
    }
  }

  #call({ name, arguments: given, span }: CallExpression): void {
    this.#needs12('functions', span);
    for (const argument of given) this.#expression(argument);
    if (!isFunctionName(name)) {
      const known = Object.keys(functionSignatures);
      this.#report(`There is no function "${name.slice(0, 40)}".`, span, meant(name, known) ?? known.join(', '));
      return;
    }
    const wanted = functionSignatures[name].arguments.length;
    if (given.length !== wanted) {
      this.#report(`${name} takes ${wanted === 1 ? 'one argument' : 'two arguments'}, and has ${given.length}.`, span);
    }
    const query = given[1];
    if (name === 'JmesPath' && query?.kind === 'literal') this.#query(query.value, query.span);
  }

  /** A query that is written in the policy is checked with it. */
  #query(query: string | number | boolean, span: PolicySpan): void {
    if (typeof query !== 'string') {
      this.#report('The query of JmesPath is text.', span);
      return;
    }
    try {
      parseJmesPath(query, this.#context.maxDepth);
    } catch (error) {
      if (error instanceof PolicyError) raise(error.code, error.message, span);
      if (!(error instanceof JmesPathError)) throw error;
      this.#report(`The JMESPath query is wrong: ${error.message}`, span);
    }
  }
}

function verbsOf(section: SectionName): string {
  return actionsOf[section].filter((kind) => kind !== 'pass').join(', ');
}
