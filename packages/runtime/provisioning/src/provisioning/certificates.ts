import { randomBytes, sign, webcrypto, type KeyObject } from 'node:crypto';
import { toPem } from '@enclos/codec/pem';
import {
  derBitString,
  derExplicit,
  derInteger,
  derMagnitude,
  derOid,
  derSequence,
  derTime,
  fromHex,
  toHex,
} from '@enclos/codec';
import type { DistinguishedName } from './names.ts';

/**
 * The only place that uses the X.509 library. It is loaded on first use: a running platform presents certificates, but does not
 * make any.
 */
async function library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

const ecdsaWithSha256Oid = '1.2.840.10045.4.3.2';
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const crlNumberOid = '2.5.29.20';
const keyUsageOid = '2.5.29.15';
/** BIT STRINGs of RFC 5280 section 4.2.1.3: keyCertSign and cRLSign; digitalSignature and nonRepudiation. */
const caKeyUsage = Uint8Array.of(0x03, 0x02, 0x01, 0x06);
const leafKeyUsage = Uint8Array.of(0x03, 0x02, 0x06, 0xc0);

export interface Issuer {
  readonly name: DistinguishedName;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The address of the issuer's CRL: the CRL distribution point in the certificates that it issues. */
  readonly crlUrl: string;
}

export interface CertificateRequest {
  /** Upper-case hex. */
  readonly serialNumber: string;
  readonly subject: DistinguishedName;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** For a CA: how many CAs may follow. Absent for a leaf. */
  readonly pathLength?: number;
  readonly extension?: { readonly oid: string; readonly value: Uint8Array };
}

/** A certificate (PEM) with the extensions that DCAP requires: AKI, CRLDP, SKI, key usage, basic constraints. */
export async function issueCertificate(issuer: Issuer, request: CertificateRequest): Promise<string> {
  const x509 = await library();
  const publicKey = await cryptoKey(request.publicKey);
  const isCa = request.pathLength !== undefined;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: request.serialNumber,
    subject: mutableName(request.subject),
    issuer: mutableName(issuer.name),
    notBefore: wholeSeconds(request.notBefore),
    notAfter: wholeSeconds(request.notAfter),
    publicKey,
    signingKey: await cryptoKey(issuer.privateKey),
    signingAlgorithm: ecdsa,
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(await cryptoKey(issuer.publicKey)),
      new x509.CRLDistributionPointsExtension([issuer.crlUrl]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      new x509.Extension(keyUsageOid, true, isCa ? caKeyUsage : leafKeyUsage),
      new x509.BasicConstraintsExtension(isCa, request.pathLength, true),
      ...(request.extension === undefined
        ? []
        : [new x509.Extension(request.extension.oid, false, new Uint8Array(request.extension.value))]),
    ],
  });
  return toPem('CERTIFICATE', new Uint8Array(certificate.rawData));
}

export interface CrlRequest {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly crlNumber: number;
  /** Serial numbers in hex. */
  readonly revoked: readonly { readonly serialNumber: string; readonly at: Date }[];
}

/**
 * A version 2 CRL in DER (RFC 5280 section 5.1), with the crlNumber and
 * authority key identifier that DCAP requires. Assembled here, because the library takes seconds for some thousand entries. An
 * entry has no reason code, which would double its size without telling anything.
 */
export async function issueCrl(issuer: Issuer, request: CrlRequest): Promise<Uint8Array> {
  const x509 = await library();
  const algorithm = derSequence(derOid(ecdsaWithSha256Oid));
  const keyIdentifier = await x509.AuthorityKeyIdentifierExtension.create(await cryptoKey(issuer.publicKey));
  const number = new x509.Extension(crlNumberOid, false, new Uint8Array(derInteger(request.crlNumber)));
  const entries = request.revoked.map(({ serialNumber, at }) =>
    derSequence(derMagnitude(fromHex(serialNumber)), derTime(at)),
  );
  const signed = derSequence(
    derInteger(1),
    algorithm,
    new Uint8Array(new x509.Name(mutableName(issuer.name)).toArrayBuffer()),
    derTime(request.thisUpdate),
    derTime(request.nextUpdate),
    // Absent, not empty, when nothing is revoked.
    ...(entries.length === 0 ? [] : [derSequence(...entries)]),
    derExplicit(0, derSequence(...[number, keyIdentifier].map(({ rawData }) => new Uint8Array(rawData)))),
  );
  const signature = new Uint8Array(sign('sha256', signed, issuer.privateKey));
  return derSequence(signed, algorithm, derBitString(signature));
}

/** A new serial number in upper-case hex: 16 random bytes whose first is 0x40 to 0x7f: positive, minimal, never zero. */
export function newSerialNumber(): string {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return toHex(bytes).toUpperCase();
}

function cryptoKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const isPrivate = key.type === 'private';
  const data = key.export({ type: isPrivate ? 'pkcs8' : 'spki', format: 'der' } as { type: 'spki'; format: 'der' });
  return webcrypto.subtle.importKey(isPrivate ? 'pkcs8' : 'spki', data, ecdsa, true, [isPrivate ? 'sign' : 'verify']);
}

function mutableName(value: DistinguishedName): Record<string, string[]>[] {
  return value.map((part) => Object.fromEntries(Object.entries(part).map(([key, values]) => [key, [...values]])));
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}
