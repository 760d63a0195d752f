import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  cacheFolders,
  companionFileBytes,
  companionsObstacle,
  copyInterpreter,
  openNativeFiles,
  planIsolation,
  prepareProgramFiles,
  writeSeccompFilter,
  writeStarter,
  writeOuterFilter,
} from '@enclos/isolation';
import {
  collateralFor,
  createMachine,
  createVendor,
  enrolmentRequest,
  installPck,
  issuePck,
  openMachine,
  refreshVendor,
  rootFingerprintOf,
  type InstallOptions,
  type IssueOptions,
  type Machine,
  type OpenedVendor,
  type Vendor,
} from '@enclos/provisioning';
import type { PlatformAudit } from '../platform-audit.ts';
import { startCpu } from '../cpu/machine-cpu.ts';
import { createQuotingEnclave } from '../quoting/quoting-enclave.ts';
import { createPassingCheck } from './passing/check.ts';
import { tryPassing } from './passing/trial.ts';
import { createRuntimeFolder } from './runtime-folder.ts';
import { claimUsers } from './separation/claim.ts';
import { freeUser, userLeft } from './separation/running-users.ts';
import {
  prepareSeparation,
  requireUserSwitch,
  type Separation,
  type SeparationOptions,
} from './separation/separation.ts';
import { numberOfHosts } from './separation/users.ts';
import type { PlatformServices } from './services.ts';
import { prepareSgx } from './sgx/sgx-services.ts';

export interface OpenPlatformOptions {
  /** The machine: fuses and PCK certificate. */
  readonly machineFolder: string;
  /** The vendor, when it is on this computer too: it supplies the endorsements. */
  readonly vendorFolder?: string;
  /** Gives the endorsements, as JSON, in place of a vendor on this computer. The platform does not check them. */
  readonly endorsements?: (() => Promise<string>) | undefined;
  readonly now?: () => Date;
  /** The server of these services closes it. */
  readonly audit?: PlatformAudit | undefined;
  /** MRSIGNERs (32 bytes) whose SGX images may have PROVISIONKEY, with which they get keys of the machine itself. Default: none. */
  readonly provisionSigners?: readonly Uint8Array[] | undefined;
  /** Keeps platform, hosts and enclaves apart as different users. The platform must run as root. */
  readonly separation?: SeparationOptions;
}

/** The folders of vendor and machine within one state folder, for a private platform. */
export function stateFolders(stateFolder: string): { readonly vendorFolder: string; readonly machineFolder: string } {
  return { vendorFolder: join(stateFolder, 'vendor'), machineFolder: join(stateFolder, 'machine') };
}

/**
 * Makes a vendor, a machine and its enrolment, as far as they are missing. A machine whose CPUSVN was changed, whose
 * certificate is damaged, or which was enrolled with another vendor, is enrolled again with the vendor of this folder: for a
 * machine of a vendor elsewhere call `openPlatform` alone. Safe to call at any time, by any number of processes.
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
  options: InstallOptions & Pick<IssueOptions, 'allowSeparated'> = {},
): Promise<Machine> {
  const { allowSeparated, ...install } = options;
  return installPck(machine, await issuePck(vendor, enrolmentRequest(machine), { now, allowSeparated }), install);
}

/**
 * Powers a platform up: the CPU with the machine's fuses, the quoting enclave,
 * its verified copy of the interpreter, and the isolation that the machine offers.
 * @throws PLATFORM_NOT_ENROLLED when the machine has no PCK certificate for its CPUSVN.
 * @throws PLATFORM_SEPARATION_MISMATCH when only one of machine and platform is separated: the evidence of a separated machine
 *   would be false, and any process of its user may have read the keys of the other.
 * @throws PLATFORM_SEPARATION_UNAVAILABLE, PLATFORM_USERS_REFUSED when it cannot be separated here.
 * @throws INTERPRETER_MISSING, INTERPRETER_MISMATCH, INTERPRETER_NOT_COPIED
 * @throws PLATFORM_STORAGE_FAILED when the runtime folder cannot be made.
 */
