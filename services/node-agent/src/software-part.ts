import { chmod, mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { EnclosError } from '@enclos/errors';
import type { Caller } from '@enclos/software-sgx';
import { openCgroups, type Cgroups } from './caller/cgroups.ts';
import { peerOf } from './caller/peer.ts';
import { openDeviceFolders } from './devices/device-folders.ts';
import { createSoftwareDevices } from './devices/software.ts';
import type { CollateralState } from './collateral/keeper.ts';
import { every } from './every.ts';
import type { Log } from './log.ts';
import type { AgentMetrics } from './metrics.ts';
import type { SoftwareOptions } from './options.ts';
import type { AgentPlatform } from './platform.ts';
import type { StartPlugin } from './plugin/device-plugin.ts';
import type { Resource } from './plugin/resource.ts';

/** The software devices, their plugin and their platform. */
export interface SoftwarePart {
  readonly resources: readonly Resource[];
  isReady(): boolean;
  rootFingerprint(): Uint8Array | undefined;
  /** Undefined before the platform is open, and for an agent that keeps none. */
  collateral(): CollateralState | undefined;
  /** Opens the platform and serves the devices. @throws what keeps it from starting */
  open(now: () => Date): Promise<void>;
  close(): Promise<void>;
}

export interface SoftwareSurroundings {
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly plugin: StartPlugin;
}

const probeMs = 2000;

/** @throws AGENT_FOLDER_REFUSED, AGENT_CGROUP_UNAVAILABLE */
export async function createSoftwarePart(
  options: SoftwareOptions,
  { log, metrics, plugin: startPlugin }: SoftwareSurroundings,
): Promise<SoftwarePart> {
  const { cgroupRoot, runtimeFolder, devices: count } = options;
  await makePassable(runtimeFolder);
  const folders = await openDeviceFolders(join(runtimeFolder, 'devices'));
  const cgroups = cgroupRoot === undefined ? undefined : await openCgroups({ root: cgroupRoot });
  metrics.accounted(cgroups?.controllers);
  const failed = (what: string, error: unknown): void => log.warn('device-failed', error, { what });
  const devices = createSoftwareDevices({ count, folders, failed, caller: callerOf(cgroups, log, metrics) });
  const plugin = startPlugin(devices);
  let platform: AgentPlatform | undefined;
  let stopProbing: (() => void) | undefined;
  return Object.freeze({
    resources: [devices],
    isReady: () => platform !== undefined,
    rootFingerprint: () => platform?.rootFingerprint,
    collateral: () => platform?.collateral?.state(),
    async open(now: () => Date) {
      // First the kubelet: a platform takes its time to be read, and lets nothing else run while it looks at the machine.
      await plugin.tried;
      const { startAgentPlatform } = await import('./platform.ts');
      platform = await startAgentPlatform(options, { now, log, metrics });
      await devices.attach(platform);
      stopProbing = every(probeMs, devices.probe, (error) => failed('probe', error));
      log.info('platform-ready', {
        resource: softwareResource,
        devices: count,
        rootFingerprint: toHex(platform.rootFingerprint),
        isolationMissing: platform.missingLayers.join(' '),
        accounting: cgroups === undefined ? 'agent' : `pod (${cgroups.controllers.join(', ')})`,
      });
    },
    async close() {
      stopProbing?.();
      // First the kubelet hears that there are no devices, so that no pod comes for one.
      devices.detach();
      await plugin.close();
      await platform?.close();
    },
  });
}

/** Without cgroups no process has to be identified: one that reaches the folder of a device has it. */
function callerOf(
  cgroups: Cgroups | undefined,
  log: Log,
  metrics: AgentMetrics,
): (connection: Socket) => Promise<Caller> {
  return async (connection) => {
    try {
      const caller =
        cgroups === undefined ? {} : { cgroups: await cgroups.foldersOf((await peerOf(connection)).cgroups) };
      metrics.connected('accepted');
      return caller;
    } catch (error) {
      metrics.connected('refused');
      log.warn('connection-refused', error);
      throw error;
    }
  };
}

/** The folder of all platforms, before there is one in it. */
async function makePassable(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o711 });
    if (made !== undefined) await chmod(path, 0o711);
  } catch (cause) {
    throw new EnclosError('AGENT_FOLDER_REFUSED', `${path} cannot be made.`, { cause });
  }
}
