import type { ApiServerResponder } from '@enclos/testkit';

/** Claims, nodes and slices of an API server, as far as a driver sees them. */
export interface FakeCluster {
  readonly respond: ApiServerResponder;
  readonly slices: Map<string, Slice>;
  /** Makes a claim with devices of this node, and says how the kubelet names it. */
  readonly claim: (name: string, ...results: readonly Result[]) => { namespace: string; uid: string; name: string };
  readonly forget: (name: string) => void;
  /** What a claim's object is, for what no scheduler writes. */
  readonly set: (name: string, object: unknown) => void;
}

export interface Result {
  readonly device: string;
  readonly request?: string;
  readonly driver?: string;
  readonly pool?: string;
  readonly adminAccess?: boolean;
}

export interface Slice {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

export const node = 'node-1';
export const namespace = 'apps';
const driver = 'software-sgx.enclos.dev';
const sliceFolder = '/apis/resource.k8s.io/v1/resourceslices';

export function createFakeCluster(): FakeCluster {
  const claims = new Map<string, unknown>();
  const slices = new Map<string, Slice>();
  let last = 0;
  const store = (name: string, slice: Slice): readonly [number, unknown] => {
    last += 1;
    // The server leaves out an empty list.
    const { devices, ...spec } = slice.spec;
    const isEmpty = Array.isArray(devices) && devices.length === 0;
    const kept = {
      metadata: { ...slice.metadata, resourceVersion: `${last}` },
      spec: isEmpty ? spec : { ...spec, devices },
    };
    slices.set(name, kept);
    return [200, kept];
  };
  return {
    slices,
    respond({ method, path, body }) {
      if (path === `/api/v1/nodes/${node}`) return [200, { metadata: { uid: 'uid-of-node' } }];
      const claim = /^\/apis\/resource\.k8s\.io\/v1\/namespaces\/apps\/resourceclaims\/(.+)$/.exec(path)?.[1];
      if (claim !== undefined) return claims.has(claim) ? [200, claims.get(claim)] : [404, {}];
      if (!path.startsWith(sliceFolder)) return [403, {}];
      if (method === 'POST') {
        const slice = body as Slice;
        return store(String(slice.metadata['name']), slice);
      }
      const name = path.slice(sliceFolder.length + 1);
      const present = slices.get(name);
      if (present === undefined) return [404, {}];
      if (method === 'GET') return [200, present];
      const changed = body as Slice;
      const isCurrent = changed.metadata['resourceVersion'] === present.metadata['resourceVersion'];
      return isCurrent ? store(name, changed) : [409, {}];
    },
    claim(name, ...results) {
      const uid = `uid-of-${name}-${claims.size}`;
      const all = results.map((result) => ({ driver, pool: node, request: 'device', ...result }));
      claims.set(name, { metadata: { uid, name }, status: { allocation: { devices: { results: all } } } });
      return { namespace, uid, name };
    },
    forget: (name) => void claims.delete(name),
    set: (name, object) => void claims.set(name, object),
  };
}
