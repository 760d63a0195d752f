import { createHash } from 'node:crypto';
import { Turns } from '@enclos/bounded';
import { anything, integer, JsonRecord, sameJson, string, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { isNotFound, type ApiClient } from '@enclos/service/cluster';
import { tellOnce } from '../tell-once.ts';
import { deviceName, driverName } from './driver.ts';

export interface SliceOptions {
  readonly client: ApiClient;
  readonly node: string;
  /** How many devices work now. */
  readonly devices: () => number;
  readonly now: () => number;
  /** Told once for each code until a look went well. */
  readonly failed: (error: unknown) => void;
  readonly published: (devices: number) => void;
}

export interface SlicePublisher {
  /** Writes the slice when it has to be written. Never throws. */
  readonly publish: () => Promise<void>;
  /** The kubelet may have removed the slice: look again at the next time. */
  readonly suspect: () => void;
}

/** The kubelet removes the slices of a driver that it has not reached for 30 seconds; otherwise only people do. */
const lookAgainMs = 60_000;
/** How long a server is left alone that refused. */
const retryMs = 5000;

const slices = '/apis/resource.k8s.io/v1/resourceslices';

/** Tells the scheduler of the devices of this node. */
export function createSlicePublisher(options: SliceOptions): SlicePublisher {
  const { devices, now } = options;
  let written: { readonly devices: number; readonly atMs: number } | undefined;
  const failure = tellOnce(options.failed);
  let retryAtMs = 0;
  /** One at a time: an older state must not be written over a newer one. */
  const turns = new Turns();
  return Object.freeze({
    suspect() {
      written = undefined;
    },
    publish: () =>
      turns.take(async () => {
        const count = devices();
        const isFresh = written?.devices === count && now() - written.atMs < lookAgainMs;
        if (isFresh || now() < retryAtMs) return;
        try {
          if (await write(options, count)) options.published(count);
          written = { devices: count, atMs: now() };
          failure.over();
        } catch (error) {
          failure.failed(error);
          retryAtMs = now() + retryMs;
        }
      }),
  });
}

/** @returns whether it was not so already */
async function write({ client, node }: SliceOptions, count: number): Promise<boolean> {
  const name = sliceName(node);
  const found = await ask(client, `${slices}/${name}`);
  if (found === undefined) {
    const metadata = { name, ownerReferences: [await ownerOf(client, node)] };
    await client.call({ method: 'POST', path: slices, body: sliceOf(metadata, node, { count, generation: 1 }) });
    return true;
  }
  const present = new JsonRecord(found, 'slice');
  const metadata = present.record('metadata');
  const spec = present.record('spec');
  const generation = spec.record('pool').required('generation', integer(0, Number.MAX_SAFE_INTEGER));
  if (spec.required('driver', string(253)) !== driverName || spec.optional('nodeName', string(253)) !== node) {
    throw new EnclosError('SERVICE_CLUSTER_REFUSED', `The resource slice ${name} is not of this driver.`);
  }
  const wanted = specOf(node, { count, generation });
  // The server leaves out an empty list.
  if (sameJson(spec.optional('devices', anything) ?? [], wanted.devices)) return false;
  const kept = { name, resourceVersion: metadata.required('resourceVersion', string(64)) };
  const owners = metadata.optional('ownerReferences', anything) ?? [];
  const body = sliceOf({ ...kept, ownerReferences: owners }, node, { count, generation: generation + 1 });
  await client.call({ method: 'PUT', path: `${slices}/${name}`, body });
  return true;
}

interface SliceContent {
  readonly count: number;
  readonly generation: number;
}

function sliceOf(metadata: object, node: string, content: SliceContent): object {
  return { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata, spec: specOf(node, content) };
}

/** One slice is the whole pool: its generation grows with each change, as a scheduler that reads several would need it. */
function specOf(node: string, { count, generation }: SliceContent) {
  return {
    driver: driverName,
    nodeName: node,
    pool: { name: node, generation, resourceSliceCount: 1 },
    devices: Array.from({ length: count }, (_, i) => ({
      name: deviceName(i),
      attributes: { type: { string: 'software' } },
    })),
  };
}

/** With its owner the slice goes when the node goes. */
async function ownerOf(client: ApiClient, node: string): Promise<object> {
  const found = await client.call({ method: 'GET', path: `/api/v1/nodes/${encodeURIComponent(node)}` });
  const uid = new JsonRecord(found as JsonValue, 'node').record('metadata').required('uid', string(64));
  return { apiVersion: 'v1', kind: 'Node', name: node, uid, controller: true };
}

async function ask(client: ApiClient, path: string): Promise<JsonValue | undefined> {
  try {
    return (await client.call({ method: 'GET', path })) as JsonValue;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A name has at most 253 bytes, as that of a node. */
function sliceName(node: string): string {
  const name = `${node}-${driverName}`;
  if (name.length <= 253) return name;
  return `${createHash('sha256').update(node).digest('hex')}-${driverName}`;
}
