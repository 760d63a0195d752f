import type { Socket } from 'node:net';
import { underDeadline, untilAborted } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { oneDeviceOnly, softwareResource } from '@enclos/kubernetes/software-device';
import type { Caller, FolderHost } from '@enclos/software-sgx';
import type { ContainerAllocation, Device } from '../plugin/messages.ts';
import type { Resource } from '../plugin/resource.ts';
import type { DeviceFolders } from './device-folders.ts';
import { createCondition, notThere, TimedTurns } from './condition.ts';
import { mountedSocket, mountPoint, socketVariable } from './container-view.ts';
import {
  createServedFolders,
  deviceIdOf,
  deviceIdPrefix,
  type DeviceFolderState,
  type ServedFolders,
} from './served-folders.ts';

/** The parts of a platform that the devices need. */
export interface DevicePlatform {
  /** One for each device. */
  readonly folderHosts: readonly FolderHost[];
  /** Whether an enclave could be started now. @throws saying why not */
  check(): Promise<void>;
}

export interface SoftwareDevicesOptions {
  readonly count: number;
  readonly folders: DeviceFolders;
  /** The process that connects to a device. */
  readonly caller: (connection: Socket, device: string) => Promise<Caller>;
  /** Called when the platform refuses an enclave to a process that has this device. */
  readonly refused?: ((device: string, caller: Caller, error: unknown) => void) | undefined;
  readonly failed: (what: string, error: unknown) => void;
  /** Called when devices that did not work do so again. */
  readonly recovered?: (() => void) | undefined;
  /** Milliseconds from any origin, never backwards. */
  readonly clock?: () => number;
}

/** Devices that are hosts of one software platform. None works until the platform is there. */
export interface SoftwareDevices extends Resource {
  /** Serves every folder that is there already: pods of an earlier agent connect again. */
  readonly attach: (platform: DevicePlatform) => Promise<void>;
  /** Looks whether the devices work, and tells when that has changed. */
  readonly probe: () => Promise<void>;
  /** Every folder that is served. */
  readonly folders: () => Promise<readonly DeviceFolderState[]>;
  /**
   * Closes and removes folders whose containers are gone, with what is connected in them. @returns how many there were; others are
   * passed over
   */
  readonly reclaim: (paths: readonly string[]) => Promise<number>;
  /** None works any more. */
  readonly detach: () => void;
  /** Why none works, as of the last look; undefined when they work. */
  readonly problem: () => unknown;
}

/** How long a look may take. */
const probeLimitMs = 20_000;
/** How long an allocation may be in progress before the devices count as broken. */
const allocationLimitMs = 5000;

export function createSoftwareDevices(options: SoftwareDevicesOptions): SoftwareDevices {
  const { count, folders, caller, refused, failed, clock = () => performance.now() } = options;
  const condition = createCondition({
    failed: (error) => failed('devices', error),
    recovered: () => options.recovered?.(),
  });
  let platform: DevicePlatform | undefined;
  /** One allocation at a time: two of one device would make one folder. */
  const turns = new TimedTurns();
  const served = createServedFolders({
    folders,
    caller,
    refused,
    clock,
    hostOf: (device) => platform?.folderHosts[device],
  });
  const look = async (found: DevicePlatform | undefined): Promise<void> => {
    turns.requireProgress(allocationLimitMs);
    await folders.check();
    await found?.check();
  };
  const probe = async (): Promise<void> => {
    const found = platform;
    try {
      await underDeadline(probeLimitMs, (signal) => untilAborted(signal, look(found)));
      if (found === platform) condition.set(found === undefined ? notThere : undefined);
    } catch (error) {
      if (found === platform) condition.set(error);
    }
  };
  return Object.freeze({
    name: softwareResource,
    devices: () => Array.from({ length: count }, (_, i) => deviceOf(i, condition.problem() === undefined)),
    watch: condition.watch,
    problem: condition.problem,
    allocate: (ids: readonly string[]) => turns.take(() => give(ids, folders, served)),
    async attach(attached: DevicePlatform) {
      platform = attached;
      for (let device = 0; device < count; device += 1) {
        for (const path of await folders.existing(device)) {
          // One that cannot be served is one pod's trouble.
          await served.serve(device, path).catch((error: unknown) => failed(path, error));
        }
      }
      await probe();
    },
    probe,
    folders: () => turns.take(async () => served.states()),
    reclaim: (paths: readonly string[]) => turns.take(() => served.reclaim(paths)),
    detach() {
      platform = undefined;
      condition.set(notThere);
    },
  });
}

async function give(
  ids: readonly string[],
  folders: DeviceFolders,
  served: ServedFolders,
): Promise<ContainerAllocation> {
  const [id] = ids;
  if (id === undefined || ids.length !== 1) {
    throw new EnclosError('AGENT_ALLOCATION_REFUSED', `${oneDeviceOnly} This one asks for ${ids.length}.`);
  }
  const device = Number(id.slice(deviceIdPrefix.length));
  const { folder, old } = await folders.create(device);
  try {
    await served.serve(device, folder);
  } catch (error) {
    await folders.remove(folder);
    throw error;
  }
  for (const path of old) await served.forget(path);
  return {
    envs: { [socketVariable]: mountedSocket },
    // Read-only: a process that is root in its container could otherwise put a socket of its own there. Connecting takes
    // the permission to write to the socket, which a read-only mount leaves (inode_permission in fs/namei.c).
    mounts: [{ container_path: mountPoint, host_path: folder, read_only: true }],
  };
}

function deviceOf(index: number, works: boolean): Device {
  return { ID: deviceIdOf(index), health: works ? 'Healthy' : 'Unhealthy' };
}
