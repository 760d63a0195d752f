import { sign, verify, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { p256Point, p256PublicKey } from '../keys/p256.ts';
import { issueCertificate, type Certificate } from './certificates.ts';
import { readOptionalText, replaceFile } from './folder.ts';
import { hex, integer, object, oneOf, parseJson, text } from './json.ts';
import { pckKeyPair, platformInstanceId, type Machine } from './machine.ts';
import { names } from './names.ts';
import { pckFormat, type IssuedPck } from './pck.ts';
import { pckExtension, sgxExtensionOid } from './pck-extension.ts';
import { componentCount, separationSvn } from './tcb.ts';
import { openVendor, readSigners, type Vendor } from './vendor.ts';

const requestFormat = 'enclos-enrolment-1';
const yearMs = 365.25 * 86_400_000;
const pckLifetimeMs = 7 * yearMs;
const renewBeforeMs = yearMs;

/** What a machine sends to a vendor, as JSON. All byte strings in hex. Nothing in it is secret. */
export interface EnrolmentRequest {
  readonly format: typeof requestFormat;
  readonly ppid: string;
  readonly platformInstanceId: string;
  readonly cpuSvn: string;
  readonly pceSvn: number;
  /** x ‖ y of the PCK key. */
  readonly publicKey: string;
  /** r ‖ s: the PCK key's signature over all of the above. */
  readonly proof: string;
}

const enrolmentRequestJson = object({
  format: oneOf(requestFormat),
  ppid: hex(16),
  platformInstanceId: hex(16),
  cpuSvn: hex(16),
  pceSvn: integer(0xffff),
  publicKey: hex(64),
  proof: hex(64),
});

/** Asks for a PCK certificate for the machine's present CPUSVN and PCESVN. */
export function enrolmentRequest(machine: Machine): EnrolmentRequest {
  const { privateKey, publicKey } = pckKeyPair(machine);
  const request = {
    format: requestFormat,
    ppid: machine.ppid,
    platformInstanceId: toHex(platformInstanceId(machine)),
    cpuSvn: machine.cpuSvn,
    pceSvn: machine.pceSvn,
    publicKey: toHex(publicKey),
  } as const;
  const proof = sign('sha256', provenBytes(request), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('hex');
  return Object.freeze({ ...request, proof });
}

/**
 * Parses a request and checks its proof of possession.
 *
 * @throws ENROLMENT_REFUSED
 */
export function parseEnrolmentRequest(value: unknown): EnrolmentRequest {
  let request: EnrolmentRequest;
  try {
    request = enrolmentRequestJson(value, 'request');
  } catch (cause) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The enrolment request is malformed.', { cause });
  }
  const separation = fromHex(request.cpuSvn)[componentCount];
  if (!Object.values(separationSvn).some((svn) => svn === separation)) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The CPUSVN does not say a separation.');
  }
  const key = p256PublicKey(fromHex(request.publicKey));
  const proof = fromHex(request.proof);
  if (!verify('sha256', provenBytes(request), { key, dsaEncoding: 'ieee-p1363' }, proof)) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The request is not signed by its own key.');
  }
  return request;
}

/**
 * Certifies a machine. Whether the machine deserves it (that it is the machine
 * it says, and really separated) is for the vendor's operator to know: in
 * software nothing but the operator can.
 *
 * Asking again at the same TCB gives the same certificate until its last year,
 * so one key has one serial number to revoke.
 *
 * @throws ENROLMENT_REFUSED also for a key whose certificate was revoked.
 */
export async function issuePck(vendor: Vendor, request: unknown, { now }: { readonly now: Date }): Promise<IssuedPck> {
  const checked = parseEnrolmentRequest(request);
  const current = await openVendor(vendor.folder);
  const certificate = (await reuse(current, checked, now)) ?? (await certify(current, checked, now));
  return Object.freeze({
    format: pckFormat,
    cpuSvn: checked.cpuSvn,
    pceSvn: checked.pceSvn,
    pck: certificate.pem,
    platformCa: current.platformCaPem,
    root: current.rootPem,
    quotingImage: Buffer.from(current.quotingEnclave.image).toString('base64'),
    quotingSigstruct: Buffer.from(current.quotingEnclave.sigstruct).toString('base64'),
  });
}

/** A key that was revoked once stays so: enrolling again must not undo a revocation. */
async function reuse(vendor: Vendor, request: EnrolmentRequest, now: Date): Promise<Certificate | undefined> {
  const issued = await findIssued(vendor, request);
  if (issued === undefined) return undefined;
  if (vendor.revoked.some(({ serialNumber }) => serialNumber === issued.serialNumber)) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The certificate of this machine at this TCB was revoked.');
  }
  const certificate = new X509Certificate(issued.pem);
  if (!equalBytes(p256Point(certificate.publicKey), fromHex(request.publicKey))) {
    throw new EnclosError('ENROLMENT_REFUSED', 'Another key is enrolled under this PPID.');
  }
  return new Date(certificate.validTo).getTime() - now.getTime() > renewBeforeMs ? issued : undefined;
}

async function certify(vendor: Vendor, request: EnrolmentRequest, now: Date): Promise<Certificate> {
  const { platformCa } = await readSigners(vendor);
  const value = pckExtension({
    ppid: fromHex(request.ppid),
    cpuSvn: fromHex(request.cpuSvn),
    pceSvn: request.pceSvn,
    pceId: fromHex(vendor.pceId),
    fmspc: fromHex(vendor.fmspc),
    platformInstanceId: fromHex(request.platformInstanceId),
  });
  const certificate = await issueCertificate(platformCa, {
    subject: names.pck,
    publicKey: p256PublicKey(fromHex(request.publicKey)),
    notBefore: now,
    notAfter: new Date(now.getTime() + pckLifetimeMs),
    extension: { oid: sgxExtensionOid, value },
  });
  const record = JSON.stringify({ serialNumber: certificate.serialNumber, pck: certificate.pem });
  await replaceFile(join(vendor.folder, 'issued', recordName(request)), record);
  return certificate;
}

export interface PckKey {
  readonly ppid: string;
  readonly cpuSvn: string;
  readonly pceSvn: number;
}

const issuedRecord = object({ serialNumber: hex(), pck: text(16_384) });

/** The latest certificate that was issued for a machine at a TCB. */
export async function findIssued(vendor: Vendor, key: PckKey): Promise<Certificate | undefined> {
  const source = await readOptionalText(join(vendor.folder, 'issued'), recordName(key));
  if (source === undefined) return undefined;
  const { serialNumber, pck } = parseJson(source, issuedRecord);
  return Object.freeze({ pem: pck, serialNumber: serialNumber.toUpperCase() });
}

function recordName({ ppid, cpuSvn, pceSvn }: PckKey): string {
  return `${ppid}-${cpuSvn}-${pceSvn}.json`.toLowerCase();
}

function provenBytes(request: Omit<EnrolmentRequest, 'proof'>): Uint8Array {
  const { pceSvn } = request;
  return concatBytes(
    utf8(`${request.format}\0`),
    ...[request.ppid, request.platformInstanceId, request.cpuSvn].map(fromHex),
    Uint8Array.of(pceSvn & 0xff, pceSvn >> 8),
    fromHex(request.publicKey),
  );
}
