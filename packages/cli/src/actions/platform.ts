import { EnclosError } from '@enclos/errors';
import { writeFileAtomically } from '@enclos/build';
import {
  collateralFor,
  createMachine,
  createVendor,
  enrol,
  enrolmentRequest,
  installPck,
  issuePck,
  openMachine,
  openVendor,
  refreshVendor,
  setCpuSvn,
  stateFolders,
  type Machine,
  type Vendor,
} from '@enclos/software-sgx';
import { exists, readSmallJson } from '../files.ts';

export interface InitPlatformOptions {
  readonly stateFolder: string;
  /** Make this one and leave the other to another computer. Default: both, and enrol. */
  readonly only?: 'vendor' | 'machine';
  /** Where verifiers will find the collateral; it is written into certificates. */
  readonly collateralUrl?: string;
  readonly now: Date;
}

/** What a platform folder holds, without its secrets. */
export interface PlatformFacts {
  readonly vendor?: {
    readonly folder: string;
    /** What policies list as a software root. */
    readonly rootFingerprint: string;
    readonly collateralUrl: string;
    readonly fmspc: string;
    /** Of the current TCB level. */
    readonly tcbEvaluationDataNumber: number | undefined;
    readonly documentsUntil: string;
    readonly revoked: number;
  };
  readonly machine?: {
    readonly folder: string;
    readonly separation: string;
    readonly ppid: string;
    readonly cpuSvn: string;
    readonly pceSvn: number;
    /** With a vendor, for exactly this CPUSVN and PCESVN. */
    readonly enrolled: boolean;
  };
}

function factsOf(vendor: Vendor | undefined, machine: Machine | undefined): PlatformFacts {
  return Object.freeze({
    ...(vendor === undefined
      ? {}
      : {
          vendor: {
            folder: vendor.folder,
            rootFingerprint: vendor.rootFingerprint,
            collateralUrl: vendor.collateralUrl,
            fmspc: vendor.fmspc,
            tcbEvaluationDataNumber: vendor.generations.at(-1)?.tcbEvaluationDataNumber,
            documentsUntil: vendor.documents.nextUpdate.toISOString(),
            revoked: vendor.revoked.length,
          },
        }),
    ...(machine === undefined
      ? {}
      : {
          machine: {
            folder: machine.folder,
            separation: machine.separation,
            ppid: machine.ppid,
            cpuSvn: machine.cpuSvn,
            pceSvn: machine.pceSvn,
            enrolled: machine.pck !== undefined,
          },
        }),
  });
}

/**
 * Makes what is missing of a vendor and a machine, and enrols the machine. Safe to repeat.
 * @throws PLATFORM_FOLDER_INVALID, ENROLMENT_REFUSED
 */
export async function initPlatform({
  stateFolder,
  only,
  collateralUrl,
  now,
}: InitPlatformOptions): Promise<PlatformFacts> {
  const { vendorFolder, machineFolder } = stateFolders(stateFolder);
  const vendor =
    only === 'machine'
      ? undefined
      : await createVendor(vendorFolder, { now, ...(collateralUrl === undefined ? {} : { collateralUrl }) });
  const machine = only === 'vendor' ? undefined : await createMachine(machineFolder, { separation: 'single-user' });
  if (vendor === undefined || machine === undefined || machine.pck !== undefined) return factsOf(vendor, machine);
  return factsOf(vendor, await enrol(vendor, machine, now));
}

/** Enrols a machine of this computer. @throws PLATFORM_FOLDER_INVALID, ENROLMENT_REFUSED */
export async function enrolMachine(
  folders: { readonly vendorFolder: string; readonly machineFolder: string },
  now: Date,
): Promise<PlatformFacts> {
  const vendor = await openVendor(folders.vendorFolder);
  return factsOf(vendor, await enrol(vendor, await openMachine(folders.machineFolder), now));
}

/** Writes what a machine asks a vendor on another computer. Nothing in it is secret. */
export async function writeEnrolmentRequest(machineFolder: string, requestFile: string): Promise<PlatformFacts> {
  const machine = await openMachine(machineFolder);
  await writeFileAtomically(requestFile, `${JSON.stringify(enrolmentRequest(machine), undefined, 2)}\n`);
  return factsOf(undefined, machine);
}

export interface IssueOptions {
  readonly vendorFolder: string;
  readonly requestFile: string;
  readonly issueFile: string;
  readonly now: Date;
}

const maxExchangeBytes = 1024 * 1024;

/** Certifies the machine of a request, and writes what it installs. @throws ENROLMENT_REFUSED */
export async function issueEnrolment({
  vendorFolder,
  requestFile,
  issueFile,
  now,
}: IssueOptions): Promise<PlatformFacts> {
  const vendor = await openVendor(vendorFolder);
  const issued = await issuePck(vendor, await readSmallJson(requestFile, maxExchangeBytes), { now });
  await writeFileAtomically(issueFile, `${JSON.stringify(issued, undefined, 2)}\n`);
  return factsOf(vendor, undefined);
}

/** Keeps what the vendor issued for the machine. @throws ENROLMENT_REFUSED */
export async function installEnrolment(machineFolder: string, issueFile: string): Promise<PlatformFacts> {
  const machine = await openMachine(machineFolder);
  return factsOf(undefined, await installPck(machine, await readSmallJson(issueFile, maxExchangeBytes)));
}

/** What is in a state folder. @throws PLATFORM_FOLDER_INVALID when there is neither a vendor nor a machine. */
export async function showPlatform(stateFolder: string): Promise<PlatformFacts> {
  const { vendorFolder, machineFolder } = stateFolders(stateFolder);
  const vendor = (await exists(vendorFolder)) ? await openVendor(vendorFolder) : undefined;
  const machine = (await exists(machineFolder)) ? await openMachine(machineFolder) : undefined;
  if (vendor === undefined && machine === undefined) {
    throw new EnclosError('PLATFORM_FOLDER_INVALID', `There is no vendor and no machine in ${stateFolder}.`, {
      details: { path: stateFolder },
    });
  }
  return factsOf(vendor, machine);
}

export interface PublishOptions {
  readonly stateFolder: string;
  /** Gets the collateral as JSON, as `verify` reads it. */
  readonly collateralFile?: string;
  /** Gets the root certificate, PEM. */
  readonly rootFile?: string;
  readonly now: Date;
}

/** Writes what a verifier needs of the vendor in a state folder. Nothing in it is secret. @throws PLATFORM_FOLDER_INVALID */
export async function publishVendor({ stateFolder, collateralFile, rootFile, now }: PublishOptions): Promise<void> {
  const vendor = await refreshVendor(await openVendor(stateFolders(stateFolder).vendorFolder), now);
  if (collateralFile !== undefined) {
    await writeFileAtomically(collateralFile, `${JSON.stringify(collateralFor(vendor), undefined, 2)}\n`);
  }
  if (rootFile !== undefined) await writeFileAtomically(rootFile, vendor.rootPem);
}

export interface SetCpuSvnOptions {
  readonly stateFolder: string;
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly pceSvn?: number;
}

/** Sets the CPUSVN of a machine, which then must be enrolled again. @throws TCB_REFUSED, PLATFORM_FOLDER_INVALID */
export async function setPlatformCpuSvn({ stateFolder, cpuSvn, pceSvn }: SetCpuSvnOptions): Promise<PlatformFacts> {
  const machine = await openMachine(stateFolders(stateFolder).machineFolder);
  return factsOf(undefined, await setCpuSvn(machine, cpuSvn, pceSvn === undefined ? {} : { pceSvn }));
}
