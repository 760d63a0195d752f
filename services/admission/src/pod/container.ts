import { posix } from 'node:path';
import type { JsonObject, JsonValue } from '@enclos/codec/json';
import { listIn, objectIn, textIn, member } from './json.ts';
import { addMembers, appendItems, pointer, type PatchOperation } from './patch.ts';

/** A container of a pod, init containers and sidecars among them, as far as it matters here. */
export interface Container {
  /** Its JSON Pointer. */
  readonly path: string;
  readonly name: string;
  readonly resources: JsonObject | undefined;
  readonly limits: JsonObject | undefined;
  readonly requests: JsonObject | undefined;
  readonly env: readonly JsonObject[] | undefined;
  readonly mounts: readonly JsonObject[] | undefined;
}

/** What a container is to have. What it has of it already stays as it is. */
export interface Additions {
  /** Quantities by resource name, which become limit and request. */
  readonly resources: Readonly<Record<string, string>>;
  /** Resource names of which nothing is to stay. */
  readonly without?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
}

export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
}

/**
 * Init containers, then the others. Ephemeral containers are none of them: they may not have resources, and do not
 * exist yet when a pod is created.
 * @throws ADMISSION_POD_UNREADABLE
 */
export function readContainers(spec: JsonObject): readonly Container[] {
  return ['initContainers', 'containers'].flatMap((list) =>
    (listIn(spec, list, 'spec') ?? []).map((container, index) => readContainer(container, list, index)),
  );
}

function readContainer(container: JsonObject, list: string, index: number): Container {
  const where = `spec.${list}[${index}]`;
  const resources = objectIn(container, 'resources', where);
  return {
    path: pointer(pointer('/spec', list), index),
    name: textIn(container, 'name', where) ?? '',
    resources,
    limits: resources && objectIn(resources, 'limits', `${where}.resources`),
    requests: resources && objectIn(resources, 'requests', `${where}.resources`),
    env: listIn(container, 'env', where),
    mounts: listIn(container, 'volumeMounts', where),
  };
}

/** The quantity that a container asks for, its limit before its request; undefined when it names neither. */
export function quantityOf({ limits = {}, requests = {} }: Container, resource: string): string | undefined {
  const quantity = member(limits, resource) ?? member(requests, resource);
  // The API takes numbers for quantities as well.
  return typeof quantity === 'number' ? String(quantity) : typeof quantity === 'string' ? quantity : undefined;
}

export function hasMountAt({ mounts = [] }: Container, mountPath: string): boolean {
  return mounts.some((mount) => {
    const path = member(mount, 'mountPath');
    return typeof path === 'string' && posix.resolve('/', path) === mountPath;
  });
}

/** The operations that give a container what it lacks of `additions`. */
export function patchContainer(container: Container, additions: Additions): readonly PatchOperation[] {
  const { env = [] } = container;
  const isSet = new Set(env.map((variable) => member(variable, 'name')));
  const variables = Object.entries(additions.env ?? {})
    .filter(([name]) => !isSet.has(name))
    .map(([name, value]) => ({ name, value }));
  const mounts = (additions.mounts ?? [])
    .filter(({ mountPath }) => !hasMountAt(container, mountPath))
    .map((mount) => ({ ...mount }));
  return [
    ...patchResources(container, additions),
    ...appendItems(pointer(container.path, 'env'), container.env, variables),
    ...appendItems(pointer(container.path, 'volumeMounts'), container.mounts, mounts),
  ];
}

/** Limit and request of an extended resource have to be there and equal; where only one is, the other follows it. */
function patchResources(container: Container, additions: Additions): readonly PatchOperation[] {
  const { limits, requests } = container;
  const path = pointer(container.path, 'resources');
  const missing = (have: JsonObject | undefined): Record<string, JsonValue> =>
    Object.fromEntries(
      Object.entries(additions.resources)
        .filter(([name]) => member(have ?? {}, name) === undefined)
        .map(([name, quantity]) => [name, quantityOf(container, name) ?? quantity]),
    );
  const [newLimits, newRequests] = [missing(limits), missing(requests)];
  if (container.resources === undefined) {
    return Object.keys(newLimits).length === 0
      ? []
      : [{ op: 'add', path, value: { limits: newLimits, requests: newRequests } }];
  }
  const [limitsPath, requestsPath] = [pointer(path, 'limits'), pointer(path, 'requests')];
  return [
    ...removals(limitsPath, limits, additions),
    ...removals(requestsPath, requests, additions),
    ...addMembers(limitsPath, limits, newLimits),
    ...addMembers(requestsPath, requests, newRequests),
  ];
}

function removals(path: string, have: JsonObject | undefined, { without = [] }: Additions): readonly PatchOperation[] {
  return without
    .filter((name) => have !== undefined && Object.hasOwn(have, name))
    .map((name) => ({ op: 'remove', path: pointer(path, name) }));
}
