import { chmod, mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { every } from '@enclos/bounded';
import { toHex } from '@enclos/codec';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { EnclosError } from '@enclos/errors';
import type { Caller } from '@enclos/software-sgx';
import type { ApiClient } from '@enclos/service/cluster';
import type { PodEvents } from './api/pod-events.ts';
import { openCgroups, type Cgroups } from './caller/cgroups.ts';
import { peerOf } from './caller/peer.ts';
import { podUidOf } from './caller/pod-uid.ts';
import { logRefusals } from './caller/refusals.ts';
import { openDeviceFolders, type DeviceFolders } from './devices/device-folders.ts';
import { openFolderRecord } from './devices/folder-record.ts';
import { createSoftwareDevices } from './devices/software.ts';
import { createTrial, identifyKubelet, type Trial } from './devices/trial.ts';
import type { CollateralState } from './collateral/keeper.ts';
import { createDraPart, type DraPart } from './dra/dra-part.ts';
import type { Log, LogFields } from './log.ts';
import type { AgentMetrics } from './metrics.ts';
import type { SoftwareOptions } from './options.ts';
import type { AgentPlatform } from './platform.ts';
import type { Definitions } from './plugin/definitions.ts';
import type { StartPlugin } from './plugin/device-plugin.ts';
import type { Resource } from './plugin/resource.ts';
import { keepSweeping } from './reclaim/keep-sweeping.ts';
import { takeSeat } from './seat.ts';

/** The software devices, their plugin and their platform. */
export interface SoftwarePart {
  readonly resources: readonly Resource[];
  /** Why its devices do not work; undefined when they do. */
  problem(): unknown;
  isReady(): boolean;
  rootFingerprint(): Uint8Array | undefined;
  /** Undefined before the platform is open, and for an agent that keeps none. */
  collateral(): CollateralState | undefined;
  /** Opens the platform and serves the devices. @throws what keeps it from starting */
  open(now: () => Date): Promise<void>;
  close(): Promise<void>;
}

export interface SoftwareSurroundings {
  /** The kubelet's folder of sockets. */
  readonly kubeletFolder: string;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly plugin: StartPlugin;
  /** The kubelet's APIs. */
  readonly definitions: Definitions;
  /** Reaches the API server; only claims need it. */
  readonly client: () => ApiClient;
  /** Tells the owners of pods what was refused to them. */
  readonly podEvents: PodEvents | undefined;
}

const probeMs = 2000;

/** @throws AGENT_FOLDER_REFUSED, AGENT_CGROUP_UNAVAILABLE */
export async function createSoftwarePart(
  options: SoftwareOptions,
  { log, metrics, plugin: startPlugin, definitions, kubeletFolder, client, podEvents }: SoftwareSurroundings,
): Promise<SoftwarePart> {
  const { cgroupRoot, runtimeFolder, stateFolder, devices: count, dra } = options;
  await makePassable(runtimeFolder);
  const cgroups = cgroupRoot === undefined ? undefined : await openCgroups({ root: cgroupRoot });
  metrics.accounted(cgroups?.controllers);
  // After the look at the cgroups: an agent that does not find them takes no other's place.
  const seat = await takeSeat({ path: join(runtimeFolder, 'agent.sock'), standingBy: () => log.info('standing-by') });
  const failed = (what: string, error: unknown): void => log.warn('device-failed', error, { what });
  const folders = await openFolders(options, failed);
  let trial: Trial | undefined;
  const tell = tellOwners(podEvents);
  const suspect = (): void => trial?.suspect();
  const caller = callerOf(cgroups, { log, metrics, tell, suspect });
  const recovered = (): void => log.info('devices-recovered', { resource: softwareResource });
  const devices = createSoftwareDevices({ count, folders, failed, recovered, caller, refused: tell });
  const plugin = count === 0 ? undefined : startPlugin(devices);
  const { problem, watch } = devices;
  const around = { stateFolder, runtimeFolder, log, metrics, caller, problem, watch };
  const claims = dra === undefined ? undefined : await createDraPart(dra, { ...around, client: client() });
  let platform: AgentPlatform | undefined;
  const stops: (() => void)[] = [];
  return Object.freeze({
    resources: count === 0 ? [] : [devices],
    problem,
    isReady: () => platform !== undefined,
    rootFingerprint: () => platform?.rootFingerprint,
    collateral: () => platform?.collateral?.state(),
    async open(now: () => Date) {
      // First the kubelet: a platform takes its time to be read, and lets nothing else run while it looks at the machine.
      await plugin?.tried;
      const { startAgentPlatform } = await import('./platform.ts');
      const started = await startAgentPlatform(options, { now, log, metrics });
      platform = started;
      trial = trialOf(started, { cgroups, kubeletFolder });
      await devices.attach({
        folderHosts: started.folderHosts.slice(0, count),
        check: checkOf(started, trial, claims),
      });
      await claims?.attach(started.folderHosts.slice(count));
      stops.push(
        every(probeMs, devices.probe, (error) => failed('probe', error)),
        keepSweeping({ devices, definitions, folder: options.podResources, log, reclaimed: metrics.reclaimed }),
      );
      log.info('platform-ready', readyFields(started, options, cgroups));
    },
    async close() {
      for (const stop of stops) stop();
      // First the kubelet hears that there are no devices, so that no pod comes for one.
      devices.detach();
      await plugin?.close();
      await claims?.close();
      await platform?.close();
      await seat.leave();
    },
  });
}

function readyFields(
  platform: AgentPlatform,
  { devices, dra }: SoftwareOptions,
  cgroups: Cgroups | undefined,
): LogFields {
  return {
    resource: softwareResource,
    devices,
    claims: dra?.devices ?? 0,
    rootFingerprint: toHex(platform.rootFingerprint),
    isolationMissing: platform.missingLayers.join(' '),
    accounting: cgroups === undefined ? 'agent' : `pod (${cgroups.controllers.join(', ')})`,
  };
}

function openFolders(
  { runtimeFolder, stateFolder }: SoftwareOptions,
  failed: (what: string, error: unknown) => void,
): Promise<DeviceFolders> {
  return openDeviceFolders({
    root: join(runtimeFolder, 'devices'),
    record: openFolderRecord(join(stateFolder, 'device-folders')),
    unrecorded: (error) => failed('record', error),
  });
}

function trialOf(
  platform: AgentPlatform,
  { cgroups, kubeletFolder }: { readonly cgroups: Cgroups | undefined; readonly kubeletFolder: string },
): Trial {
  return createTrial({
    launch: (entered) => platform.tryLaunch(entered),
    cgroups: cgroups?.own ?? [],
    identify: cgroups && (() => identifyKubelet(join(kubeletFolder, 'kubelet.sock'))),
    now: () => performance.now(),
  });
}

function checkOf(platform: AgentPlatform, trial: Trial, claims: DraPart | undefined): () => Promise<void> {
  return async () => {
    claims?.requireProgress();
    await platform.check();
    await trial.check();
  };
}

/** @param device undefined for claims */
type TellOwner = (device: string | undefined, caller: Caller, error: unknown) => void;

function tellOwners(podEvents: PodEvents | undefined): TellOwner {
  return (device, { cgroups = [] }, error) => {
    if (device !== undefined) podEvents?.refused({ device, podUid: podUidOf(cgroups), error });
  };
}

interface CallerSurroundings extends Pick<SoftwareSurroundings, 'log' | 'metrics'> {
  readonly tell: TellOwner;
  readonly suspect: () => void;
}

/** Without cgroups no process has to be identified: one that reaches the folder of a device has it. */
function callerOf(
  cgroups: Cgroups | undefined,
  { log, metrics, tell, suspect }: CallerSurroundings,
): (connection: Socket, device?: string) => Promise<Caller> {
  const logRefused = logRefusals({ log, now: () => performance.now() });
  return async (connection, device) => {
    let paths: readonly string[] = [];
    try {
      let caller: Caller = {};
      if (cgroups !== undefined) {
        const peer = await peerOf(connection);
        paths = [...peer.cgroups.values()];
        caller = { cgroups: await cgroups.foldersOf(peer.cgroups) };
      }
      metrics.connected('accepted');
      return caller;
    } catch (error) {
      metrics.connected('refused');
      logRefused(error);
      suspect();
      tell(device, { cgroups: paths }, error);
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
