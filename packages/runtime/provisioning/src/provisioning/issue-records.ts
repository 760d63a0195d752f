import { join } from 'node:path';
import { hex, integer, isoSeconds } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { addFile, exists, readAll, readOptionalText, readText } from './folder.ts';
import { instant, parseFile } from './json.ts';

/**
 * The record that a vendor keeps for each certificate, for ever and from before it signs it. The certificate can be made from
 * the record at any time, so a process that dies between the two loses nothing.
 */
export interface IssueRecord {
  /** Hex, 16 bytes. */
  readonly ppid: string;
  /** Hex, 16 bytes. */
  readonly platformInstanceId: string;
  /** Hex, 16 bytes. */
  readonly cpuSvn: string;
  readonly pceSvn: number;
  /** Hex of x ‖ y. */
  readonly publicKey: string;
  /** Upper-case hex. */
  readonly serialNumber: string;
  readonly notBefore: Date;
}

export type TcbOfMachine = Pick<IssueRecord, 'ppid' | 'cpuSvn' | 'pceSvn'>;

const recordShape = {
  ppid: hex(16),
  platformInstanceId: hex(16),
  cpuSvn: hex(16),
  pceSvn: integer(0, 0xffff),
  publicKey: hex(64),
  serialNumber: hex(16),
  notBefore: instant,
};
const ownerShape = { ppid: hex(16) };

/** All records of a machine, one for every certificate that its PPID ever got, at any TCB. */
export function readRecords(folder: string, ppid: string): Promise<readonly IssueRecord[]> {
  return readAll(join(folder, 'issued'), ppid.toLowerCase(), parseRecord);
}

function parseRecord(source: string): IssueRecord {
  const record = parseFile(source, recordShape);
  return Object.freeze({ ...record, serialNumber: record.serialNumber.toUpperCase() });
}

/** The records of a machine at one TCB, oldest first. */
export async function recordsAt(folder: string, tcb: TcbOfMachine): Promise<readonly IssueRecord[]> {
  const records = await readRecords(folder, tcb.ppid);
  return records.filter(({ cpuSvn, pceSvn }) => cpuSvn === tcb.cpuSvn.toLowerCase() && pceSvn === tcb.pceSvn);
}

/**
 * Adds the next record of a machine at a TCB.
 *
 * @param index how many records exist for that TCB
 * @returns false when another process took it.
 */
export function addRecord(folder: string, record: IssueRecord, index: number): Promise<boolean> {
  const { ppid, cpuSvn, pceSvn } = record;
  const name = `${cpuSvn}-${String(pceSvn).padStart(5, '0')}-${String(index).padStart(6, '0')}.json`;
  const content = JSON.stringify({ ...record, notBefore: isoSeconds(record.notBefore.getTime()) });
  return addFile(join(folder, 'issued', ppid, name), content);
}

/** The certificate of a record, PEM; undefined until it is signed. */
export function readCertificateOf(folder: string, { ppid, serialNumber }: IssueRecord): Promise<string | undefined> {
  return readOptionalText(join(folder, 'issued', ppid), `${serialNumber}.pem`);
}

/** Keeps the certificate of a record. When several are made from one record at once, one stays and is returned. */
export async function keepCertificate(folder: string, record: IssueRecord, pem: string): Promise<string> {
  const { ppid, serialNumber } = record;
  const name = `${serialNumber}.pem`;
  const path = join(folder, 'issued', ppid, name);
  return (await addFile(path, pem)) ? pem : readText(join(folder, 'issued', ppid), name);
}

/** The latest certificate of a machine at a TCB, PEM. */
export async function findIssued(vendor: { readonly folder: string }, tcb: TcbOfMachine): Promise<string | undefined> {
  for (const record of (await recordsAt(vendor.folder, tcb)).toReversed()) {
    const pem = await readCertificateOf(vendor.folder, record);
    if (pem !== undefined) return pem;
  }
  return undefined;
}

/** Something that a machine owns: a serial number, or the SHA-256 of a public key, in hex. */
export type OwnedItem = { readonly serialNumber: string } | { readonly keyDigest: string };

function ownerFile(owned: OwnedItem): string {
  return 'serialNumber' in owned ? `serial-${owned.serialNumber}.json` : `key-${owned.keyDigest}.json`;
}

/** The PPID of the machine that owns it. */
export async function ownerOf(folder: string, owned: OwnedItem): Promise<string | undefined> {
  const source = await readOptionalText(join(folder, 'owners'), ownerFile(owned));
  return source === undefined ? undefined : parseFile(source, ownerShape).ppid;
}

/** @throws ENROLMENT_REFUSED when another machine owns it. */
export async function claim(folder: string, owned: OwnedItem, ppid: string): Promise<void> {
  if (await addFile(join(folder, 'owners', ownerFile(owned)), JSON.stringify({ ppid }))) return;
  if ((await ownerOf(folder, owned)) === ppid) return;
  throw new EnclosError('ENROLMENT_REFUSED', 'The key is enrolled under another PPID.');
}

/** Whether any certificate of a machine is revoked. */
export async function isRevoked(folder: string, ppid: string): Promise<boolean> {
  for (const { serialNumber } of await readRecords(folder, ppid)) {
    if (await exists(join(folder, revocationFile(serialNumber)))) return true;
  }
  return false;
}

export function revocationFile(serialNumber: string): string {
  return `revoked/${serialNumber}.json`;
}
