import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';

/** An own member, and never one of a prototype; null is as absent, as in Kubernetes. */
export function member(parent: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(parent, name) ? (parent[name] ?? undefined) : undefined;
}

/** @throws ADMISSION_POD_UNREADABLE when it is there and no object. `path` is for the message. */
export function objectIn(parent: JsonObject, name: string, path: string): JsonObject | undefined {
  const value = member(parent, name);
  if (value !== undefined && !isJsonObject(value)) refuse(`${path}.${name} is not an object`);
  return value;
}

/** @throws ADMISSION_POD_UNREADABLE when it is there and no list of objects. */
export function listIn(parent: JsonObject, name: string, path: string): readonly JsonObject[] | undefined {
  const value = member(parent, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(isJsonObject)) refuse(`${path}.${name} is not a list of objects`);
  return value;
}

/** @throws ADMISSION_POD_UNREADABLE when it is there and no text. */
export function textIn(parent: JsonObject, name: string, path: string): string | undefined {
  const value = member(parent, name);
  if (value !== undefined && typeof value !== 'string') refuse(`${path}.${name} is not text`);
  return value;
}

function refuse(what: string): never {
  throw new EnclosError('ADMISSION_POD_UNREADABLE', `${what}. The pod was left as it is.`);
}
