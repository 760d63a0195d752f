import type { Budget } from '../budget.ts';
import { sameJson } from '../json/equal.ts';
import { isArray, isNumber, isObject, type JsonValue } from '../json/value.ts';
import type { Comparator, Query } from './ast.ts';
import { callFunction } from './functions.ts';
import { parseJmesPath } from './parse.ts';

/** A character may be a token of its own, and a node of the tree. */
const stepsACharacter = 8;

/**
 * What a JMESPath expression finds. Each node that is looked at and each item that is met costs a step, so that the
 * work is bounded whatever the expression is.
 * @throws JmesPathError; PolicyError with CLAIM_RULES_LIMIT
 */
export function searchJson(value: JsonValue, expression: string, budget: Budget): JsonValue {
  budget.charge(stepsACharacter * expression.length);
  return evaluateQuery(parseJmesPath(expression, budget.limits.maxDepth), value, budget);
}

/** As deep as the tree, which the parser bounds. */
function evaluateQuery(query: Query, value: JsonValue, budget: Budget): JsonValue {
  budget.charge();
  switch (query.kind) {
    case 'current':
      return value;
    case 'literal':
      return query.value;
    case 'field':
      return isObject(value) ? (value.get(query.name) ?? null) : null;
    case 'index':
      return isArray(value) ? (value.at(query.index) ?? null) : null;
    case 'slice':
      return isArray(value) ? sliceOf(value, query, budget) : null;
    case 'chain':
      return evaluateQuery(query.right, evaluateQuery(query.left, value, budget), budget);
    case 'flatten':
      return flattened(evaluateQuery(query.left, value, budget), budget);
    case 'projection':
    case 'values':
    case 'filter':
      return projected(query, value, budget);
    case 'list':
      return value === null ? null : query.items.map((item) => evaluateQuery(item, value, budget));
    case 'object':
      return value === null
        ? null
        : new Map(query.entries.map(([key, item]) => [key, evaluateQuery(item, value, budget)]));
    case 'call':
      return callFunction(query, value, { budget, evaluate: evaluateQuery });
    default:
      return logical(query, value, budget);
  }
}

type Logical = Extract<Query, { readonly kind: 'or' | 'and' | 'not' | 'compare' }>;

function logical(query: Logical, value: JsonValue, budget: Budget): JsonValue {
  if (query.kind === 'not') return !isTrue(evaluateQuery(query.operand, value, budget));
  const left = evaluateQuery(query.left, value, budget);
  if (query.kind === 'or' && isTrue(left)) return left;
  if (query.kind === 'and' && !isTrue(left)) return left;
  const right = evaluateQuery(query.right, value, budget);
  return query.kind === 'compare' ? compared(query.comparator, [left, right], budget) : right;
}

/** Empty lists, objects and strings, false and null are false; 0 is true. */
function isTrue(value: JsonValue): boolean {
  if (value === null || value === false || value === '') return false;
  if (isArray(value)) return value.length > 0;
  return !isObject(value) || value.size > 0;
}

function compared(
  comparator: Comparator,
  [left, right]: readonly [JsonValue, JsonValue],
  budget: Budget,
): boolean | null {
  if (comparator === '==') return sameJson(left, right, budget);
  if (comparator === '!=') return !sameJson(left, right, budget);
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

function projected(query: Projection, value: JsonValue, budget: Budget): JsonValue {
  const base = evaluateQuery(query.left, value, budget);
  const items = query.kind === 'values' ? (isObject(base) ? [...base.values()] : undefined) : base;
  if (items === undefined || !isArray(items)) return null;
  const found: JsonValue[] = [];
  for (const item of items) {
    budget.charge();
    if (query.kind === 'filter' && !isTrue(evaluateQuery(query.condition, item, budget))) continue;
    const result = evaluateQuery(query.right, item, budget);
    if (result !== null) found.push(result);
  }
  return found;
}

function flattened(value: JsonValue, budget: Budget): JsonValue {
  if (!isArray(value)) return null;
  const found: JsonValue[] = [];
  for (const item of value) {
    const parts = isArray(item) ? item : [item];
    budget.charge(1 + parts.length);
    for (const part of parts) found.push(part);
  }
  return found;
}

/** As Python slices: bounds count from the end when negative, and are cut to the list. */
function sliceOf(
  list: readonly JsonValue[],
  { start, stop, step }: Extract<Query, { readonly kind: 'slice' }>,
  budget: Budget,
): JsonValue {
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
    const item = list[index];
    if (item !== undefined) found.push(item);
  }
  return found;
}
