import type { Budget } from '../budget.ts';
import { isArray, isNumber, isObject, type JsonObject, type JsonValue } from './value.ts';

/** Whether two values are the same JSON; the order of keys does not matter. @throws CLAIM_RULES_LIMIT */
export function sameJson(left: JsonValue, right: JsonValue, budget: Budget): boolean {
  budget.charge();
  if (typeof left === 'string' || typeof right === 'string') {
    return typeof left === 'string' && typeof right === 'string' && budget.sameText(left, right);
  }
  // Loosely, which compares a number with a bigint by their values: both may be beyond the safe integers, as 1e20 is.
  // oxlint-disable-next-line eqeqeq -- both are numbers, so nothing is converted
  if (isNumber(left) && isNumber(right)) return left == right;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return left === right;
  if (isArray(left) && isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index] ?? null, budget));
  }
  return isObject(left) && isObject(right) && sameObject(left, right, budget);
}

function sameObject(left: JsonObject, right: JsonObject, budget: Budget): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !sameJson(value, other, budget)) return false;
  }
  return true;
}
