import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { mountedSocket, mountPoint, socketVariable } from '../devices/container-view.ts';
import type { AllocatedClaim } from './claim.ts';

const kind = 'enclos.dev/software-sgx';

/** What the kubelet hands to the container runtime. */
export function cdiDeviceId(uid: string, device: number): string {
  return `${kind}=${uid}-${device}`;
}

/** The devices of a claim as a specification of the Container Device Interface. @param folderOf that a device has on the node */
export function claimSpecification({ uid, devices }: AllocatedClaim, folderOf: (device: number) => string): object {
  return {
    cdiVersion: '0.5.0',
    kind,
    devices: devices.map(({ device }) => ({
      name: `${uid}-${device}`,
      containerEdits: {
        env: [`${socketVariable}=${mountedSocket}`],
        // Read-only, as the device plugin mounts it: see devices/software.ts.
        mounts: [
          {
            hostPath: folderOf(device),
            containerPath: mountPoint,
            options: ['ro', 'bind', 'nosuid', 'nodev', 'noexec'],
          },
        ],
      },
    })),
  };
}

/** Runtimes read names that end in .json: the file appears whole. */
export function publishClaim(folder: string, uid: string, specification: object): Promise<void> {
  const text = `${JSON.stringify(specification, undefined, 2)}\n`;
  return durable.replace(pathIn(folder, uid), text, { mode: 0o644, folderMode: 0o755 });
}

export function withdrawClaim(folder: string, uid: string): Promise<void> {
  return rm(pathIn(folder, uid), { force: true });
}

function pathIn(folder: string, uid: string): string {
  return join(folder, `enclos.dev-software-sgx-${uid}.json`);
}
