/**
 * JSON as the evaluator holds it. An object is a map, so that no key has a special meaning in JavaScript. A whole number beyond
 * the safe integers is a bigint: two different numbers must not become equal.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}

export function isNumber(value: JsonValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
