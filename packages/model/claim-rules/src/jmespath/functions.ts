import type { Budget } from '../budget.ts';
import { sameJson } from '../json/equal.ts';
import { isArray, isNumber, type JsonValue } from '../json/value.ts';
import { writeJson } from '../json/write.ts';
import { isWork, type Work } from '../work.ts';
import { checkType, list, number, object, text, typeOf } from './arguments.ts';
import type { Query } from './ast.ts';
import { JmesPathError } from './error.ts';
import { compareKeys, sortedBy, type KeyedItem } from './order.ts';
import { signatureOf, type QueryFunction } from './signatures.ts';
import { codePointCount, containsText, joinedTexts, reversedText, sameIgnoringCase, toNumber } from './texts.ts';

/** Evaluates the arguments. */
export type Evaluate = (query: Query, value: JsonValue, budget: Budget) => Work<JsonValue>;

type Call = Extract<Query, { readonly kind: 'call' }>;

/** Calls a function of a query on `value`. The parser has checked that it exists, and the number of its arguments. */
export function* callFunction(
  call: Call,
  value: JsonValue,
  { budget, evaluate }: { readonly budget: Budget; readonly evaluate: Evaluate },
): Work<JsonValue> {
  const name = call.name as QueryFunction;
  const { parameters } = signatureOf(name);
  const values: JsonValue[] = [];
  let expression: Query | undefined;
  // The call itself: its values and their checks.
  budget.charge(stepsACall);
  for (const [index, { reference, query }] of call.arguments.entries()) {
    const type = parameters[index] ?? parameters.at(-1) ?? 'any';
    if (reference !== (type === 'expression')) {
      throw new JmesPathError('invalid-type', `${name} takes ${type === 'expression' ? 'an' : 'no'} &expression here.`);
    }
    if (reference) {
      expression = query;
      continue;
    }
    const given = yield* evaluate(query, value, budget);
    yield* checkType(given, type, name, budget);
    values.push(given);
  }
  const keyOf = function* (item: JsonValue): Work<JsonValue> {
    return expression === undefined ? item : yield* evaluate(expression, item, budget);
  };
  const found = functions[name]({ values, first: values[0] ?? null, second: values[1] ?? null, keyOf, budget, name });
  return isWork(found) ? yield* found : found;
}

const stepsACall = 4;
/** Steps for adding a member to an object. */
const stepsAMember = 4;

interface FunctionInput {
  readonly values: readonly JsonValue[];
  readonly first: JsonValue;
  readonly second: JsonValue;
  /** The `&expression`, applied. */
  readonly keyOf: (item: JsonValue) => Work<JsonValue>;
  readonly budget: Budget;
  readonly name: QueryFunction;
}

