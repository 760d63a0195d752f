import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import {
  createMachine,
  createVendor,
  enrolmentRequest,
  installPck,
  issuePck,
  type Machine,
  type Separation,
  type Vendor,
} from '../src/index.ts';
import { now, temporaryFolder, testKey } from './support.ts';

export interface Site {
  readonly folder: string;
  readonly vendor: Vendor;
  readonly machine: Machine;
}

/** A vendor (with the test key, which spares a second of key generation) and an enrolled machine. */
export async function enrolledSite(separation: Separation = 'separated', at: Date = now): Promise<Site> {
  const folder = temporaryFolder();
  const vendor = await createVendor(join(folder, 'vendor'), { now: at, quotingSigningKey: testKey('vendor') });
  const fresh = await createMachine(join(folder, 'machine'), { separation });
  const machine = await enrol(vendor, fresh, at);
  return { folder, vendor, machine };
}

export async function enrol(vendor: Vendor, machine: Machine, at: Date = now): Promise<Machine> {
  return installPck(machine, await issuePck(vendor, enrolmentRequest(machine), { now: at }));
}

export function pckSerial(machine: Machine): string {
  return new X509Certificate(machine.pck?.pck ?? '').serialNumber;
}

export interface QeIdentityJson {
  readonly tcbEvaluationDataNumber: number;
  readonly attributes: string;
  readonly attributesMask: string;
  readonly mrsigner: string;
  readonly isvprodid: number;
  readonly tcbLevels: readonly { readonly tcb: { readonly isvsvn: number } }[];
}

export function qeIdentityOf(vendor: Vendor): QeIdentityJson {
  return JSON.parse(vendor.documents.qeIdentity) as QeIdentityJson;
}
