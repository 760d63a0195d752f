import { hostname } from 'node:os';
import { join } from 'node:path';
import { every } from '@enclos/bounded';
import { softwareResource } from '@enclos/kubernetes/software-device';
import type { SoftwareDevices } from '../devices/software.ts';
import type { Log } from '../log.ts';
import type { Definitions } from '../plugin/definitions.ts';
import { heldDevices } from './pod-resources.ts';
import { createSweep } from './sweep.ts';

export interface SweepingOptions {
  readonly devices: Pick<SoftwareDevices, 'folders' | 'reclaim'>;
  readonly definitions: Definitions;
  /** The folder of the kubelet's socket. */
  readonly folder: string;
  readonly log: Log;
  readonly reclaimed: (folders: number) => void;
  readonly periodMs?: number;
}

/** Folders of pods that are gone, for as long as the agent serves. @returns what ends it */
export function keepSweeping(options: SweepingOptions): () => void {
  const { devices, definitions, folder, log, reclaimed, periodMs = 10_000 } = options;
  const asking = { definitions, socketPath: join(folder, 'kubelet.sock'), ownPod: hostname() };
  const sweep = createSweep({
    devices,
    held: () => heldDevices(softwareResource, asking),
    now: () => performance.now(),
  });
  /** A kubelet that does not answer does so again and again; that is told once. */
  let isTold = false;
  const look = async (): Promise<void> => {
    const folders = await sweep.run();
    isTold = false;
    if (folders === 0) return;
    reclaimed(folders);
    log.info('folders-reclaimed', { folders });
  };
  return every(periodMs, look, (error) => {
    if (!isTold) log.warn('pods-unknown', error);
    isTold = true;
  });
}
