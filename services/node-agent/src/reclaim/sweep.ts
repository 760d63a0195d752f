import type { DeviceFolderState } from '../devices/served-folders.ts';
import type { SoftwareDevices } from '../devices/software.ts';

export interface SweepOptions {
  readonly devices: Pick<SoftwareDevices, 'folders' | 'reclaim'>;
  /** The devices that living pods have. @throws when that is not known */
  readonly held: () => Promise<ReadonlySet<string>>;
  /** Milliseconds from any origin, never backwards: the clock of the folders. */
  readonly now: () => number;
}

/**
 * The kubelet calls Allocate, and lists the device with the pod only some time after it has the answer. So a list says nothing
 * about a folder that was made less than this before it.
 */
export const graceMs = 30_000;

export interface Sweep {
  /** Looks once. @returns how many folders it removed. @throws what `held` throws; then nothing was removed */
  run(): Promise<number>;
}

/**
 * Removes the folders of pods that are gone:
 *
 * - those of a device that no pod has in two lists, one after the other, both asked for `graceMs` after the folder was made;
 * - those of a device in use that are `graceMs` older than its newest one. The kubelet gives a device to all containers of one
 *   pod in one go, and to another pod only when the first one is gone.
 *
 * A folder in which a process is connected stays, whatever the kubelet says.
 */
export function createSweep({ devices, held, now }: SweepOptions): Sweep {
  /** Folders whose device no pod had in the list before. */
  let freeBefore: ReadonlySet<string> = new Set();
  return Object.freeze({
    async run() {
      const askedAt = now();
      // Before the question: one that is made meanwhile is not judged.
      const folders = await devices.folders();
      const inUse = await held().catch((error: unknown) => {
        freeBefore = new Set();
        throw error;
      });
      const free = folders.filter(({ device, sinceMs }) => !inUse.has(device) && askedAt - sinceMs >= graceMs);
      const gone = [
        ...free.filter(({ path }) => freeBefore.has(path)),
        ...folders.filter((folder) => inUse.has(folder.device) && isOvertaken(folder, folders)),
      ];
      freeBefore = new Set(free.map(({ path }) => path));
      return devices.reclaim(gone.filter(({ isConnected }) => !isConnected()).map(({ path }) => path));
    },
  });
}

function isOvertaken({ device, sinceMs }: DeviceFolderState, all: readonly DeviceFolderState[]): boolean {
  return all.some((other) => other.device === device && other.sinceMs - sinceMs >= graceMs);
}
