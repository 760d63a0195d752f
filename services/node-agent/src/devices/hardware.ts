import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerAllocation, Device, Health } from '../plugin/messages.ts';
import type { Resource } from '../plugin/resource.ts';
import { createWatchers } from './watched.ts';

export const hardwareNames = ['enclave', 'provision'] as const;
export type HardwareName = (typeof hardwareNames)[number];

export interface HardwareOptions {
  /** How many containers can have each device at once; the device itself does not count them. */
  readonly count: number;
  /** Where the agent sees the node's /dev. */
  readonly deviceFolder: string;
  /** Where the kernel says which devices its drivers have: /sys/class/misc. */
  readonly driverFolder: string;
}

/** The devices of Intel SGX: /dev/sgx_enclave and /dev/sgx_provision. */
export interface Hardware {
  readonly resources: readonly Resource[];
  /** Whether both devices work, as of the last look. */
  isThere(): boolean;
  /** Looks again, and tells when something has changed. */
  probe(): Promise<void>;
}

/**
 * Both devices are there or neither is: a quote needs both, and the driver of Linux makes both. Devices that were there
 * once stay in the list as unhealthy; a node that never had any has none.
 */
export function createHardware(options: HardwareOptions): Hardware {
  const watchers = createWatchers();
  let state: 'never' | Health = 'never';
  const resourceOf = (name: HardwareName): Resource =>
    Object.freeze({
      name: `sgx.intel.com/${name}`,
      devices: (): readonly Device[] => {
        if (state === 'never') return [];
        const health = state;
        return Array.from({ length: options.count }, (_, i) => ({ ID: `sgx-${name}-${i}`, health }));
      },
      watch: watchers.watch,
      allocate: async (): Promise<ContainerAllocation> => {
        const path = devicePath(name);
        return { devices: [{ container_path: path, host_path: path, permissions: 'rw' }] };
      },
    });
  return Object.freeze({
    resources: Object.freeze(hardwareNames.map(resourceOf)),
    isThere: () => state === 'Healthy',
    async probe() {
      const each = await Promise.all(hardwareNames.map(async (name) => works(name, options)));
      const now = each.every(Boolean) ? 'Healthy' : state === 'never' ? 'never' : 'Unhealthy';
      if (now === state) return;
      state = now;
      watchers.tell();
    },
  });
}

/** On the node, and in the container. */
export function devicePath(name: HardwareName): string {
  return `/dev/sgx_${name}`;
}

/**
 * A node of the device file system may be there without a driver, or be the one of another device. The agent
 * does not open it: it has no right to, and needs none.
 */
async function works(name: HardwareName, { deviceFolder, driverFolder }: HardwareOptions): Promise<boolean> {
  const found = await stat(join(deviceFolder, `sgx_${name}`)).catch(() => undefined);
  if (found === undefined || !found.isCharacterDevice()) return false;
  const driver = await readFile(join(driverFolder, `sgx_${name}`, 'dev'), 'utf8').catch(() => '');
  return driver.trim() === numberOf(BigInt(found.rdev));
}

/** `major:minor` of a device number (new_encode_dev and gnu_dev_major of glibc). */
function numberOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffff_ffffn);
  return `${major}:${minor}`;
}