const functions: Readonly<Record<QueryFunction, (given: FunctionInput) => JsonValue | Work<JsonValue>>> = {
  abs: ({ first }) => (number(first) < 0 ? negated(number(first)) : first),
  *avg(given) {
    const { length } = list(given.first);
    return length === 0 ? null : finite((yield* sumOf(given)) / length);
  },
  ceil: ({ first }) => (typeof first === 'number' ? Math.ceil(first) + 0 : first),
  contains(given) {
    const { first, second, budget } = given;
    if (typeof first !== 'string') return includes(given);
    return typeof second === 'string' && containsText(first, second, budget);
  },
  ends_with: ({ first, second, budget }) => charged(first, budget).endsWith(charged(second, budget)),
  equals_ignore_case: ({ first, second, budget }) =>
    typeof first === 'string' && typeof second === 'string' && sameIgnoringCase(first, second, budget),
  floor: ({ first }) => (typeof first === 'number' ? Math.floor(first) + 0 : first),
  join: ({ first, second, budget }) => joinedTexts(text(first), list(second).map(text), budget),
  keys: ({ first, budget }) => {
    budget.charge(object(first).size);
    return [...object(first).keys()];
  },
  length: ({ first, budget }) => {
    if (typeof first === 'string') return codePointCount(first, budget);
    return isArray(first) ? first.length : object(first).size;
  },
  // The expression is the first argument, and is not among the values.
  *map({ first, keyOf, budget }) {
    const found: JsonValue[] = [];
    for (const item of list(first)) {
      budget.charge();
      found.push(yield* keyOf(item));
    }
    return found;
  },
  max: (given) => extreme(given, 1),
  max_by: (given) => extreme(given, 1),
  *merge({ values, budget }) {
    const merged = new Map<string, JsonValue>();
    for (const value of values) {
      budget.charge(stepsAMember);
      for (const [key, item] of object(value)) {
        budget.charge(stepsAMember);
        budget.chargeText(key.length);
        if (budget.isPauseDue) yield;
        merged.set(key, item);
      }
    }
    return merged;
  },
  min: (given) => extreme(given, -1),
  min_by: (given) => extreme(given, -1),
  not_null: ({ values }) => values.find((value) => value !== null) ?? null,
  reverse: ({ first, budget }) => {
    if (typeof first === 'string') return reversedText(first, budget);
    budget.charge(list(first).length);
    return list(first).toReversed();
  },
  sort: (given) => sorted(given),
  sort_by: (given) => sorted(given),
  starts_with: ({ first, second, budget }) => charged(first, budget).startsWith(charged(second, budget)),
  *sum(given) {
    return finite(yield* sumOf(given));
  },
  to_array: ({ first }) => (isArray(first) ? first : [first]),
  to_number: ({ first, budget }) =>
    isNumber(first) ? first : typeof first === 'string' ? toNumber(first, budget) : null,
  to_string: ({ first, budget }) => (typeof first === 'string' ? first : writeJson(first, budget)),
  type: ({ first }) => typeOf(first),
  values: ({ first, budget }) => {
    budget.charge(object(first).size);
    return [...object(first).values()];
  },
};

function charged(value: JsonValue, budget: Budget): string {
  budget.chargeText(text(value).length);
  return text(value);
}

function negated(value: number | bigint): JsonValue {
  return typeof value === 'bigint' ? -value : -value;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new JmesPathError('invalid-value', 'a number is too large.');
  return value;
}

function* includes({ first, second, budget }: FunctionInput): Work<JsonValue> {
  for (const item of list(first)) {
    if (yield* sameJson(item, second, budget)) return true;
  }
  return false;
}

function* sumOf({ first, budget }: FunctionInput): Work<number> {
  let sum = 0;
  for (const item of list(first)) {
    budget.charge();
    if (budget.isPauseDue) yield;
    sum += Number(number(item));
  }
  return sum;
}

/** The items with their keys, which are numbers or strings throughout. */
function* keyed({ first, keyOf, name, budget }: FunctionInput): Work<readonly KeyedItem<JsonValue>[]> {
  const found: KeyedItem<JsonValue>[] = [];
  let kind: string | undefined;
  for (const item of list(first)) {
    budget.charge();
    if (budget.isPauseDue) yield;
    const key = yield* keyOf(item);
    const type = typeOf(key);
    kind ??= type;
    if ((typeof key !== 'string' && !isNumber(key)) || type !== kind) {
      throw new JmesPathError('invalid-type', `${name} takes numbers or strings to compare, all of one type.`);
    }
    found.push([key, item]);
  }
  return found;
}

function* sorted(given: FunctionInput): Work<JsonValue> {
  const entries = yield* sortedBy(yield* keyed(given), given.budget);
  return entries.map(([, item]) => item);
}

/** The item whose key is the largest (1) or the smallest (-1); of equal ones the first. */
function* extreme(given: FunctionInput, sign: 1 | -1): Work<JsonValue> {
  let best: KeyedItem<JsonValue> | undefined;
  for (const entry of yield* keyed(given)) {
    if (given.budget.isPauseDue) yield;
    if (best === undefined || compareKeys(entry[0], best[0], given.budget) * sign > 0) best = entry;
  }
  return best?.[1] ?? null;
}
