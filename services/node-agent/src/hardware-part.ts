import { every } from '@enclos/bounded';
import { publishCdi } from './devices/cdi.ts';
import { readEpcSize, type EpcSize } from './devices/epc.ts';
import { createHardware } from './devices/hardware.ts';
import type { Log } from './log.ts';
import type { HardwareSettings } from './options.ts';
import type { DevicePlugin, StartPlugin } from './plugin/device-plugin.ts';
import type { Resource } from './plugin/resource.ts';

/** The devices of Intel SGX and their plugins. */
export interface HardwarePart {
  readonly resources: readonly Resource[];
  epc(): EpcSize | undefined;
  close(): Promise<void>;
}

const probeMs = 1000;

/** Registers nothing before the devices are there for the first time: most nodes have none, and some a plugin of Intel's. */
export async function createHardwarePart(
  settings: HardwareSettings,
  { log, plugin }: { readonly log: Log; readonly plugin: StartPlugin },
): Promise<HardwarePart> {
  const hardware = createHardware({
    count: settings.devices,
    deviceFolder: settings.deviceFolder,
    driverFolder: '/sys/class/misc',
  });
  const failed = (error: unknown): void => log.warn('hardware-failed', error);
  let plugins: readonly DevicePlugin[] = [];
  let epc: EpcSize | undefined;
  let wasThere: boolean | undefined;
  const look = async (): Promise<void> => {
    await hardware.probe();
    const isThere = hardware.isThere();
    if (isThere === wasThere) return;
    wasThere = isThere;
    if (isThere && plugins.length === 0) plugins = hardware.resources.map((resource) => plugin(resource));
    epc = isThere ? await readSize(settings) : undefined;
    log.info('hardware', { isThere, epcBytes: epc === undefined ? undefined : Number(epc.sizeBytes), by: epc?.source });
    if (settings.cdiFolder !== undefined) await publishCdi(settings.cdiFolder, isThere);
  };
  await look().catch(failed);
  const stop = every(probeMs, look, failed);
  return Object.freeze({
    resources: hardware.resources,
    epc: () => epc,
    async close() {
      stop();
      await Promise.all(plugins.map(async (started) => started.close()));
    },
  });
}

function readSize({ deviceFolder, epcBytes }: HardwareSettings): Promise<EpcSize | undefined> {
  return readEpcSize({
    configuredBytes: epcBytes,
    nodesFolder: '/sys/devices/system/node',
    cpuidPath: `${deviceFolder}/cpu/0/cpuid`,
  });
}
