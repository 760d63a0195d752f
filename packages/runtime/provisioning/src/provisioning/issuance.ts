import { createHash } from 'node:crypto';
import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { p256PublicKey } from '../keys/p256.ts';
import { issueCertificate, newSerialNumber } from './certificates.ts';
import { parseEnrolmentRequest, type EnrolmentRequest } from './enrolment.ts';
import {
  addRecord,
  claim,
  isRevoked,
  keepCertificate,
  readCertificateOf,
  recordsAt,
  type IssueRecord,
} from './issue-records.ts';
import { names } from './names.ts';
import { pckFormat, type IssuedPck } from './pck.ts';
import { pckExtension, sgxExtensionOid } from './pck-extension.ts';
import { isPublished, separationOf } from './tcb.ts';
import { openVendor, readSigners, type OpenedVendor } from './vendor.ts';

const yearMs = 365.25 * 86_400_000;
const pckLifetimeMs = 7 * yearMs;
const renewBeforeMs = yearMs;
/** Clocks that are synchronised over a network differ by less; processes that ask at once get one certificate. */
const clockToleranceMs = 60_000;

export interface IssueOptions {
  readonly now: Date;
  /** Certify a machine that claims to be separated. The operator vouches for that: nothing in a request proves it. */
  readonly allowSeparated?: boolean | undefined;
}

/**
 * Certifies a machine. The vendor's operator must know that it is the machine that it claims to be: in software nothing else
 * can tell.
 *
 * Asking again at the same TCB gives the same certificate until its last year,
 * unless the clock was ahead when it was made.
 * Any number of processes that ask at once get one certificate. Every certificate is recorded before it is signed.
 *
 * @throws ENROLMENT_REFUSED for a bad request, a separated machine without `allowSeparated`, a TCB above the
 *   newest published level, a machine with a revoked certificate, and a key or a PPID that another machine has.
 */
export async function issuePck(
  vendor: Pick<OpenedVendor, 'folder'>,
  request: unknown,
  options: IssueOptions,
): Promise<IssuedPck> {
  const checked = parseEnrolmentRequest(request);
  const current = await openVendor(vendor.folder);
  requireAllowed(current, checked, options);
  const record = await recordFor(current.folder, checked, options.now);
  // Checked after the record is made: a revocation that did not see the record is seen here.
  await requireNotRevoked(current.folder, checked.ppid);
  return Object.freeze({
    format: pckFormat,
    cpuSvn: checked.cpuSvn,
    pceSvn: checked.pceSvn,
    pck: (await readCertificateOf(current.folder, record)) ?? (await certify(current, record)),
    platformCa: current.platformCaPem,
    root: current.rootPem,
    quotingImage: Buffer.from(current.quotingEnclave.image).toString('base64'),
    quotingSigstruct: Buffer.from(current.quotingEnclave.sigstruct).toString('base64'),
  });
}

function requireAllowed(vendor: OpenedVendor, request: EnrolmentRequest, options: IssueOptions): void {
  if (separationOf(request.cpuSvn) === 'separated' && options.allowSeparated !== true) {
    throw refused('The machine says that it is separated, which nothing proves; it has to be allowed by name.');
  }
  const newest = vendor.generations.at(-1);
  if (newest === undefined || !isPublished(request, newest)) {
    throw refused('The CPUSVN or PCESVN is above the newest published TCB level: publish first, raise second.');
  }
}

async function requireNotRevoked(folder: string, ppid: string): Promise<void> {
  if (await isRevoked(folder, ppid)) throw refused('A certificate of this machine was revoked.');
}

/** The record of the certificate to give: the last one while it is good for long enough, or a new one. */
async function recordFor(folder: string, request: EnrolmentRequest, now: Date): Promise<IssueRecord> {
  const { ppid, platformInstanceId, cpuSvn, pceSvn, publicKey } = request;
  await requireNotRevoked(folder, ppid);
  const keyDigest = createHash('sha256').update(fromHex(publicKey)).digest('hex');
  await claim(folder, { keyDigest }, ppid);
  for (let seen = -1; ;) {
    const records = await recordsAt(folder, request);
    if (records.length === seen) throw new EnclosError('PLATFORM_FOLDER_INVALID', 'An issuance record is missing.');
    seen = records.length;
    const last = records.at(-1);
    if (last !== undefined && last.publicKey !== publicKey) throw refused('Another key is enrolled under this PPID.');
    if (last !== undefined && isGood(last, now)) return last;
    const notBefore = new Date(Math.floor(now.getTime() / 1000) * 1000);
    const serialNumber = newSerialNumber();
    const record = { ppid, platformInstanceId, cpuSvn, pceSvn, publicKey, serialNumber, notBefore };
    if (await addRecord(folder, record, records.length)) return record;
  }
}

async function certify(vendor: OpenedVendor, record: IssueRecord): Promise<string> {
  await claim(vendor.folder, { serialNumber: record.serialNumber }, record.ppid);
  const { platformCa } = await readSigners(vendor);
  const value = pckExtension({
    ppid: fromHex(record.ppid),
    cpuSvn: fromHex(record.cpuSvn),
    pceSvn: record.pceSvn,
    pceId: fromHex(vendor.pceId),
    fmspc: fromHex(vendor.fmspc),
    platformInstanceId: fromHex(record.platformInstanceId),
  });
  const pem = await issueCertificate(platformCa, {
    serialNumber: record.serialNumber,
    subject: names.pck,
    publicKey: p256PublicKey(fromHex(record.publicKey)),
    notBefore: record.notBefore,
    notAfter: expiryOf(record),
    extension: { oid: sgxExtensionOid, value },
  });
  return keepCertificate(vendor.folder, record, pem);
}

/**
 * A certificate is good when it is not in its last year, and was not made while the clock was ahead: verifiers would not accept
 * it yet.
 */
function isGood(record: IssueRecord, now: Date): boolean {
  const isOfTheFuture = record.notBefore.getTime() - now.getTime() > clockToleranceMs;
  return !isOfTheFuture && expiryOf(record).getTime() - now.getTime() > renewBeforeMs;
}

function expiryOf({ notBefore }: IssueRecord): Date {
  return new Date(notBefore.getTime() + pckLifetimeMs);
}

function refused(message: string): EnclosError {
  return new EnclosError('ENROLMENT_REFUSED', message);
}
