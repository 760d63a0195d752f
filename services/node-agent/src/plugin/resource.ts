import { EnclosError } from '@enclos/errors';
import type { AllocateRequest, AllocateResponse, ContainerAllocation, Device } from './messages.ts';

/** Devices of one kind, as Kubernetes counts them. */
export interface Resource {
  /** What a pod writes under `resources.limits`. */
  readonly name: string;
  readonly devices: () => readonly Device[];
  /** Calls the listener after each change of the list. @returns what ends it. */
  readonly watch: (listener: () => void) => () => void;
  /**
   * Gets devices ready for one container. They were found in the list, healthy, and named once.
   * @throws AGENT_ALLOCATION_REFUSED, AGENT_FOLDER_REFUSED
   */
  readonly allocate: (ids: readonly string[]) => Promise<ContainerAllocation>;
}

/**
 * One request of the kubelet: all of it, or nothing. What cannot be had is found out before anything is done.
 * @throws AGENT_DEVICE_UNKNOWN, AGENT_DEVICE_UNHEALTHY, AGENT_ALLOCATION_REFUSED
 */
export async function allocate(resource: Resource, request: AllocateRequest): Promise<AllocateResponse> {
  const containers = request.container_requests.map(({ devices_ids: ids }) => ids);
  requireDevices(resource, containers.flat());
  const responses: ContainerAllocation[] = [];
  for (const ids of containers) responses.push(await resource.allocate(ids));
  return { container_responses: responses };
}

function requireDevices(resource: Resource, ids: readonly string[]): void {
  const health = new Map(resource.devices().map((device) => [device.ID, device.health]));
  if (new Set(ids).size !== ids.length) {
    throw new EnclosError('AGENT_ALLOCATION_REFUSED', `A device of ${resource.name} is named twice.`);
  }
  for (const id of ids) {
    const found = health.get(id);
    // The id is the kubelet's, and may be anything: it is told only when it is one of ours.
    if (found === undefined) throw new EnclosError('AGENT_DEVICE_UNKNOWN', `${resource.name} has no such device.`);
    if (found === 'Unhealthy') {
      throw new EnclosError('AGENT_DEVICE_UNHEALTHY', `The device ${id} of ${resource.name} does not work.`);
    }
  }
}
