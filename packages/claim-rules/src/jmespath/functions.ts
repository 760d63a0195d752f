import type { Budget } from '../budget.ts';
import { sameJson } from '../json/equal.ts';
import { isArray, isNumber, isObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { writeJson } from '../json/write.ts';
import type { Query } from './ast.ts';
import { JmesPathError } from './error.ts';
import { compareKeys, sortedBy, type SortKey } from './order.ts';
import { signatureOf, type ParameterType, type QueryFunction } from './signatures.ts';

/** Evaluates the arguments. */
export type Evaluate = (query: Query, value: JsonValue, budget: Budget) => JsonValue;

type Call = Extract<Query, { readonly kind: 'call' }>;

/** Calls a function of a query on `value`. The parser made sure that it exists and of how many arguments it takes. */
export function callFunction(
  call: Call,
  value: JsonValue,
  { budget, evaluate }: { readonly budget: Budget; readonly evaluate: Evaluate },
): JsonValue {
  const name = call.name as QueryFunction;
  const { parameters } = signatureOf(name);
  const values: JsonValue[] = [];
  let expression: Query | undefined;
  for (const [index, { reference, query }] of call.arguments.entries()) {
    const type = parameters[index] ?? parameters.at(-1) ?? 'any';
    if (reference !== (type === 'expression')) {
      throw new JmesPathError('invalid-type', `${name} takes ${type === 'expression' ? 'an' : 'no'} &expression here.`);
    }
    if (reference) {
      expression = query;
      continue;
    }
    const given = evaluate(query, value, budget);
    checkType(given, type, name, budget);
    values.push(given);
  }
  const keyOf = (item: JsonValue): JsonValue => (expression === undefined ? item : evaluate(expression, item, budget));
  return functions[name]({ values, first: values[0] ?? null, second: values[1] ?? null, keyOf, budget, name });
}

interface Given {
  readonly values: readonly JsonValue[];
  readonly first: JsonValue;
  readonly second: JsonValue;
  /** The `&expression`, applied. */
  readonly keyOf: (item: JsonValue) => JsonValue;
  readonly budget: Budget;
  readonly name: QueryFunction;
}

const functions: Readonly<Record<QueryFunction, (given: Given) => JsonValue>> = {
  abs: ({ first }) => (number(first) < 0 ? negated(number(first)) : first),
  avg: (given) => {
    const { length } = list(given.first);
    return length === 0 ? null : finite(sumOf(given) / length);
  },
  ceil: ({ first }) => (typeof first === 'number' ? Math.ceil(first) + 0 : first),
  contains: ({ first, second, budget }) => {
    if (typeof first !== 'string') return list(first).some((item) => sameJson(item, second, budget));
    budget.chargeText(first.length);
    return typeof second === 'string' && first.includes(second);
  },
  ends_with: ({ first, second, budget }) => charged(first, budget).endsWith(charged(second, budget)),
  equals_ignore_case: ({ first, second, budget }) =>
    typeof first === 'string' &&
    typeof second === 'string' &&
    budget.sameText(lowerCase(charged(first, budget)), lowerCase(charged(second, budget))),
  floor: ({ first }) => (typeof first === 'number' ? Math.floor(first) + 0 : first),
  join: ({ first, second, budget }) => joined(text(first), list(second).map(text), budget),
  keys: ({ first, budget }) => {
    budget.charge(object(first).size);
    return [...object(first).keys()];
  },
  length: ({ first, budget }) => {
    if (typeof first !== 'string') return isArray(first) ? first.length : object(first).size;
    return codePoints(first, budget).length;
  },
  // The expression is the first argument, and is not among the values.
  map: ({ first, keyOf, budget }) =>
    list(first).map((item) => {
      budget.charge();
      return keyOf(item);
    }),
  max: (given) => extreme(given, 1),
  max_by: (given) => extreme(given, 1),
  merge: ({ values, budget }) => {
    const merged = new Map<string, JsonValue>();
    for (const value of values) {
      budget.charge(1 + object(value).size);
      for (const [key, item] of object(value)) merged.set(key, item);
    }
    return merged;
  },
  min: (given) => extreme(given, -1),
  min_by: (given) => extreme(given, -1),
  not_null: ({ values }) => values.find((value) => value !== null) ?? null,
  reverse: ({ first, budget }) => {
    if (typeof first === 'string') return codePoints(first, budget).toReversed().join('');
    budget.charge(list(first).length);
    return list(first).toReversed();
  },
  sort: (given) => sorted(given),
  sort_by: (given) => sorted(given),
  starts_with: ({ first, second, budget }) => charged(first, budget).startsWith(charged(second, budget)),
  sum: (given) => finite(sumOf(given)),
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

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (isNumber(value)) return 'number';
  if (isArray(value)) return 'array';
  return typeof value;
}

function checkType(value: JsonValue, type: ParameterType, name: string, budget: Budget): void {
  const fits = (wanted: string): boolean => {
    if (wanted === 'any' || wanted === 'expression') return true;
    if (wanted === 'array-number' || wanted === 'array-string') {
      const item = wanted.slice('array-'.length);
      if (!isArray(value)) return false;
      budget.charge(1 + value.length);
      return value.every((entry) => typeOf(entry) === item);
    }
    return typeOf(value) === wanted;
  };
  if (type.split('-or-').some(fits)) return;
  throw new JmesPathError('invalid-type', `${name} takes ${type.replaceAll('-', ' ')}, and is given ${typeOf(value)}.`);
}

// What the signature made sure of; a failure here would be a mistake in the tables above.
function text(value: JsonValue): string {
  if (typeof value !== 'string') throw new TypeError('The signature lets only strings through.');
  return value;
}

function number(value: JsonValue): number | bigint {
  if (!isNumber(value)) throw new TypeError('The signature lets only numbers through.');
  return value;
}

function list(value: JsonValue): readonly JsonValue[] {
  if (!isArray(value)) throw new TypeError('The signature lets only lists through.');
  return value;
}

function object(value: JsonValue): JsonObject {
  if (!isObject(value)) throw new TypeError('The signature lets only objects through.');
  return value;
}

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

function sumOf({ first, budget }: Given): number {
  budget.charge(list(first).length);
  return list(first).reduce<number>((sum, item) => sum + Number(number(item)), 0);
}

/** Letters of ASCII only: others change with the version of Unicode, and some become letters of ASCII. */
function lowerCase(value: string): string {
  return value.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function codePoints(value: string, budget: Budget): string[] {
  budget.charge(1 + value.length);
  return Array.from(value);
}

function joined(glue: string, parts: readonly string[], budget: Budget): string {
  const length = parts.reduce((sum, part) => sum + part.length + glue.length, 0);
  budget.charge(parts.length);
  budget.chargeText(length);
  // Before it is made: a long glue between many parts is longer than any text that there is.
  budget.checkLength(length - (parts.length > 0 ? glue.length : 0));
  return budget.checkString(parts.join(glue));
}

function toNumber(value: string, budget: Budget): JsonValue {
  budget.chargeText(value.length);
  if (!/^-?(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/.test(value)) return null;
  const parsed = Number(value);
  if (!Number.isFinite(parsed)) return null;
  return /^-?\d+$/.test(value) && !Number.isSafeInteger(parsed) ? BigInt(value) : parsed + 0;
}

/** The items with their keys, which are numbers or strings throughout. */
function keyed({ first, keyOf, name, budget }: Given): readonly (readonly [SortKey, JsonValue])[] {
  let kind: string | undefined;
  return list(first).map((item) => {
    budget.charge();
    const key = keyOf(item);
    const type = typeOf(key);
    kind ??= type;
    if ((typeof key !== 'string' && !isNumber(key)) || type !== kind) {
      throw new JmesPathError('invalid-type', `${name} takes numbers or strings to compare, all of one type.`);
    }
    return [key, item] as const;
  });
}

function sorted(given: Given): JsonValue {
  return sortedBy(keyed(given), given.budget).map(([, item]) => item);
}

/** The item whose key is the largest (1) or the smallest (-1); of equal ones the first. */
function extreme(given: Given, sign: 1 | -1): JsonValue {
  let best: readonly [SortKey, JsonValue] | undefined;
  for (const entry of keyed(given)) {
    if (best === undefined || compareKeys(entry[0], best[0], given.budget) * sign > 0) best = entry;
  }
  return best?.[1] ?? null;
}
