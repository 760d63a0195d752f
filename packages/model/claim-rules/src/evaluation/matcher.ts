import type { Budget } from '../budget.ts';
import { valueTypeOf, type Claim, type ClaimValue } from '../claim.ts';
import { isFunctionName, takesSet } from '../functions.ts';
import type { CallExpression, ClaimProperty, Expression, Operator } from '../syntax/ast.ts';
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

/** The action of a rule for one choice of claims: done when it returns, or with the work that it returns. */
export type Fire = () => Work<void> | undefined;

/** A search that cannot go on by itself: a pause is due, or a value has to be found. */
const interrupted = Symbol('interrupted');

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
  /** The choices for which the rule has fired. */
  #seen: Set<string> | undefined;
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
  run(fire: Fire): Work<unknown> {
    return this.#search(0, fire);
  }

  get #budget(): Budget {
    return this.#context.budget;
  }

  /** Conditions that stand for one choice follow each other in this loop: a generator for each would cost more than the rule. */
  *#search(from: number, fire: Fire): Work<boolean> {
    const { conditions } = this.#plan;
    for (let index = from; ; index++) {
      this.#budget.charge(stepsASearch);
      this.#furthest = Math.max(this.#furthest, index);
      const planned = conditions[index];
      if (planned === undefined) break;
      const tests = new Tests(planned);
      if (planned.each) return yield* this.#each(index, { planned, tests, fire });
      const scanned = this.#scan(tests);
      const first = scanned === interrupted ? yield* this.#resume(tests) : scanned;
      const { negated, identifier } = planned.condition;
      if (negated) {
        this.#found[index] = [];
        if (first !== undefined) return false;
        continue;
      }
      if (first === undefined) return false;
      const all = planned.all ? yield* this.#everything(tests) : [first];
      if (identifier !== undefined) this.#bindings.set(identifier, { one: undefined, all });
      this.#found[index] = all;
    }
    const work = this.#isNewChoice() ? fire() : undefined;
    if (work !== undefined) yield* work;
    return true;
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

  *#everything(tests: Tests): Work<readonly number[]> {
    const all: number[] = [];
    for (let at = yield* this.#next(tests, 0); at !== undefined; at = yield* this.#next(tests, at + 1)) all.push(at);
    return all;
  }

  /** The place of the next claim from `from` on that passes. */
  *#next(tests: Tests, from: number): Work<number | undefined> {
    tests.moveTo(from);
    const scanned = this.#scan(tests);
    return scanned === interrupted ? yield* this.#resume(tests) : scanned;
  }

  /** The same from where `tests` stands, as far as it goes without a generator: to its end, for most conditions. */
  #scan(tests: Tests): number | undefined | typeof interrupted {
    for (; tests.at < this.#count; tests.moveTo(tests.at + 1)) {
      const incoming = this.#claims[tests.at];
      if (this.#budget.isPauseDue) return interrupted;
      if (incoming === undefined) continue;
      if (tests.pass(incoming.claim, this.#budget)) return tests.at;
      if (tests.missing !== undefined) return interrupted;
    }
    return undefined;
  }

  *#resume(tests: Tests): Work<number | undefined> {
    for (;;) {
      const { missing } = tests;
      if (missing === undefined) {
        yield;
      } else {
        this.#budget.charge(stepsAProperty);
        tests.learn(yield* this.evaluate(missing));
      }
      const scanned = this.#scan(tests);
      if (scanned !== interrupted) return scanned;
    }
  }

  /** Whether the rule has not fired yet for the claims that its action names. */
  #isNewChoice(): boolean {
    const { conditions, lastKey } = this.#plan;
    this.#budget.charge(1 + conditions.length);
    // Without a key the first choice is the only one: `#each` ends with it.
    if (lastKey === -1) return true;
    const key = conditions.flatMap(({ key: isKey, condition: { identifier = '' } }) =>
      isKey ? [this.#bindings.get(identifier)?.one ?? ''] : [],
    );
    // Text and not numbers, for the reason given in ClaimSet.
    const text = `:${key.join()}`;
    this.#seen ??= new Set();
    if (this.#seen.has(text)) return false;
    this.#seen.add(text);
    return true;
  }

  /** What `evaluate` answers for an expression that calls nothing, at the same cost in steps. */
  valueOf(expression: Exclude<Expression, CallExpression>, inSet = false): Values {
    this.#budget.charge();
    return expression.kind === 'literal' ? single(expression.value, false) : this.#properties(expression, inSet);
  }

  /** The value of an expression with the current meaning of the names. @throws RuleFault */
  *evaluate(expression: Expression, inSet = false): Work<Values> {
    if (expression.kind !== 'call') return this.valueOf(expression, inSet);
    this.#budget.charge();
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
  /** The place of the claim that is tested. */
  at = 0;
  /** What must be found, and given to `learn`, before the test of this claim can go on. */
  missing: Expression | undefined;
  readonly #planned: PlannedCondition;
  #property = 0;
  /** How many properties a claim has reached. */
  #reached = 0;
  /** Values that do not stand in the policy. */
  readonly #learned: (Values | undefined)[] = [];

  constructor(planned: PlannedCondition) {
    this.#planned = planned;
  }

  moveTo(at: number): void {
    this.at = at;
    this.#property = 0;
  }

  /** Tests the claim from the property on that was missing a value. Not a generator, since it runs for every claim. */
  pass(claim: Claim, budget: Budget): boolean {
    const { condition, literals } = this.#planned;
    for (; this.#property < condition.properties.length; this.#property++) {
      const tested = condition.properties[this.#property];
      const wanted = literals[this.#property] ?? this.#learned[this.#property];
      if (tested === undefined) continue;
      if (wanted === undefined) {
        this.missing = tested.expression;
        return false;
      }
      if (this.#property === this.#reached) this.#reach(budget);
      const { property, operator } = tested;
      if (!compare(propertyOf(claim, property), { operator, wanted }, budget)) return false;
    }
    return true;
  }

  /** A value that stands in the policy costs what finding it would: the steps of a policy are the same everywhere. */
  #reach(budget: Budget): void {
    if (this.#learned[this.#property] === undefined) budget.charge(stepsAProperty + 1);
    this.#reached++;
  }

  learn(value: Values): void {
    this.#learned[this.#property] = value;
    this.missing = undefined;
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
