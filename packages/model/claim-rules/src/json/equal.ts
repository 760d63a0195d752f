import type { Budget } from '../budget.ts';
import type { Work } from '../work.ts';
import { isArray, isNumber, isObject, type JsonObject, type JsonValue } from './value.ts';

/** Steps of a pair of lists or of objects besides those of their contents. */
const stepsAContainer = 3;

/** Whether two values are the same JSON; the order of keys does not matter. @throws CLAIM_RULES_LIMIT */
export function* sameJson(left: JsonValue, right: JsonValue, budget: Budget): Work<boolean> {
  budget.charge();
  if (budget.isPauseDue) yield;
  if (typeof left === 'string' || typeof right === 'string') {
    return typeof left === 'string' && typeof right === 'string' && budget.sameText(left, right);
  }
  // Loose equality compares a number with a bigint by value: both may be beyond the safe integers, as 1e20 is.
  // oxlint-disable-next-line eqeqeq -- both are numbers, so nothing is converted
  if (isNumber(left) && isNumber(right)) return left == right;
  if (isArray(left) && isArray(right)) return yield* sameArray(left, right, budget);
  if (isObject(left) && isObject(right)) return yield* sameObject(left, right, budget);
  return left === right;
}

function* sameArray(left: readonly JsonValue[], right: readonly JsonValue[], budget: Budget): Work<boolean> {
  if (left.length !== right.length) return false;
  budget.charge(stepsAContainer);
  for (const [index, item] of left.entries()) {
    if (!(yield* sameJson(item, right[index] ?? null, budget))) return false;
  }
  return true;
}

function* sameObject(left: JsonObject, right: JsonObject, budget: Budget): Work<boolean> {
  if (left.size !== right.size) return false;
  budget.charge(stepsAContainer);
  for (const [key, value] of left) {
    // The key is looked up by its characters.
    budget.chargeText(key.length);
    const other = right.get(key);
    if (other === undefined || !(yield* sameJson(value, other, budget))) return false;
  }
  return true;
}
