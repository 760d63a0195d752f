import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import {
  createMachine,
  createVendor,
  enrolmentRequest,
  installPck,
  issuePck,
  type Machine,
  type Separation,
  type Vendor,
} from '@enclos/provisioning';
import { now, temporaryFolder, testKey } from './support.ts';

export interface Site {
  readonly folder: string;
  readonly vendor: Vendor;
  readonly machine: Machine;
}

/** A vendor (with the test key, which spares a second of key generation) and an enrolled machine. */
export async function enrolledSite(separation: Separation = 'separated'): Promise<Site> {
  const folder = temporaryFolder();
  const vendor = await createVendor(join(folder, 'vendor'), { now, quotingSigningKey: testKey('vendor') });
  const fresh = await createMachine(join(folder, 'machine'), { separation });
  return { folder, vendor, machine: await enrol(vendor, fresh) };
}

export async function enrol(vendor: Vendor, machine: Machine): Promise<Machine> {
  return installPck(machine, await issuePck(vendor, enrolmentRequest(machine), { now, allowSeparated: true }));
}

export function rejectsCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isEnclosError(error, code), String(error));
    return true;
  });
}

interface QeIdentityJson {
  readonly attributes: string;
  readonly attributesMask: string;
  readonly mrsigner: string;
  readonly isvprodid: number;
  readonly tcbLevels: readonly { readonly tcb: { readonly isvsvn: number } }[];
}

export function qeIdentityOf(vendor: Vendor): QeIdentityJson {
  return JSON.parse(vendor.documents.qeIdentity) as QeIdentityJson;
}
