import { isJsonArray, isJsonObject, type JsonValue } from './value.ts';

/** True for equal values, whatever the order of members. */
export function sameJson(left: JsonValue, right: JsonValue): boolean {
  if (isJsonArray(left)) {
    return isJsonArray(right) && left.length === right.length && left.every((item, at) => same(item, right[at]));
  }
  if (!isJsonObject(left)) return left === right;
  if (!isJsonObject(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => same(left[name], right[name]));
}

function same(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return left !== undefined && right !== undefined && sameJson(left, right);
}
