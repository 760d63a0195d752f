import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey } from '@enclos/build';
import {
  createMachine,
  createVendor,
  enrol,
  initialCpuSvn,
  openMachine,
  openVendor,
  publishTcb,
  refreshVendor,
  revoke,
  setCpuSvn,
  stateFolders,
  type Machine,
  type Vendor,
} from '@enclos/software-sgx';
import { unfinished } from '../kill/residue.ts';
import type { Tally } from '../program.ts';
import { codeOf, same } from './expect.ts';
import { empty, fillTo } from './fill.ts';
import { mountDisk } from './own-mounts.ts';

const now = new Date('2026-06-01T00:00:00Z');
const later = new Date('2026-06-21T00:00:00Z');
const raised = Uint8Array.from(initialCpuSvn('single-user'), (byte, i) => (i === 0 ? byte + 1 : byte));
const refusal = 'PLATFORM_STORAGE_FAILED';
/** Above what a vendor and a machine take. */
const enoughPages = 64;

/** Makes a vendor and a machine on disks of every size, and changes them with every number of free pages. */
export async function fullState(folder: string, tally: Tally): Promise<void> {
  const quotingSigningKey = createPrivateKey(generateKey());
  const make = async (state: string): Promise<{ readonly vendor: Vendor; readonly machine: Machine }> => {
    const { vendorFolder, machineFolder } = stateFolders(state);
    const vendor = await createVendor(vendorFolder, { now, quotingSigningKey });
    const machine = await createMachine(machineFolder, { separation: 'single-user' });
    return { vendor, machine: machine.pck === undefined ? await enrol(vendor, machine, now) : machine };
  };

  let refused = 0;
  for (let pages = 1; pages <= enoughPages; pages++) {
    const disk = mountDisk(join(folder, 'state'), { pages });
    try {
      const code = await codeOf(make(disk.path));
      if (code !== undefined) refused += 1;
      if (code !== undefined && code !== refusal) throw new Error(`It is refused with ${code}.`);
      same('unfinished', unfinished(disk.path), []);
      await requireWholeOrAbsent(disk.path);
      disk.resize({ pages: 1000 });
      await make(disk.path);
      tally.pass();
    } catch (error) {
      tally.fail(`a new platform on ${pages} pages: ${text(error)}`);
    } finally {
      disk.close();
    }
    if (refused < pages) break;
  }
  process.stdout.write(`state folder: refused on disks of 1 to ${refused} pages, and made on the next\n`);
  await fullChanges(folder, make, tally);
}

type Make = (state: string) => Promise<{ readonly vendor: Vendor; readonly machine: Machine }>;

async function fullChanges(folder: string, make: Make, tally: Tally): Promise<void> {
  const disk = mountDisk(join(folder, 'state'), { pages: 1000 });
  try {
    const { vendor, machine } = await make(disk.path);
    const second = await createMachine(join(disk.path, 'second'), { separation: 'single-user' });
    const serial = new X509Certificate((await enrol(vendor, second, now)).pck?.pck ?? '').serialNumber;
    const changes: readonly (readonly [name: string, change: () => Promise<unknown>])[] = [
      ['publish a TCB level', () => publish(vendor)],
      ['set the CPUSVN', () => setCpuSvn(machine, raised)],
      ['enrol again', async () => enrol(vendor, await openMachine(machine.folder), now)],
      ['revoke', () => revoke(vendor, serial, now)],
      ['refresh the documents', () => refreshVendor(vendor, later)],
    ];
    for (const [name, change] of changes) {
      await tally.check(`state folder full: ${name}`, () => changeOnFullDisk(disk.path, change));
    }
  } finally {
    disk.close();
  }
}

/** Publishing what is published already was done before the disk was full for the documents. */
async function publish(vendor: Vendor): Promise<void> {
  const { generations } = await openVendor(vendor.folder);
  if (generations.length === 1) await publishTcb(vendor, { components: raised.subarray(0, 15), now });
  else await refreshVendor(vendor, now);
}

/** With no free page, then one, and so on until the change goes through. */
async function changeOnFullDisk(state: string, change: () => Promise<unknown>): Promise<void> {
  for (let pages = 0; pages <= enoughPages; pages++) {
    if (!fillTo(state, pages)) throw new Error('The disk of the test is too small.');
    const code = await codeOf(change());
    same('unfinished', unfinished(state), []);
    await requireWholeOrAbsent(state);
    empty(state);
    if (code === undefined && pages > 0) return;
    if (code === undefined) throw new Error('It wrote nothing.');
    if (code !== refusal) throw new Error(`With ${pages} pages it is refused with ${code}.`);
  }
  throw new Error('It is never done.');
}

async function requireWholeOrAbsent(state: string): Promise<void> {
  const { vendorFolder, machineFolder } = stateFolders(state);
  if (existsSync(vendorFolder)) await openVendor(vendorFolder);
  if (existsSync(machineFolder)) await openMachine(machineFolder);
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
