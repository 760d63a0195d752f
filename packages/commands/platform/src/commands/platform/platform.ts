import { exists, readSmallJson } from '@enclos/cli-frame/files';
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
  parseEnrolmentRequest,
  publishTcb,
  refreshVendor,
  separationOf,
  setCpuSvn,
  stateFolders,
  type Machine,
  type OpenedVendor,
} from '@enclos/software-sgx';

export interface InitPlatformOptions {
  readonly stateFolder: string;
  /** Make this one and leave the other to another computer. Default: both, and enrol. */
  readonly only?: 'vendor' | 'machine' | undefined;
  /** Where verifiers will find the collateral; it is written into certificates. */
  readonly collateralUrl?: string | undefined;
  /** A machine of a separated platform. It is not enrolled: that is for the operator of the vendor to decide. */
  readonly separated?: boolean;
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
    /** The evaluation number of the current TCB level. */
    readonly tcbEvaluationDataNumber: number | undefined;
    /** Absent when the documents are issued again. */
    readonly documentsUntil?: string;
    /** Certificates. */
    readonly revoked: number;
  };
  /** What a vendor has just put its name to. */
  readonly certified?: {
    readonly ppid: string;
    readonly separation: string;
    readonly cpuSvn: string;
    readonly pceSvn: number;
  };
  readonly machine?: {
    readonly folder: string;
    readonly separation: string;
    readonly ppid: string;
    readonly cpuSvn: string;
    readonly pceSvn: number;
    /** With a vendor, for exactly this CPUSVN and PCESVN. */
    readonly enrolled: boolean;
    /** The fingerprint of the root that the machine was first enrolled under. Absent before that. */
    readonly rootFingerprint?: string;
  };
}

function factsOf(vendor: OpenedVendor | undefined, machine: Machine | undefined): PlatformFacts {
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
            ...(vendor.documents === undefined ? {} : { documentsUntil: vendor.documents.nextUpdate.toISOString() }),
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
            ...(machine.rootFingerprint === undefined ? {} : { rootFingerprint: machine.rootFingerprint }),
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
  separated = false,
  now,
}: InitPlatformOptions): Promise<PlatformFacts> {
  const { vendorFolder, machineFolder } = stateFolders(stateFolder);
  const vendor =
    only === 'machine'
      ? undefined
      : await createVendor(vendorFolder, { now, ...(collateralUrl === undefined ? {} : { collateralUrl }) });
  const separation = separated ? 'separated' : 'single-user';
  const machine = only === 'vendor' ? undefined : await createMachine(machineFolder, { separation });
  if (vendor === undefined || machine === undefined || machine.pck !== undefined || separated) {
    return factsOf(vendor, machine);
  }
  return factsOf(vendor, await enrol(vendor, machine, now));
}

export interface EnrolOptions {
  readonly vendorFolder: string;
  readonly machineFolder: string;
  /** Leave the root that the machine was enrolled under. */
  readonly reprovision?: boolean;
  /** Certify a machine that says it is separated: the operator answers for it. */
  readonly allowSeparated?: boolean;
  readonly now: Date;
}

/** Enrols a machine of this computer. @throws PLATFORM_FOLDER_INVALID, ENROLMENT_REFUSED */
export async function enrolMachine({
  vendorFolder,
  machineFolder,
  reprovision = false,
  allowSeparated = false,
  now,
}: EnrolOptions): Promise<PlatformFacts> {
  const vendor = await openVendor(vendorFolder);
  return factsOf(vendor, await enrol(vendor, await openMachine(machineFolder), now, { reprovision, allowSeparated }));
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
  /** Certify a machine that says it is separated: the operator answers for it. */
  readonly allowSeparated?: boolean;
  readonly now: Date;
}

const maxExchangeBytes = 1024 * 1024;

/** Certifies the machine of a request, writes what it installs, and says what it certified. @throws ENROLMENT_REFUSED */
export async function issueEnrolment({
  vendorFolder,
  requestFile,
  issueFile,
  allowSeparated = false,
  now,
}: IssueOptions): Promise<PlatformFacts> {
  const vendor = await openVendor(vendorFolder);
  const request = parseEnrolmentRequest(await readSmallJson(requestFile, maxExchangeBytes));
  const issued = await issuePck(vendor, request, { now, allowSeparated });
  await writeFileAtomically(issueFile, `${JSON.stringify(issued, undefined, 2)}\n`);
  const { ppid, cpuSvn, pceSvn } = request;
  const separation = separationOf(cpuSvn) ?? 'unknown';
  return Object.freeze({ ...factsOf(vendor, undefined), certified: { ppid, separation, cpuSvn, pceSvn } });
}

export interface InstallEnrolmentOptions {
  readonly machineFolder: string;
  readonly issueFile: string;
  /** From the operator of the vendor: any other root is refused. */
  readonly rootFingerprint?: string;
  /** Leave the root that the machine was enrolled under. */
  readonly reprovision?: boolean;
}

/** Keeps what the vendor issued for the machine. @throws ENROLMENT_REFUSED */
export async function installEnrolment(options: InstallEnrolmentOptions): Promise<PlatformFacts> {
  const { machineFolder, issueFile, rootFingerprint, reprovision } = options;
  const issued = await readSmallJson(issueFile, maxExchangeBytes);
  const machine = await openMachine(machineFolder);
  return factsOf(
    undefined,
    await installPck(machine, issued, { expectedRootFingerprint: rootFingerprint, reprovision }),
  );
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
  readonly collateralFile?: string | undefined;
  /** Gets the root certificate, PEM. */
  readonly rootFile?: string | undefined;
  readonly now: Date;
}

/** Writes what a verifier needs of the vendor in a state folder. Nothing in it is secret. @throws PLATFORM_FOLDER_INVALID */
export async function publishVendor({ stateFolder, collateralFile, rootFile, now }: PublishOptions): Promise<void> {
  const vendor = await refreshVendor({ folder: stateFolders(stateFolder).vendorFolder }, now);
  if (collateralFile !== undefined) {
    await writeFileAtomically(collateralFile, `${JSON.stringify(collateralFor(vendor), undefined, 2)}\n`);
  }
  if (rootFile !== undefined) await writeFileAtomically(rootFile, vendor.rootPem);
}

export interface SetCpuSvnOptions {
  readonly stateFolder: string;
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly pceSvn?: number | undefined;
}

/** Sets the CPUSVN of a machine, which then must be enrolled again. @throws TCB_REFUSED, PLATFORM_FOLDER_INVALID */
export async function setPlatformCpuSvn({ stateFolder, cpuSvn, pceSvn }: SetCpuSvnOptions): Promise<PlatformFacts> {
  const machine = await openMachine(stateFolders(stateFolder).machineFolder);
  return factsOf(undefined, await setCpuSvn(machine, cpuSvn, pceSvn === undefined ? {} : { pceSvn }));
}

export interface PublishTcbLevelOptions {
  readonly stateFolder: string;
  /** 15 bytes: a CPUSVN without its separation. */
  readonly components: Uint8Array;
  readonly pceSvn?: number | undefined;
  readonly now: Date;
}

/** Raises the TCB level that the vendor calls current: the first half of a TCB recovery. @throws TCB_REFUSED */
export async function publishTcbLevel({
  stateFolder,
  components,
  pceSvn,
  now,
}: PublishTcbLevelOptions): Promise<PlatformFacts> {
  const vendor = { folder: stateFolders(stateFolder).vendorFolder };
  const published = await publishTcb(vendor, { components, now, ...(pceSvn === undefined ? {} : { pceSvn }) });
  return factsOf(published, undefined);
}
