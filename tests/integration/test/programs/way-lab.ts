import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planAllWays, type IsolationWay } from '@enclos/isolation';
import { createMachine, enrol, openPlatform, servePlatform, stateFolders, createVendor } from '@enclos/software-sgx';
import { signingKey } from '@enclos/process-kit';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';

export interface Lab {
  readonly launcher: SoftwareLauncher;
  /** Layers that the machine lacks. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

export const enclaveUsers = { first: 62_400, last: 62_403 };

/** A platform in this process that starts enclaves by one of the ways. */
export async function labBy(way: IsolationWay, separated: boolean): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-programs-'));
  chmodSync(folder, 0o711);
  const { vendorFolder, machineFolder } = stateFolders(join(folder, 'state'));
  const vendor = await createVendor(vendorFolder, { now: new Date(), quotingSigningKey: signingKey('quoting') });
  const machine = await createMachine(machineFolder, { separation: separated ? 'separated' : 'single-user' });
  await enrol(vendor, machine, new Date(), { allowSeparated: separated });
  const separation = {
    hostUsers: [62_300],
    enclaveUsers,
    runtimeFolder: join(folder, 'run'),
    cacheFolder: join(folder, 'cache'),
  };
  const services = await openPlatform({ machineFolder, ...(separated ? { separation } : {}) });
  const isolation = planAllWays({
    interpreterPath: services.interpreter.path,
    filterPath: join(services.runtimeFolder.path, 'enclave.bpf'),
    starterPath: services.isolation.starterPath,
    ...(separated ? { enclaveUser: enclaveUsers.first } : {}),
  }).find((plan) => plan.way === way);
  assert.ok(isolation);
  const server = await servePlatform({ ...services, isolation });
  const launcher = await connectSoftwarePlatform(server.socketPath);
  return {
    launcher,
    missing: isolation.layers.filter(({ active }) => !active).map(({ name }) => name),
    async close() {
      await launcher.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const ways: readonly IsolationWay[] = ['util-linux', 'bubblewrap'];

/** The user that a process runs as; undefined when it has ended. */
export function userOf(processId: number): number | undefined {
  try {
    const found = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