export async function openPlatform(options: OpenPlatformOptions): Promise<PlatformServices> {
  const { machineFolder, vendorFolder } = options;
  const machine = await openMachine(machineFolder);
  requireSameMode(machine, options);
  if (machine.pck === undefined) throw new EnclosError('PLATFORM_NOT_ENROLLED');
  const secretFolders = [machineFolder, ...(vendorFolder === undefined ? [] : [vendorFolder])];
  const separated = options.separation && (await prepareSeparation(options.separation, secretFolders));
  const cpu = startCpu(machine, {
    randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    provisionSigners: options.provisionSigners ?? [],
  });
  const now = options.now ?? (() => new Date());
  const place = {
    folders: separated === undefined ? await cacheFolders(machine.folder) : [separated.cacheFolder],
    passable: separated !== undefined,
  };
  const interpreter = await copyInterpreter(place);
  const { runtimeFolder, isolation, programs } = await prepareRuntime(interpreter.path, separated);
  const cpuSvn = fromHex(machine.cpuSvn);
  const writeFilter = async (): Promise<string> => programs.filterPath;
  return Object.freeze({
    cpu,
    quotingEnclave: createQuotingEnclave({ cpu, machine }),
    interpreter,
    isolation,
    programs,
    companions: {
      // Beside the interpreter: programs run from there.
      files: openNativeFiles({
        folder: join(dirname(interpreter.path), 'files'),
        passable: place.passable,
        maxBytes: companionFileBytes(separated === undefined ? 1 : numberOfHosts(separated)),
      }),
      obstacle: companionsObstacle(isolation),
    },
    sgx: await prepareSgx({ ...place, isolation, writeFilter, cpuSvn }),
    passingObstacle: createPassingCheck(() => tryPassingHere(isolation, interpreter.path, separated)),
    separation: machine.separation,
    separated,
    cpuSvn,
    rootCertificatePem: machine.pck.root,
    rootFingerprint: fromHex(rootFingerprintOf(machine.pck.root)),
    endorsements: options.endorsements ?? (() => endorsements(options.vendorFolder, now())),
    runtimeFolder,
    audit: options.audit,
  });
}

/** An enclave that is launched next may need the user of the trial, so it waits until that one is free. */
async function tryPassingHere(
  isolation: PlatformServices['isolation'],
  interpreterPath: string,
  separated: Separation | undefined,
): Promise<string | undefined> {
  if (separated === undefined) return tryPassing(isolation, { interpreterPath });
  const user = await freeUser(separated.enclaveUsers);
  const obstacle = await tryPassing(isolation, { interpreterPath, user });
  await userLeft(user);
  return obstacle;
}

function requireSameMode(machine: Machine, { separation }: OpenPlatformOptions): void {
  const mode = separation === undefined ? 'single-user' : 'separated';
  if (machine.separation === mode) return;
  throw new EnclosError(
    'PLATFORM_SEPARATION_MISMATCH',
    `The machine is ${machine.separation}, and the platform was asked to be ${mode}.`,
  );
}

/** Prepares the folder of the sockets, and the isolation that the machine offers. */
async function prepareRuntime(
  interpreterPath: string,
  separated: Separation | undefined,
): Promise<Pick<PlatformServices, 'runtimeFolder' | 'isolation' | 'programs'>> {
  const runtimeFolder = await createRuntimeFolder(separated?.runtimeFolder, { passable: separated !== undefined });
  try {
    const filterPath = await writeSeccompFilter(runtimeFolder.path);
    // Beside the interpreter, since programs run from there: the folder of the sockets may be mounted noexec. A cache that has
    // become read-only may hold the interpreter but no starter.
    const starterPath = await writeStarter([dirname(interpreterPath), runtimeFolder.path]);
    const outerFilterPath = await writeOuterFilter(runtimeFolder.path);
    const programs = await prepareProgramFiles([runtimeFolder.path, dirname(interpreterPath)], outerFilterPath);
    const files = { interpreterPath, filterPath, starterPath };
    if (separated === undefined) return { runtimeFolder, programs, isolation: planIsolation(files) };
    const { enclaveUsers } = separated;
    await claimUsers(separated.runtimeFolder, runtimeFolder.path, enclaveUsers);
    const isolation = planIsolation({ ...files, enclaveUser: enclaveUsers.first });
    requireUserSwitch(isolation, enclaveUsers);
    return { runtimeFolder, programs, isolation };
  } catch (error) {
    await runtimeFolder.remove();
    throw error;
  }
}

async function endorsements(vendorFolder: string | undefined, now: Date): Promise<string> {
  if (vendorFolder === undefined) throw new EnclosError('ENDORSEMENTS_ELSEWHERE');
  return JSON.stringify(collateralFor(await refreshVendor({ folder: vendorFolder }, now)));
}
