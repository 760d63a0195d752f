import type { ServiceError } from '@grpc/grpc-js';
import { EnclosError } from '@enclos/errors';
import type { PodName } from '../api/pod-events.ts';
import { callSocket } from '../grpc/call-socket.ts';
import type { Definitions } from '../plugin/definitions.ts';

/** The answer of List, with the names that it has on the wire. */
export interface PodList {
  readonly pod_resources: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly containers: readonly {
      readonly name: string;
      readonly devices: readonly { readonly resource_name: string; readonly device_ids: readonly string[] }[];
    }[];
  }[];
}

export interface PodResourcesOptions {
  readonly definitions: Definitions;
  /** The kubelet's socket: /var/lib/kubelet/pod-resources/kubelet.sock. */
  readonly socketPath: string;
  /** The pod that this process is in: a list without it is not of all pods. */
  readonly ownPod: string;
  readonly timeoutMs?: number;
}

/** A pod with every device of a node takes some 50 KiB, and a node has at most some hundred pods. */
const maxAnswerBytes = 8 * 1024 * 1024;
/** A host name, which is how a pod knows its name, ends after this many characters. */
const maxHostName = 63;

/**
 * Asks the kubelet which devices of a resource its pods have.
 *
 * A kubelet that was just started answers before it has heard from the API server: then its list is empty, or holds only the
 * pods of its own files. The agent's own pod is in every complete list.
 * @throws AGENT_PODS_UNKNOWN when there is no answer, or none that could be complete
 */
export async function heldDevices(resource: string, options: PodResourcesOptions): Promise<ReadonlySet<string>> {
  const { pod_resources: pods } = await askList(options);
  const own = options.ownPod.slice(0, maxHostName);
  if (!pods.some(({ name }) => name.slice(0, maxHostName) === own)) {
    throw unknown(`The kubelet lists ${pods.length} pods, and ${own} is not one of them: the list is not complete.`);
  }
  const devices = pods.flatMap(({ containers }) => containers.flatMap((container) => container.devices));
  return new Set(devices.flatMap((one) => (one.resource_name === resource ? one.device_ids : [])));
}

/** The pod that has a device of a resource; undefined when the kubelet lists none. @throws AGENT_PODS_UNKNOWN when there is no answer */
export async function holderOf(
  resource: string,
  device: string,
  options: Omit<PodResourcesOptions, 'ownPod'>,
): Promise<PodName | undefined> {
  const { pod_resources: pods } = await askList(options);
  const found = pods.find(({ containers }) =>
    containers.some((container) =>
      container.devices.some((one) => one.resource_name === resource && one.device_ids.includes(device)),
    ),
  );
  return found === undefined ? undefined : { name: found.name, namespace: found.namespace };
}

async function askList({
  definitions,
  socketPath,
  timeoutMs = 5000,
}: Omit<PodResourcesOptions, 'ownPod'>): Promise<PodList> {
  const service = definitions.podResources;
  try {
    return (await callSocket({
      socketPath,
      service,
      method: 'List',
      request: {},
      timeoutMs,
      maxAnswerBytes,
    })) as PodList;
  } catch (cause) {
    const { code } = cause as Partial<ServiceError>;
    throw unknown(`The kubelet did not answer at ${socketPath} (gRPC status ${code ?? 'unknown'}).`, cause);
  }
}

function unknown(message: string, cause?: unknown): EnclosError {
  return new EnclosError('AGENT_PODS_UNKNOWN', message, { cause });
}
