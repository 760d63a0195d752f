import type { Budget } from '../budget.ts';
import { sameJson } from '../json/equal.ts';
import { isArray, isNumber, isObject, type JsonValue } from '../json/value.ts';
import type { Work } from '../work.ts';
import type { Comparator, Query } from './ast.ts';
import { callFunction } from './functions.ts';
import { parseJmesPath } from './parse.ts';

/** A single character may be a token, and a node of the tree. */
const stepsACharacter = 8;
/** Steps of an object besides those of its members. */
const stepsAnObject = 4;
/** Steps of a new list, or of a projection, besides those of its items. */
const stepsAList = 2;

/** Parses a query, and charges for that. @throws JmesPathError; PolicyError with CLAIM_RULES_LIMIT */
export function chargedQuery(expression: string, budget: Budget): Query {
  budget.charge(stepsACharacter * expression.length);
  return parseJmesPath(expression, budget.limits.maxDepth);
}

/**
 * The result of a query. Each visited node and each item costs a step, so that the work is bounded for any query. The recursion
 * is as deep as the tree, which the parser bounds.
 * @throws JmesPathError; PolicyError with CLAIM_RULES_LIMIT
 */
export function* evaluateQuery(query: Query, value: JsonValue, budget: Budget): Work<JsonValue> {
  budget.charge();
  if (budget.isPauseDue) yield;
  switch (query.kind) {
    case 'current':
      return value;
    case 'literal':
      return query.value;
    case 'field':
      // The name is looked up by its characters.
      budget.chargeText(query.name.length);
      return isObject(value) ? (value.get(query.name) ?? null) : null;
    case 'index':
      return isArray(value) ? (value.at(query.index) ?? null) : null;
    case 'slice':
      return isArray(value) ? yield* sliceOf(value, query, budget) : null;
    case 'chain':
      return yield* evaluateQuery(query.right, yield* evaluateQuery(query.left, value, budget), budget);
    case 'flatten':
      return yield* flattened(yield* evaluateQuery(query.left, value, budget), budget);
    case 'projection':
    case 'values':
    case 'filter':
      return yield* projected(query, value, budget);
    case 'list':
      return value === null ? null : yield* listOf(query.items, value, budget);
    case 'object':
      return value === null ? null : yield* objectOf(query.entries, value, budget);
    case 'call':
      return yield* callFunction(query, value, { budget, evaluate: evaluateQuery });
    default:
      return yield* logical(query, value, budget);
  }
}

function* listOf(items: readonly Query[], value: JsonValue, budget: Budget): Work<JsonValue> {
  budget.charge(stepsAList);
  const found: JsonValue[] = [];
  for (const item of items) found.push(yield* evaluateQuery(item, value, budget));
  return found;
}

function* objectOf(entries: readonly (readonly [string, Query])[], value: JsonValue, budget: Budget): Work<JsonValue> {
  budget.charge(stepsAnObject);
  const found = new Map<string, JsonValue>();
  for (const [key, query] of entries) {
    budget.chargeText(key.length);
    found.set(key, yield* evaluateQuery(query, value, budget));
  }
  return found;
}

type Logical = Extract<Query, { readonly kind: 'or' | 'and' | 'not' | 'compare' }>;

function* logical(query: Logical, value: JsonValue, budget: Budget): Work<JsonValue> {
  if (query.kind === 'not') return !isTrue(yield* evaluateQuery(query.operand, value, budget));
  const left = yield* evaluateQuery(query.left, value, budget);
  if (query.kind === 'or' && isTrue(left)) return left;
  if (query.kind === 'and' && !isTrue(left)) return left;
  const right = yield* evaluateQuery(query.right, value, budget);
  return query.kind === 'compare' ? yield* compared(query.comparator, [left, right], budget) : right;
}

/** Empty lists, objects and strings, false and null are false; 0 is true. */
function isTrue(value: JsonValue): boolean {
  if (value === null || value === false || value === '') return false;
  if (isArray(value)) return value.length > 0;
  return !isObject(value) || value.size > 0;
}

function* compared(
  comparator: Comparator,
  [left, right]: readonly [JsonValue, JsonValue],
  budget: Budget,
): Work<boolean | null> {
  if (comparator === '==') return yield* sameJson(left, right, budget);
  if (comparator === '!=') return !(yield* sameJson(left, right, budget));
  if (!isNumber(left) || !isNumber(right)) return null;
  switch (comparator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

type Projection = Extract<Query, { readonly kind: 'projection' | 'values' | 'filter' }>;

function* projected(query: Projection, value: JsonValue, budget: Budget): Work<JsonValue> {
  budget.charge(stepsAList);
  const base = yield* evaluateQuery(query.left, value, budget);
  if (query.kind === 'values' && isObject(base)) budget.charge(base.size);
  const items = query.kind === 'values' ? (isObject(base) ? [...base.values()] : undefined) : base;
  if (items === undefined || !isArray(items)) return null;
  const found: JsonValue[] = [];
  for (const item of items) {
    budget.charge();
    if (query.kind === 'filter' && !isTrue(yield* evaluateQuery(query.condition, item, budget))) continue;
    const result = yield* evaluateQuery(query.right, item, budget);
    if (result !== null) found.push(result);
  }
  return found;
}

function* flattened(value: JsonValue, budget: Budget): Work<JsonValue> {
  if (!isArray(value)) return null;
  const found: JsonValue[] = [];
  for (const item of value) {
    const parts = isArray(item) ? item : [item];
    budget.charge(1 + parts.length);
    if (budget.isPauseDue) yield;
    for (const part of parts) found.push(part);
  }
  return found;
}

/** As Python slices: negative bounds count from the end, and bounds are clamped to the list. */
function* sliceOf(
  list: readonly JsonValue[],
  { start, stop, step }: Extract<Query, { readonly kind: 'slice' }>,
  budget: Budget,
): Work<JsonValue> {
  const { length } = list;
  const cut = (bound: number): number => {
    const lowest = step < 0 ? -1 : 0;
    if (bound < 0) return Math.max(bound + length, lowest);
    return Math.min(bound, step < 0 ? length - 1 : length);
  };
  const from = start === undefined ? (step < 0 ? length - 1 : 0) : cut(start);
  const to = stop === undefined ? (step < 0 ? -1 : length) : cut(stop);
  const found: JsonValue[] = [];
  for (let index = from; step < 0 ? index > to : index < to; index += step) {
    budget.charge();
    if (budget.isPauseDue) yield;
    const item = list[index];
    if (item !== undefined) found.push(item);
  }
  return found;
}
