import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
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
} from '../src/index.ts';
import { dayMs, now, temporaryFolder, testKey } from './support.ts';

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
  return installPck(machine, await issuePck(vendor, enrolmentRequest(machine), { now: at, allowSeparated: true }));
}

export function rejectsCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isEnclosError(error, code), String(error));
    return true;
  });
}

export function laterBy(days: number): Date {
  return new Date(now.getTime() + days * dayMs);
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

export interface TcbLevelJson {
  readonly tcb: { readonly sgxtcbcomponents: readonly { readonly svn: number }[]; readonly pcesvn: number };
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
}

export interface TcbInfoJson {
  readonly nextUpdate: string;
  readonly tcbEvaluationDataNumber: number;
  readonly tcbLevels: readonly TcbLevelJson[];
}

export function tcbInfo(vendor: Vendor): TcbInfoJson {
  return JSON.parse(vendor.documents.tcbInfo) as TcbInfoJson;
}

/** The first level that fits, as every verifier chooses it (reference 3.6, evaluate). */
export function statusOf(vendor: Vendor, cpuSvn: Uint8Array, pceSvn = 1): TcbLevelJson | undefined {
  return tcbInfo(vendor).tcbLevels.find(
    ({ tcb }) => pceSvn >= tcb.pcesvn && tcb.sgxtcbcomponents.every(({ svn }, index) => (cpuSvn[index] ?? 0) >= svn),
  );
}
