export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A frozen object without a prototype, so that no member name is special. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For values of JSON. `Array.isArray` does not narrow a union with a readonly array. */
export function isJsonArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}
