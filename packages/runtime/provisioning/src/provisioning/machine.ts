import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { concatBytes, fromHex, toHex } from '@enclos/codec';
import { hex, integer, oneOf } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { deriveSecret } from '../keys/derive.ts';
import { p256FromSeed, wideSeedBytes, type P256KeyPair } from '../keys/p256.ts';
import { addFile, createFolder, readBytes, readOptionalText, readText, replaceFile } from './folder.ts';
import { parseFile, parseWritten } from './json.ts';
import { checkIssuedPck, parseIssuedPck, type IssuedPck } from './pck.ts';
import { rootFingerprintOf } from './root.ts';
import { initialCpuSvn, initialPceSvn, requireCpuSvn, type Separation } from './tcb.ts';

/**
 * A software machine, which stands for a processor with SGX. Its fuses are the root of every key of every enclave on it. They
 * are not in this object, and no function of this package's public face returns them.
 */
export interface Machine {
  readonly folder: string;
  readonly separation: Separation;
  /** Hex, 16 bytes. */
  readonly cpuSvn: string;
  readonly pceSvn: number;
  /** Hex, 16 bytes: names the machine to vendors. */
  readonly ppid: string;
  /** The fingerprint of the root that the machine was first enrolled under, hex; undefined before that. */
  readonly rootFingerprint: string | undefined;
  /**
   * The certificate that a vendor issued for exactly this CPUSVN and PCESVN; undefined until enrolled, and when it is damaged.
   */
  readonly pck: IssuedPck | undefined;
}

export interface MachineSecrets {
  /** 32 bytes. */
  readonly fuses: Uint8Array;
  /** 16 bytes: the owner's part of every sealing key. */
  readonly ownerEpoch: Uint8Array;
}

const secretsOf = new WeakMap<Machine, MachineSecrets>();

const machineFormat = 'enclos-machine-1';
const rootShape = { fingerprint: hex(32) };
const machineShape = {
  format: oneOf(machineFormat),
  separation: oneOf('single-user', 'separated'),
  cpuSvn: hex(16),
  pceSvn: integer(0, 0xffff),
};

/**
 * Makes a machine with random fuses, or opens the existing one. Two processes that create one at once both get the same
 * machine.
 *
 * @throws PLATFORM_FOLDER_INVALID when the folder exists and is not a machine of this separation.
 */
export async function createMachine(folder: string, options: { readonly separation: Separation }): Promise<Machine> {
  const { separation } = options;
  const about = { separation, cpuSvn: toHex(initialCpuSvn(separation)), pceSvn: initialPceSvn };
  await createFolder(folder, () =>
    Promise.resolve({
      'fuses.bin': randomBytes(32),
      'owner-epoch.bin': randomBytes(16),
      'machine.json': JSON.stringify({ format: machineFormat, ...about }),
    }),
  );
  const machine = await openMachine(folder);
  if (machine.separation === separation) return machine;
  throw new EnclosError('PLATFORM_FOLDER_INVALID', `The machine in ${machine.folder} is ${machine.separation}.`);
}

/** @throws PLATFORM_FOLDER_INVALID unless the folder is a whole machine. */
export async function openMachine(folder: string): Promise<Machine> {
  const path = resolve(folder);
  try {
    const { separation, cpuSvn, pceSvn } = parseFile(await readText(path, 'machine.json'), machineShape);
    requireCpuSvn(fromHex(cpuSvn), separation);
    const secrets = { fuses: await readBytes(path, 'fuses.bin'), ownerEpoch: await readBytes(path, 'owner-epoch.bin') };
    if (secrets.fuses.length !== 32 || secrets.ownerEpoch.length !== 16) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'fuses.bin is 32 bytes and owner-epoch.bin 16.');
    }
    const ppid = toHex(deriveSecret(secrets.fuses, { purpose: 'PPID', lengthBytes: 16 }));
    const rootFingerprint = await readRoot(path);
    const pck = await readPck(path, { cpuSvn, pceSvn, rootFingerprint, fuses: secrets.fuses });
    const machine = Object.freeze({ folder: path, separation, cpuSvn, pceSvn, ppid, rootFingerprint, pck });
    secretsOf.set(machine, secrets);
    return machine;
  } catch (cause) {
    throw new EnclosError('PLATFORM_FOLDER_INVALID', `${path} is not a whole machine folder.`, { cause });
  }
}

async function readRoot(folder: string): Promise<string | undefined> {
  const source = await readOptionalText(folder, 'root.json');
  return source === undefined ? undefined : parseFile(source, rootShape).fingerprint;
}

interface PckOwner {
  readonly cpuSvn: string;
  readonly pceSvn: number;
  readonly rootFingerprint: string | undefined;
  readonly fuses: Uint8Array;
}

