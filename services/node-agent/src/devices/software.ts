import type { Socket } from 'node:net';
import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import type { Caller, FolderHost } from '@enclos/software-sgx';
import type { ContainerAllocation, Device } from '../plugin/messages.ts';
import type { Resource } from '../plugin/resource.ts';
import type { DeviceFolders } from './device-folders.ts';
import {
  createServedFolders,
  deviceIdOf,
  deviceIdPrefix,
  mountPoint,
  type DeviceFolderState,
  type ServedFolders,
} from './served-folders.ts';
import { createWatchers } from './watched.ts';

export const softwareResource = 'enclos.dev/software-sgx';
const socketVariable = 'ENCLOS_PLATFORM';

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
  readonly caller: (connection: Socket) => Promise<Caller>;
  readonly failed: (what: string, error: unknown) => void;
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
   * Closes and removes folders whose containers are gone, with what is connected in them. The one way by which a folder ends
   * while the agent runs. @returns how many there were; others are passed over
   */
  readonly reclaim: (paths: readonly string[]) => Promise<number>;
  /** None works any more. */
  readonly detach: () => void;
}

export function createSoftwareDevices(options: SoftwareDevicesOptions): SoftwareDevices {
  const { count, folders, caller, failed, clock = () => performance.now() } = options;
  const watchers = createWatchers();
  let platform: DevicePlatform | undefined;
  let works = false;
  /** One allocation at a time: two of one device would make one folder. */
  const turns = new Turns();
  const served = createServedFolders({ folders, caller, clock, hostOf: (device) => platform?.folderHosts[device] });
  const setWorks = (now: boolean): void => {
    if (works === now) return;
    works = now;
    watchers.tell();
  };
  const probe = async (): Promise<void> => {
    const found = platform;
    try {
      await folders.check();
      await found?.check();
      setWorks(found !== undefined && found === platform);
    } catch (error) {
      if (works) failed('devices', error);
      setWorks(false);
    }
  };
  return Object.freeze({
    name: softwareResource,
    devices: () => Array.from({ length: count }, (_, i) => deviceOf(i, works)),
    watch: watchers.watch,
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
      setWorks(false);
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
    throw new EnclosError('AGENT_ALLOCATION_REFUSED', `A container asks for ${ids.length} of ${softwareResource}.`);
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
    envs: { [socketVariable]: `${mountPoint}/platform.sock` },
    // Read-only: a process that is root in its container could otherwise put a socket of its own there. Connecting takes
    // the permission to write to the socket, which a read-only mount leaves (inode_permission in fs/namei.c).
    mounts: [{ container_path: mountPoint, host_path: folder, read_only: true }],
  };
}

function deviceOf(index: number, works: boolean): Device {
  return { ID: deviceIdOf(index), health: works ? 'Healthy' : 'Unhealthy' };
}
