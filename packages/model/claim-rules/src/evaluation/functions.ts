import type { Budget } from '../budget.ts';
import type { ClaimValue } from '../claim.ts';
import type { FunctionName } from '../functions.ts';
import { JmesPathError } from '../jmespath/error.ts';
import type { Query } from '../jmespath/ast.ts';
import { chargedQuery, evaluateQuery } from '../jmespath/evaluate.ts';
import { JsonFault, parseJson } from '../json/parse.ts';
import { isArray, type JsonValue } from '../json/value.ts';
import { writeJson } from '../json/write.ts';
import { isWork, type Work } from '../work.ts';
import { RuleFault, single, type Values } from './value.ts';

/** Shorter texts are parsed again: that is less work than caching them. */
const leastKept = 32;

/** State that the functions of an evaluation share. */
export class FunctionContext {
  readonly budget: Budget;
  /** Policies query the same evidence repeatedly, with the same queries. */
  readonly #parsed = new Map<string, JsonValue>();
  readonly #queries = new Map<string, Query>();

  constructor(budget: Budget) {
    this.budget = budget;
  }

  *parse(text: string, name: FunctionName): Work<JsonValue> {
    this.budget.chargeText(text.length);
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    try {
      const value = yield* parseJson(text, this.budget);
      if (text.length >= leastKept) this.#parsed.set(text, value);
      return value;
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      throw new RuleFault(`${name} takes JSON, and this is not JSON: ${error.message}.`);
    }
  }

  query(expression: string): Query {
    this.budget.chargeText(expression.length);
    const known = this.#queries.get(expression);
    if (known !== undefined) return known;
    const query = chargedQuery(expression, this.budget);
    this.#queries.set(expression, query);
    return query;
  }
}

type Run = (given: readonly [Values, Values], context: FunctionContext) => Values | Work<Values>;

const run: Readonly<Record<FunctionName, Run>> = {
  *JmesPath([json, query], context) {
    const text = textOf(json, 'JmesPath');
    const expression = textOf(query, 'JmesPath');
    if (text === '' || expression === '') throw new RuleFault('JmesPath takes JSON and a query, and one is empty.');
    const { budget } = context;
    const value = yield* context.parse(text, 'JmesPath');
    try {
      const found = yield* evaluateQuery(context.query(expression), value, budget);
      return single(yield* writeJson(found, budget), json.readOnly || query.readOnly);
    } catch (error) {
      if (!(error instanceof JmesPathError)) throw error;
      throw new RuleFault(`JmesPath: ${error.message}`);
    }
  },
  *JsonToClaimValue([json], context) {
    const value = yield* context.parse(textOf(json, 'JsonToClaimValue'), 'JsonToClaimValue');
    const items = isArray(value) ? value : [value];
    context.budget.charge(items.length);
    return { items: items.flatMap(claimValueOf), readOnly: json.readOnly };
  },
  *IsSubsetOf([left, right], { budget }) {
    const superset = new Set<string>();
    for (const item of right.items) {
      if (budget.isPauseDue) yield;
      superset.add(keyOf(item, budget));
    }
    for (const item of left.items) {
      if (budget.isPauseDue) yield;
      if (!superset.has(keyOf(item, budget))) return single(false, false);
    }
    return single(true, false);
  },
  AppendString([left, right], { budget }) {
    const [head, tail] = [textOf(left, 'AppendString'), textOf(right, 'AppendString')];
    budget.chargeText(head.length + tail.length);
    budget.checkLength(head.length + tail.length);
    return single(budget.checkString(head + tail), left.readOnly || right.readOnly);
  },
  NegateBool([operand]) {
    const value = oneOf(operand, 'NegateBool');
    if (typeof value !== 'boolean') throw new RuleFault('NegateBool takes a boolean.');
    return single(!value, operand.readOnly);
  },
  *ContainsOnlyValue([set, wanted], { budget }) {
    const value = keyOf(oneOf(wanted, 'ContainsOnlyValue'), budget);
    for (const item of set.items) {
      if (budget.isPauseDue) yield;
      if (keyOf(item, budget) !== value) return single(false, false);
    }
    return single(set.items.length > 0, false);
  },
};

/** Steps of a call besides the work of the function. */
const stepsACall = 4;

/** Calls a function. The parser has checked the number of its arguments. */
export function* callRuleFunction(
  name: FunctionName,
  given: readonly Values[],
  context: FunctionContext,
): Work<Values> {
  const none: Values = { items: [], readOnly: false };
  context.budget.charge(stepsACall);
  const found = run[name]([given[0] ?? none, given[1] ?? none], context);
  return isWork(found) ? yield* found : found;
}

/** Steps for a value of a set: its text is made, and looked up by its characters. */
const stepsAKey = 2;

/** Different for values of different types, as `"1"` and `1` are. */
function keyOf(value: ClaimValue, budget: Budget): string {
  budget.charge(stepsAKey);
  budget.chargeText(2 * String(value).length);
  return `${typeof value}:${value}`;
}

function oneOf({ items }: Values, name: FunctionName): ClaimValue {
  const [value] = items;
  if (value === undefined) throw new RuleFault(`${name} takes one value, and is given none (JSON null).`);
  if (items.length > 1) throw new RuleFault(`${name} takes one value, and is given a set of ${items.length}.`);
  return value;
}

function textOf(values: Values, name: FunctionName): string {
  const value = oneOf(values, name);
  if (typeof value !== 'string') throw new RuleFault(`${name} takes text, and is given a ${typeof value}.`);
  return value;
}

/**
 * Follows the table in the function's documentation: objects, nested lists and fractions are refused, and null gives no claim.
 */
function claimValueOf(value: JsonValue): readonly ClaimValue[] {
  if (value === null) return [];
  if (typeof value === 'string' || typeof value === 'boolean') return [value];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return [value];
  const what =
    typeof value === 'number' || typeof value === 'bigint'
      ? 'a fraction or a number beyond 2^53 - 1'
      : isArray(value)
        ? 'a list in a list'
        : 'an object';
  throw new RuleFault(`JsonToClaimValue takes text, booleans, whole numbers, null and lists of these, not ${what}.`);
}
