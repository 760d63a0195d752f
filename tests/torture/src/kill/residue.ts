import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMachine, openVendor, stateFolders } from '@enclos/software-sgx';
import type { Lane } from '../workplace.ts';

/** The secrets that nobody can make again, and what was certified for them. */
const machineFiles = ['fuses.bin', 'owner-epoch.bin', 'machine.json', 'root.json', 'pck.json'];

export function machineDigest(lane: Lane): string {
  const { machineFolder } = stateFolders(lane.state);
  const hash = createHash('sha256');
  for (const name of machineFiles) hash.update(readFileSync(join(machineFolder, name)));
  return hash.digest('hex');
}

/** @throws Error unless vendor and machine are whole, and one is enrolled with the other. */
export async function requireWhole(stateFolder: string): Promise<{ readonly root: string; readonly ppid: string }> {
  const { vendorFolder, machineFolder } = stateFolders(stateFolder);
  const vendor = await openVendor(vendorFolder);
  const machine = await openMachine(machineFolder);
  if (vendor.documents === undefined) throw new Error('The vendor has no documents.');
  if (machine.pck === undefined) throw new Error('The machine is not enrolled.');
  if (machine.rootFingerprint !== vendor.rootFingerprint) throw new Error('The machine has another root.');
  return { root: vendor.rootFingerprint, ppid: machine.ppid };
}

/** Files and folders that a process makes before it gives them their names. */
export function unfinished(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?:^|\/)\.[^/]*(?:\.making-|\.new-|enclos-new-)[^/]*$/.test(path),
  );
}

export function runtimeFolders(lane: Lane): readonly string[] {
  return readdirSync(lane.tmp);
}
