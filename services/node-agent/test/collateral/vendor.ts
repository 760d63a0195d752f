import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import {
  collateralFor,
  createMachine,
  createVendor,
  enrol,
  refreshVendor,
  type Machine,
  type Vendor,
} from '@enclos/software-sgx';
import { createLog, type Log } from '../../src/log.ts';
import { endorsedMachine, type EndorsedMachine } from '../../src/collateral/candidate.ts';

export const now = new Date('2026-06-01T12:00:00Z');
const dayMs = 86_400_000;
export const at = (days: number): Date => new Date(now.getTime() + days * dayMs);

/** One key for all vendors: making one takes a second. */
const quotingSigningKey = generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 }).privateKey;

export interface VendorElsewhere {
  readonly vendor: Vendor;
  readonly machine: Machine;
  readonly endorsed: EndorsedMachine;
  /** Its collateral so many days later, issued again when half of its lifetime is over. */
  collateral(days?: number): Promise<string>;
}

/** A vendor on another computer, and a separated machine that it enrolled. */
export async function vendorElsewhere(folder: string, since: Date = now): Promise<VendorElsewhere> {
  const vendor = await createVendor(join(folder, 'vendor'), { now: since, quotingSigningKey });
  const fresh = await createMachine(join(folder, 'machine'), { separation: 'separated' });
  const machine = await enrol(vendor, fresh, since, { allowSeparated: true });
  const { pck } = machine;
  if (pck === undefined) throw new Error('The machine is not enrolled.');
  return Object.freeze({
    vendor,
    machine,
    endorsed: await endorsedMachine(pck.pck + pck.platformCa + pck.root, pck.root),
    collateral: async (days = 0) =>
      JSON.stringify(collateralFor(await refreshVendor(vendor, new Date(since.getTime() + days * dayMs)))),
  });
}

export interface ReadableLog {
  readonly log: Log;
  /** The lines of one event, as they are written. */
  of(event: string): readonly Readonly<Record<string, unknown>>[];
}

export function readableLog(): ReadableLog {
  const lines: Record<string, unknown>[] = [];
  const stream = {
    write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) > 0,
    writableLength: 0,
  };
  return {
    log: createLog({ stream, now: () => now }),
    of: (event) => lines.filter((line) => line['event'] === event),
  };
}
