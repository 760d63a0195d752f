import type { Budget } from '../budget.ts';
import { valueTypeOf, type Claim, type ClaimValue } from '../claim.ts';
import { isFunctionName, takesSet } from '../functions.ts';
import type { ClaimProperty, Expression, Operator, PropertyCondition } from '../syntax/ast.ts';
import type { Work } from '../work.ts';
import { callRuleFunction, type FunctionContext } from './functions.ts';
import type { Plan, PlannedCondition } from './plan.ts';
import { RuleFault, single, type IncomingClaim, type Values } from './value.ts';

/** The meaning of a name at some point of the search: places in the incoming set. */
export interface Binding {
  readonly one: number | undefined;
  readonly all: readonly number[];
}

/** Steps of a condition besides the tests of claims. */
const stepsASearch = 4;
/** Steps of a property the first time that a claim reaches it. */
const stepsAProperty = 2;

/** The action of a rule for one choice of claims. */
export type Fire = () => Work<void>;

export type Bindings = ReadonlyMap<string, Binding>;

function propertyOf({ type, value, issuer }: Claim, property: ClaimProperty): ClaimValue {
  switch (property) {
    case 'type':
      return type;
    case 'value':
      return value;
    case 'issuer':
      return issuer;
    default:
      return valueTypeOf(value);
  }
}

/** Finds the claims for which the conditions of a rule hold, in the incoming set as it was when the rule began. */
export class Matcher {
  readonly #plan: Plan;
  readonly #claims: readonly IncomingClaim[];
  readonly #count: number;
  readonly #context: FunctionContext;
  readonly #bindings = new Map<string, Binding>();
  /** The places where each condition found its claims, for the trace. */
  readonly #found: (readonly number[])[] = [];
  readonly #seen = new Set<string>();
  #furthest = 0;

  constructor(plan: Plan, claims: readonly IncomingClaim[], context: FunctionContext) {
    this.#plan = plan;
    this.#claims = claims;
    // A rule does not see the claims that it adds itself; otherwise it might never end.
    this.#count = claims.length;
    this.#context = context;
  }

  /** The first condition that no choice of claims satisfied. */
  get furthest(): number {
    return this.#furthest;
  }

  get bindings(): Bindings {
    return this.#bindings;
  }

  /** For each condition, the places of the claims for which it holds when the rule fires. */
  get found(): readonly (readonly number[])[] {
    return this.#found;
  }

  /** Calls `fire` for each choice of claims. */
  *run(fire: Fire): Work<void> {
    yield* this.#search(0, fire);
  }