/** A certificate that cannot be used reads as absent: the vendor can issue it again, but the fuses cannot be made again. */
async function readPck(folder: string, owner: PckOwner): Promise<IssuedPck | undefined> {
  try {
    const source = await readOptionalText(folder, 'pck.json');
    if (source === undefined) return undefined;
    const pck = parseIssuedPck(parseWritten(source));
    if (pck.cpuSvn !== owner.cpuSvn || pck.pceSvn !== owner.pceSvn) return undefined;
    checkIssuedPck(pck, derivePck(owner.fuses, owner).publicKey);
    return rootFingerprintOf(pck.root) === owner.rootFingerprint ? pck : undefined;
  } catch (error) {
    if (isEnclosError(error)) return undefined;
    throw error;
  }
}

/**
 * Sets the CPUSVN, to rehearse a TCB recovery or a roll-back. The PCK key and
 * every new sealing key change with it, so the machine must be enrolled again.
 * A running CPU keeps the CPUSVN that it started with.
 *
 * @param cpuSvn 16 bytes; the last is the machine's separation and stays
 * @throws TCB_REFUSED
 */
export async function setCpuSvn(
  machine: Machine,
  cpuSvn: Uint8Array,
  options: { readonly pceSvn?: number } = {},
): Promise<Machine> {
  requireCpuSvn(cpuSvn, machine.separation);
  const pceSvn = options.pceSvn ?? machine.pceSvn;
  if (!Number.isInteger(pceSvn) || pceSvn < 0 || pceSvn > 0xffff) {
    throw new EnclosError('TCB_REFUSED', 'A PCESVN is an integer from 0 to 65535.');
  }
  const { separation } = machine;
  const content = JSON.stringify({ format: machineFormat, separation, cpuSvn: toHex(cpuSvn), pceSvn });
  await replaceFile(join(machine.folder, 'machine.json'), content);
  return openMachine(machine.folder);
}

export interface InstallOptions {
  /** Hex of SHA-256 of the root's SubjectPublicKeyInfo, from the vendor's operator: any other root is refused. */
  readonly expectedRootFingerprint?: string | undefined;
  /** Leave the root that the machine was enrolled under, for the one of this vendor. */
  readonly reprovision?: boolean | undefined;
}

/**
 * Keeps the certificate that the vendor issued, after checking that it is for this machine at its current CPUSVN and PCESVN.
 * The first installation decides the root: its owner could sign enclaves that get this machine's provisioning keys, so another
 * root is refused afterwards unless `reprovision` is set.
 *
 * @throws ENROLMENT_REFUSED
 */
export async function installPck(machine: Machine, issued: unknown, options: InstallOptions = {}): Promise<Machine> {
  const pck = parseIssuedPck(issued);
  if (pck.cpuSvn !== machine.cpuSvn || pck.pceSvn !== machine.pceSvn) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The certificate is for another CPUSVN or PCESVN.');
  }
  checkIssuedPck(pck, pckKeyPair(machine).publicKey);
  await pinRoot(machine.folder, rootFingerprintOf(pck.root), options);
  await replaceFile(join(machine.folder, 'pck.json'), JSON.stringify(pck));
  return openMachine(machine.folder);
}

async function pinRoot(folder: string, fingerprint: string, options: InstallOptions): Promise<void> {
  const { expectedRootFingerprint, reprovision = false } = options;
  if (expectedRootFingerprint !== undefined && expectedRootFingerprint.toLowerCase() !== fingerprint) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The root is not the one that is expected.', {
      details: { fingerprint },
    });
  }
  const path = join(folder, 'root.json');
  const content = JSON.stringify({ fingerprint });
  if (await addFile(path, content)) return;
  const pinned = await readRoot(folder);
  if (pinned === fingerprint) return;
  if (!reprovision) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The machine was enrolled under another root.', {
      details: { fingerprint, pinned: pinned ?? 'none' },
    });
  }
  await replaceFile(path, content);
}

/** For the CPU and the quoting enclave of this package only. */
export function machineSecrets(machine: Machine): MachineSecrets {
  const secrets = secretsOf.get(machine);
  if (secrets === undefined) throw new EnclosError('PLATFORM_FOLDER_INVALID', 'Not an open machine.');
  return secrets;
}

/** The PCK key of the machine at its CPUSVN and PCESVN. */
export function pckKeyPair(machine: Machine): P256KeyPair {
  return derivePck(machineSecrets(machine).fuses, machine);
}

/** The platform instance id (16 bytes) of the PCK certificate. */
export function platformInstanceId(machine: Machine): Uint8Array {
  return deriveSecret(machineSecrets(machine).fuses, { purpose: 'platform instance id', lengthBytes: 16 });
}

function derivePck(fuses: Uint8Array, { cpuSvn, pceSvn }: Pick<Machine, 'cpuSvn' | 'pceSvn'>): P256KeyPair {
  const context = concatBytes(fromHex(cpuSvn), Uint8Array.of(pceSvn & 0xff, pceSvn >> 8));
  return p256FromSeed(deriveSecret(fuses, { purpose: 'PCK private key', context, lengthBytes: wideSeedBytes }));
}
