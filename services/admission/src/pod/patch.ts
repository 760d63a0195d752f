import type { JsonObject, JsonValue } from '@enclos/codec/json';

/** The operations of JSON Patch (RFC 6902) that are needed. Nothing of a pod is ever replaced. */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string };

/** One more step of a JSON Pointer (RFC 6901 section 3). */
export function pointer(parent: string, step: string | number): string {
  return `${parent}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Adds members to the object at `path`, or makes it of them when it is not there. */
export function addMembers(
  path: string,
  current: JsonObject | undefined,
  members: JsonObject,
): readonly PatchOperation[] {
  const entries = Object.entries(members);
  if (entries.length === 0) return [];
  if (current === undefined) return [{ op: 'add', path, value: members }];
  return entries.map(([name, value]) => ({ op: 'add', path: pointer(path, name), value }));
}

/** Appends to the list at `path`, or makes it when it is not there. What is in it keeps its place. */
export function appendItems(
  path: string,
  current: readonly JsonObject[] | undefined,
  items: readonly JsonObject[],
): readonly PatchOperation[] {
  if (items.length === 0) return [];
  if (current === undefined) return [{ op: 'add', path, value: items }];
  return items.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}