  get #budget(): Budget {
    return this.#context.budget;
  }

  *#search(index: number, fire: Fire): Work<boolean> {
    this.#budget.charge(stepsASearch);
    this.#furthest = Math.max(this.#furthest, index);
    const planned = this.#plan.conditions[index];
    if (planned === undefined) {
      yield* this.#fireOnce(fire);
      return true;
    }
    const tests = new Tests(planned.condition.properties, (expression) => this.evaluate(expression));
    if (planned.condition.negated) {
      this.#found[index] = [];
      return (yield* this.#next(tests, 0)) === undefined && (yield* this.#search(index + 1, fire));
    }
    const turn = { planned, tests, fire };
    return yield* planned.each ? this.#each(index, turn) : this.#together(index, turn);
  }

  *#each(index: number, { planned, tests, fire }: Turn): Work<boolean> {
    const { identifier = '' } = planned.condition;
    const all = planned.all ? yield* this.#everything(tests) : [];
    let success = false;
    for (let at = yield* this.#next(tests, 0); at !== undefined; at = yield* this.#next(tests, at + 1)) {
      this.#bindings.set(identifier, { one: at, all });
      this.#found[index] = [at];
      if (yield* this.#search(index + 1, fire)) success = true;
      // No other choice from here on makes the rule fire again.
      if (success && index > this.#plan.lastKey) break;
    }
    return success;
  }

  *#together(index: number, { planned, tests, fire }: Turn): Work<boolean> {
    const { identifier } = planned.condition;
    const first = yield* this.#next(tests, 0);
    if (first === undefined) return false;
    const all = planned.all ? yield* this.#everything(tests) : [first];
    if (identifier !== undefined) this.#bindings.set(identifier, { one: undefined, all });
    this.#found[index] = all;
    return yield* this.#search(index + 1, fire);
  }

  *#everything(tests: Tests): Work<readonly number[]> {
    const all: number[] = [];
    for (let at = yield* this.#next(tests, 0); at !== undefined; at = yield* this.#next(tests, at + 1)) all.push(at);
    return all;
  }

  /** The place of the next claim from `from` on that passes. */
  *#next(tests: Tests, from: number): Work<number | undefined> {
    for (let at = from; at < this.#count; at++) {
      const incoming = this.#claims[at];
      if (this.#budget.isPauseDue) yield;
      if (incoming === undefined) continue;
      let passes = tests.pass(incoming.claim, 0, this.#budget);
      while (typeof passes === 'number') {
        yield* tests.find(passes, this.#budget);
        passes = tests.pass(incoming.claim, passes, this.#budget);
      }
      if (passes) return at;
    }
    return undefined;
  }

  *#fireOnce(fire: Fire): Work<void> {
    const { conditions } = this.#plan;
    const key = conditions.flatMap(({ key: isKey, condition: { identifier = '' } }) =>
      isKey ? [this.#bindings.get(identifier)?.one ?? ''] : [],
    );
    this.#budget.charge(1 + conditions.length);
    // Text and not numbers, for the reason given in ClaimSet.
    const text = `:${key.join()}`;
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    yield* fire();
  }

  /** The value of an expression with the current meaning of the names. @throws RuleFault */
  *evaluate(expression: Expression, inSet = false): Work<Values> {
    this.#budget.charge();
    if (expression.kind === 'literal') return single(expression.value, false);
    if (expression.kind === 'property') return this.#properties(expression, inSet);
    const { name, arguments: given, span } = expression;
    if (!isFunctionName(name)) throw new RuleFault(`There is no function ${name}.`, span);
    const values: Values[] = [];
    for (const [index, argument] of given.entries()) {
      values.push(yield* this.evaluate(argument, takesSet(name, index)));
    }
    try {
      return yield* callRuleFunction(name, values, this.#context);
    } catch (error) {
      throw error instanceof RuleFault ? new RuleFault(error.message, span) : error;
    }
  }

  #properties({ identifier, property }: Expression & { readonly kind: 'property' }, inSet: boolean): Values {
    const binding = this.#bindings.get(identifier);
    const places = inSet ? (binding?.all ?? []) : [binding?.one ?? -1];
    this.#budget.charge(places.length);
    const claims = places.flatMap((place) => this.#claims[place] ?? []);
    return {
      items: claims.map(({ claim }) => propertyOf(claim, property)),
      readOnly: claims.some(({ readOnly }) => readOnly),
    };
  }
}

interface Turn {
  readonly planned: PlannedCondition;
  readonly tests: Tests;
  readonly fire: Fire;
}

/** The tests of one condition. The value to compare with is computed once, when the first claim reaches it. */
class Tests {
  readonly #properties: readonly PropertyCondition[];
  readonly #evaluate: (expression: Expression) => Work<Values>;
  readonly #wanted: (Values | undefined)[] = [];

  constructor(properties: readonly PropertyCondition[], evaluate: (expression: Expression) => Work<Values>) {
    this.#properties = properties;
    this.#evaluate = evaluate;
  }

  /**
   * Tests a claim by the properties from `first` on. Not a generator, since it runs for every claim.
   * @returns the place of a property whose value must be found before the test can continue
   */
  pass(claim: Claim, first: number, budget: Budget): boolean | number {
    for (let index = first; index < this.#properties.length; index++) {
      const condition = this.#properties[index];
      const wanted = this.#wanted[index] ?? this.#findLiteral(index, budget);
      if (condition === undefined || wanted === undefined) return index;
      const { property, operator } = condition;
      if (!compare(propertyOf(claim, property), { operator, wanted }, budget)) return false;
    }
    return true;
  }

  /** What `find` does, at the same cost in steps, where the value stands in the policy: most do. */
  #findLiteral(index: number, budget: Budget): Values | undefined {
    const expression = this.#properties[index]?.expression;
    if (expression?.kind !== 'literal') return undefined;
    budget.charge(stepsAProperty + 1);
    const wanted = single(expression.value, false);
    this.#wanted[index] = wanted;
    return wanted;
  }

  /** Finds the value to compare with the property at a place. @throws RuleFault */
  *find(index: number, budget: Budget): Work<void> {
    const condition = this.#properties[index];
    if (condition === undefined) return;
    budget.charge(stepsAProperty);
    this.#wanted[index] = yield* this.#evaluate(condition.expression);
  }
}

/** Values of different types are not equal, and not ordered. */
function compare(
  actual: ClaimValue,
  { operator, wanted: { items } }: { readonly operator: Operator; readonly wanted: Values },
  budget: Budget,
): boolean {
  if (items.length > 1) throw new RuleFault(`A claim cannot be compared with a set of ${items.length} values.`);
  const [wanted] = items;
  if (operator === '==' || operator === '!=') return same(actual, wanted, budget) === (operator === '==');
  budget.charge();
  if (typeof actual !== 'number' || typeof wanted !== 'number') return false;
  switch (operator) {
    case '<':
      return actual < wanted;
    case '<=':
      return actual <= wanted;
    case '>':
      return actual > wanted;
    default:
      return actual >= wanted;
  }
}

function same(left: ClaimValue, right: ClaimValue | undefined, budget: Budget): boolean {
  if (typeof left === 'string' && typeof right === 'string') return budget.sameText(left, right);
  budget.charge();
  return left === right;
}
