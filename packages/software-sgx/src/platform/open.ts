import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { PlatformAudit } from '../audit/platform-audit.ts';
import { collateralFor } from '../collateral/collateral.ts';
import { startCpu } from '../cpu/machine-cpu.ts';
import { enrolmentRequest } from '../provisioning/enrolment.ts';
import { issuePck } from '../provisioning/issuance.ts';
import { createMachine, installPck, openMachine, type InstallOptions, type Machine } from '../provisioning/machine.ts';
import { rootFingerprintOf } from '../provisioning/root.ts';
import { createVendor, refreshVendor, type OpenedVendor, type Vendor } from '../provisioning/vendor.ts';
import { createQuotingEnclave } from '../quoting/quoting-enclave.ts';
import { verifyInterpreter } from './interpreter.ts';
import { planIsolation } from './isolation/choose.ts';
import { writeSeccompFilter } from './isolation/filter-file.ts';
import { createRuntimeFolder } from './runtime-folder.ts';
import type { PlatformServices } from './services.ts';

export interface OpenPlatformOptions {
  /** The machine: fuses and PCK certificate. */
  readonly machineFolder: string;
  /** The vendor, when it is on this computer too: it gives the endorsements. */
  readonly vendorFolder?: string;
  readonly now?: () => Date;
  /** The server that the services are for closes it. */
  readonly audit?: PlatformAudit | undefined;
}

/** Where one folder keeps both, for a platform of one's own. */
export function stateFolders(stateFolder: string): { readonly vendorFolder: string; readonly machineFolder: string } {
  return { vendorFolder: join(stateFolder, 'vendor'), machineFolder: join(stateFolder, 'machine') };
}

/**
 * Makes what is missing of a vendor, a machine and its enrolment. A machine
 * whose CPUSVN was set anew, whose certificate is damaged, or which was enrolled
 * with another vendor, is enrolled again with the vendor of this folder: open a
 * machine of a vendor elsewhere with `openPlatform` alone. Safe to call at any
 * time, by any number of processes.
 */
export async function initializePlatform(
  stateFolder: string,
  now: Date,
): Promise<{ readonly vendor: Vendor; readonly machine: Machine }> {
  const { vendorFolder, machineFolder } = stateFolders(stateFolder);
  const vendor = await createVendor(vendorFolder, { now });
  const machine = await createMachine(machineFolder, { separation: 'single-user' });
  const isEnrolled = machine.pck !== undefined && machine.rootFingerprint === vendor.rootFingerprint;
  const enrolled = isEnrolled ? machine : await enrol(vendor, machine, now, { reprovision: true });
  return { vendor, machine: enrolled };
}

/**
 * Enrols a machine with a vendor on the same computer.
 * @throws ENROLMENT_REFUSED
 */
export async function enrol(
  vendor: Pick<OpenedVendor, 'folder'>,
  machine: Machine,
  now: Date,
  options: InstallOptions = {},
): Promise<Machine> {
  return installPck(machine, await issuePck(vendor, enrolmentRequest(machine), { now }), options);
}

/**
 * Powers a platform up: the CPU with the machine's fuses, the quoting enclave,
 * the verified interpreter, and what isolation the machine gives.
 * @throws PLATFORM_NOT_ENROLLED when the machine has no PCK certificate for its CPUSVN.
 * @throws PLATFORM_SEPARATION_UNAVAILABLE for a machine that says it is separated: this version runs platform,
 *   enclaves and hosts under one user, so the claim would be false.
 */
export async function openPlatform(options: OpenPlatformOptions): Promise<PlatformServices> {
  const machine = await openMachine(options.machineFolder);
  if (machine.separation === 'separated') throw new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE');
  if (machine.pck === undefined) throw new EnclosError('PLATFORM_NOT_ENROLLED');
  const cpu = startCpu(machine, { randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)) });
  const now = options.now ?? (() => new Date());
  const interpreter = await verifyInterpreter();
  const runtimeFolder = await createRuntimeFolder();
  const filterPath = await writeSeccompFilter(runtimeFolder.path);
  return Object.freeze({
    cpu,
    quotingEnclave: createQuotingEnclave({ cpu, machine }),
    interpreter,
    isolation: planIsolation({ interpreterPath: interpreter.path, filterPath }),
    separation: machine.separation,
    cpuSvn: fromHex(machine.cpuSvn),
    rootCertificatePem: machine.pck.root,
    rootFingerprint: fromHex(rootFingerprintOf(machine.pck.root)),
    endorsements: () => endorsements(options.vendorFolder, now()),
    runtimeFolder,
    audit: options.audit,
  });
}

async function endorsements(vendorFolder: string | undefined, now: Date): Promise<string> {
  if (vendorFolder === undefined) throw new EnclosError('ENDORSEMENTS_ELSEWHERE');
  return JSON.stringify(collateralFor(await refreshVendor({ folder: vendorFolder }, now)));
}
