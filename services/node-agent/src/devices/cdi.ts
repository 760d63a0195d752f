import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { devicePath, hardwareNames } from './hardware.ts';

const fileName = 'enclos.dev-sgx.json';

/**
 * The hardware as a specification of the Container Device Interface, for what starts containers without a kubelet:
 * `podman run --device enclos.dev/sgx=enclave`. 0.5.0 is the oldest version that has all of it.
 */
export function cdiSpecification(): object {
  return {
    cdiVersion: '0.5.0',
    kind: 'enclos.dev/sgx',
    devices: hardwareNames.map((name) => ({
      name,
      containerEdits: { deviceNodes: [{ path: devicePath(name), type: 'c', permissions: 'rw' }] },
    })),
  };
}

/** Writes it while the devices are there, and removes it when they are not. It appears whole. */
export async function publishCdi(folder: string, isThere: boolean): Promise<void> {
  const path = join(folder, fileName);
  if (!isThere) return rm(path, { force: true });
  // Runtimes read names that end in .json or .yaml (CDI specification, "Locations"): not that of the file in the making.
  await durable.replace(path, `${JSON.stringify(cdiSpecification(), undefined, 2)}\n`, {
    mode: 0o644,
    folderMode: 0o777,
  });
}
