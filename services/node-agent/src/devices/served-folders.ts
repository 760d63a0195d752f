import type { Socket } from 'node:net';
import type { Caller, FolderHost, HostListening } from '@enclos/software-sgx';
import { notThere } from './condition.ts';
import { mountPoint } from './container-view.ts';
import type { DeviceFolders } from './device-folders.ts';

export const deviceIdPrefix = 'software-sgx-';

/** As the kubelet knows a device. */
export function deviceIdOf(device: number): string {
  return `${deviceIdPrefix}${device}`;
}

/** The folder of one container. */
export interface DeviceFolderState {
  /** The device, as the kubelet knows it. */
  readonly device: string;
  readonly path: string;
  /** When this agent made it or found it, by the clock of the devices. */
  readonly sinceMs: number;
  readonly isConnected: () => boolean;
}

/** The folders in which the platform listens. One function at a time may change them. */
export interface ServedFolders {
  /** @throws AGENT_DEVICE_UNHEALTHY without a platform, and what keeps it from listening there */
  serve(device: number, path: string): Promise<void>;
  /** Closes one, with what is connected there, and removes it. */
  forget(path: string): Promise<void>;
  /** The same for those of these that are served. @returns how many that were */
  reclaim(paths: readonly string[]): Promise<number>;
  states(): readonly DeviceFolderState[];
}

export interface ServedFoldersOptions {
  readonly folders: DeviceFolders;
  /** @param device as the kubelet knows it */
  readonly caller: (connection: Socket, device: string) => Promise<Caller>;
  /** Called when the platform refuses an enclave to a process that has this device. */
  readonly refused?: ((device: string, caller: Caller, error: unknown) => void) | undefined;
  readonly clock: () => number;
  readonly hostOf: (device: number) => FolderHost | undefined;
}

interface ServedFolder {
  readonly device: number;
  readonly sinceMs: number;
  readonly listening: HostListening;
}

export function createServedFolders({ folders, caller, refused, clock, hostOf }: ServedFoldersOptions): ServedFolders {
  const all = new Map<string, ServedFolder>();
  const forget = async (path: string): Promise<void> => {
    await all.get(path)?.listening.close();
    all.delete(path);
    await folders.remove(path);
  };
  return Object.freeze({
    async serve(device: number, path: string) {
      const host = hostOf(device);
      if (host === undefined) throw notThere;
      const sinceMs = clock();
      const id = deviceIdOf(device);
      const listening = await host.listen({
        path,
        seenAs: mountPoint,
        caller: (connection) => caller(connection, id),
        refused: refused && ((who, error) => refused(id, who, error)),
      });
      all.set(path, { device, sinceMs, listening });
    },
    forget,
    async reclaim(paths: readonly string[]) {
      const known = paths.filter((path) => all.has(path));
      for (const path of known) await forget(path);
      return known.length;
    },
    states: () =>
      [...all].map(([path, { device, sinceMs, listening }]) => ({
        device: deviceIdOf(device),
        path,
        sinceMs,
        isConnected: () => listening.connections() > 0,
      })),
  });
}
