import { conditionFor, type Assignment, type Condition } from './conditions.ts';

/** What an object is for each assignment of the settings. */
export type Variants = ReadonlyMap<Assignment, unknown>;

/** Objects that differ with the settings, as one. */
export type ObjectTemplate =
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'map'; readonly entries: readonly (Part & { readonly key: string })[] }
  | { readonly kind: 'list'; readonly items: readonly Part[] };

/** Where its condition holds, if it has one. */
export interface Part {
  readonly condition?: Condition;
  readonly value: ObjectTemplate;
}

/**
 * Merges what one function makes of all settings. A part that is not always the same, or not always there, comes as
 * several parts with conditions.
 * @param names of the settings, one a bit
 * @param all that conditions are among, also those without a value
 * @throws TypeError for a condition that is too long, and for lists whose order changes
 */
export function merge(names: readonly string[], all: readonly Assignment[], having: Variants): readonly Part[] {
  const groups = new Map<string, Map<Assignment, unknown>>();
  for (const [assignment, value] of having) {
    const shape = shapeOf(value);
    const group = groups.get(shape) ?? new Map<Assignment, unknown>();
    group.set(assignment, value);
    groups.set(shape, group);
  }
  return [...groups.values()].map((group) => ({
    ...(group.size === all.length ? {} : { condition: conditionFor(names, all, new Set(group.keys())) }),
    value: mergeAlike(names, group),
  }));
}

/** Maps become one map, and lists one list; empty ones, which have no lines, and scalars only what equals them. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return 'list';
  if (isMap(value) && Object.keys(value).length > 0) return 'map';
  return JSON.stringify(value);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mergeAlike(names: readonly string[], variants: Variants): ObjectTemplate {
  const [first] = variants.values();
  const text = JSON.stringify(first);
  const isConstant = [...variants.values()].every((value) => JSON.stringify(value) === text);
  if (isConstant) return { kind: 'constant', value: first };
  const isList = Array.isArray(first);
  const hasOne = isList && [...variants.values()].every((value) => (value as readonly unknown[]).length === 1);
  const keyed = [...variants].map(([assignment, value]) => {
    // All of one shape.
    const parts = isList && !hasOne ? keyedItems(value as readonly unknown[]) : Object.entries(value as object);
    return [assignment, new Map<string, unknown>(parts)] as const;
  });
  const parts = orderOf(keyed.map(([, map]) => [...map.keys()])).flatMap((key) => {
    const having = new Map(
      keyed.filter(([, map]) => map.has(key)).map(([assignment, map]) => [assignment, map.get(key)]),
    );
    const all = [...variants.keys()];
    return merge(names, all, having).map((part) => ({ ...part, key }));
  });
  return isList ? { kind: 'list', items: parts } : { kind: 'map', entries: parts };
}

/**
 * Items of lists that grow are the same when they have the same name, or ports, or when they are equal; equal ones are counted. In a
 * list that always has one item, it is the same one.
 */
function keyedItems(items: readonly unknown[]): readonly (readonly [key: string, item: unknown])[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const key = keyOf(item);
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return [`${count} ${key}`, item];
  });
}

function keyOf(item: unknown): string {
  if (isMap(item) && typeof item['name'] === 'string') return `name ${item['name']}`;
  if (isMap(item) && item['ports'] !== undefined) return `ports ${JSON.stringify(item['ports'])}`;
  return JSON.stringify(item);
}

/** One order that all of the given ones agree with; among keys that may stand anywhere, that of the longest. */
function orderOf(orders: readonly (readonly string[])[]): readonly string[] {
  const waiting = new Set(orders.toSorted((a, b) => b.length - a.length).flat());
  const before = new Map<string, Set<string>>();
  for (const keys of orders) {
    for (const [index, key] of keys.entries()) {
      const earlier = before.get(key) ?? new Set();
      for (const other of keys.slice(0, index)) earlier.add(other);
      before.set(key, earlier);
    }
  }
  const order: string[] = [];
  while (waiting.size > 0) {
    const next = [...waiting].find((key) => [...(before.get(key) ?? [])].every((other) => !waiting.has(other)));
    if (next === undefined) throw new TypeError(`The order of ${[...waiting].join(', ')} changes with the settings.`);
    waiting.delete(next);
    order.push(next);
  }
  return order;
}
