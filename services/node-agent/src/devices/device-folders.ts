import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePassable, makePrivate, requirePrivate } from './folder-access.ts';
import type { FolderRecord } from './folder-record.ts';

/**
 * The folders that pods get, one for each time that a device is given out:
 * `ROOT/DEVICE/NUMBER`. They outlive the agent, since a running pod keeps the
 * folder that was mounted into it, and finds the next agent there.
 */
export interface DeviceFolders {
  /** Every folder that is there, the oldest first. */
  existing(device: number): Promise<readonly string[]>;
  /**
   * Makes a new one.
   * @returns it, and those that are too old to be anybody's.
   */
  create(device: number): Promise<{ readonly folder: string; readonly old: readonly string[] }>;
  /** Removes one and what is in it. */
  remove(folder: string): Promise<void>;
  /** @throws AGENT_FOLDER_REFUSED when the root is gone, or another user than root could pass through it. */
  check(): Promise<void>;
}

/**
 * The kubelet gives a device to the init containers of a pod and to its containers, one after the other, before any of
 * them starts, and does not say when a device is free again. So a folder stays until this many came after it.
 */
export const keptFolders = 16;

const deviceName = /^\d{1,4}$/;
const folderName = /^\d{8}$/;

export interface DeviceFoldersOptions {
  /** Made when absent. Root's alone: who can pass through it can reach every pod's sockets. */
  readonly root: string;
  /** What an earlier agent made, before the node was started again and lost them: `root` is usually in memory. */
  readonly record?: FolderRecord | undefined;
  /** Told when the record cannot be kept. Folders are made all the same: it is only needed after a reboot. */
  readonly unrecorded?: ((error: unknown) => void) | undefined;
}

/**
 * Opens the folders of devices. Recorded ones that are missing are made again: after a reboot the kubelet starts the containers of its
 * checkpoint with the folders of that time, without asking for them again (`devicesToAllocate` in
 * pkg/kubelet/cm/devicemanager/manager.go).
 * @throws AGENT_FOLDER_REFUSED
 */
export async function openDeviceFolders({
  root,
  record,
  unrecorded = () => undefined,
}: DeviceFoldersOptions): Promise<DeviceFolders> {
  await makePrivate(root);
  const existing = async (device: number): Promise<readonly string[]> => {
    const names = (await readdir(join(root, `${device}`)).catch(() => [])).filter((name) => folderName.test(name));
    return names.sort().map((name) => join(root, `${device}`, name));
  };
  for (const name of (await record?.names()) ?? []) await makePassable(join(root, name));
  return Object.freeze({
    existing,
    check: () => requirePrivate(root),
    async create(device: number) {
      const before = await existing(device);
      const last = Number(/\d+$/.exec(before.at(-1) ?? '0')?.[0]);
      const folder = join(root, `${device}`, `${last + 1}`.padStart(8, '0'));
      await mkdir(join(root, `${device}`), { recursive: true });
      // It must be a new one: an allocation that took too long may have gone on, and two pods must not share a folder.
      await mkdir(folder);
      // For the pod that it is mounted into, whatever its user and the mask of this process.
      await chmod(folder, 0o755);
      await record?.add(nameOf(folder)).catch(unrecorded);
      return { folder, old: before.slice(0, Math.max(0, before.length + 1 - keptFolders)) };
    },
    async remove(folder: string) {
      const [name = '', device = ''] = folder.split('/').reverse();
      if (!folderName.test(name) || !deviceName.test(device)) {
        throw new RangeError('That is not the folder of a device.');
      }
      await rm(folder, { recursive: true, force: true });
      await record?.remove(nameOf(folder)).catch(unrecorded);
    },
  });
}

/** `DEVICE/NUMBER` */
function nameOf(folder: string): string {
  return folder.split('/').slice(-2).join('/');
}
