import { customKinds, fieldsOf, type Shape } from './types.ts';
import { isPlain, isSame, type Plain } from './values.ts';

const whole: Shape = { of: 'anything' };
const metadata: Shape = { of: 'object', type: 'Metadata', isReplaced: false };

/** What kubectl sends of a manifest to change what is there, and where. */
export interface Patch {
  /** Fields whose value in the manifest is not the one that is there: what makes kubectl print `configured`. */
  readonly changes: readonly string[];
  /** What is there after them. */
  readonly merged: Plain;
}

/**
 * The strategic merge patch of `kubectl apply` (k8s.io/apimachinery/pkg/util/strategicpatch): what the manifest says and the
 * object does not, and without what the last manifest said and this one does not.
 */
export function patchOf(last: Plain, manifest: Plain, live: Plain): Patch {
  const changes: string[] = [];
  const kind = String(manifest['kind']);
  const shapes = shapesOf(kind);
  const merged = mergeFields({ last, manifest, live, path: kind, changes }, shapes);
  return { changes, merged };
}

type ShapeOf = (field: string) => Shape;

function shapesOf(kind: string): ShapeOf {
  return (field) => {
    if (field === 'metadata') return metadata;
    if (field === 'apiVersion' || field === 'kind' || customKinds.has(kind)) return whole;
    return fieldsOf(kind).get(field)?.shape ?? whole;
  };
}

interface Merge<T> {
  readonly last: T | undefined;
  readonly manifest: T;
  readonly live: T;
  readonly path: string;
  readonly changes: string[];
}

function mergeFields({ last = {}, manifest, live, path, changes }: Merge<Plain>, shapeOf: ShapeOf): Plain {
  const merged: Record<string, unknown> = { ...live };
  for (const name of Object.keys(last)) {
    if (name in manifest || !(name in live)) continue;
    changes.push(`${path}.${name} is removed`);
    delete merged[name];
  }
  for (const [name, value] of Object.entries(manifest)) {
    const place = { last: last[name], manifest: value, live: live[name], path: `${path}.${name}`, changes };
    merged[name] = mergeValue(place, shapeOf(name));
  }
  return merged;
}

function mergeValue({ last, manifest, live, path, changes }: Merge<unknown>, shape: Shape): unknown {
  if (isPlain(manifest) && isPlain(live) && !(shape.of === 'object' && shape.isReplaced)) {
    const inner = { last: isPlain(last) ? last : undefined, manifest, live, path, changes };
    const ofType = shape.of === 'object' ? fieldsOf(shape.type) : undefined;
    if (shape.of === 'object' || shape.of === 'map') {
      return mergeFields(inner, (name) => ofType?.get(name)?.shape ?? whole);
    }
  }
  if (Array.isArray(manifest) && Array.isArray(live) && shape.of === 'list' && shape.key !== undefined) {
    const place = { last: Array.isArray(last) ? last : undefined, manifest, live, path, changes };
    return mergeLists(place, shape.item, shape.key);
  }
  if (!isSame(manifest, live)) changes.push(`${path}: ${shown(live)} is ${shown(manifest)} in the manifest`);
  return manifest ?? undefined;
}

function mergeLists(
  { last, manifest, live, path, changes }: Merge<readonly unknown[]>,
  item: Shape,
  key: string,
): unknown[] {
  const keyOf = (one: unknown): string => (isPlain(one) ? shown(one[key]) : '');
  const find = (list: readonly unknown[] | undefined, wanted: string): unknown =>
    list?.find((one) => keyOf(one) === wanted);
  const keys = manifest.map(keyOf);
  const repeated = keys.find((one, index) => keys.indexOf(one) < index);
  // kubectl tells items by this key alone, and loses one of two when either changes.
  if (repeated !== undefined) changes.push(`${path} has ${key} ${repeated} twice`);
  const merged = manifest.map((one) => {
    const wanted = keyOf(one);
    const inner = `${path}[${key}=${wanted}]`;
    return mergeValue(
      { last: find(last, wanted), manifest: one, live: find(live, wanted), path: inner, changes },
      item,
    );
  });
  const others = live.filter((one) => !keys.includes(keyOf(one)));
  const gone = others.filter((one) => find(last, keyOf(one)) !== undefined);
  for (const one of gone) changes.push(`${path}[${key}=${keyOf(one)}] is removed`);
  return [...merged, ...others.filter((one) => !gone.includes(one))];
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
