import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { DerReader, readWholeSequence } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { isStrongKey } from '@enclos/service/jose';

/** A certificate whose key signs policies, or that issues such ones. */
export interface PolicyCertificate {
  readonly der: Uint8Array;
  readonly key: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** BasicConstraints with CA:TRUE, and a KeyUsage, if there is one, that lets it sign certificates. */
  readonly isAuthority: boolean;
  /** Most authorities that may stand between it and the end of a chain. */
  readonly pathLength: number;
  /** False when a KeyUsage forbids signing data. */
  readonly signsData: boolean;
  /** Names and signature, by OpenSSL. */
  issued(other: PolicyCertificate): boolean;
}

const maximumBytes = 16_384;
const maximumExtensions = 32;
/** RSA with SHA-2 (RFC 8017), RSASSA-PSS (RFC 4055), ECDSA with SHA-2 (RFC 5758). With MD5 and SHA-1, signatures were forged. */
const signatureAlgorithms: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.113549.1.1.10',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
]);
const keyUsageId = '2.5.29.15';
const basicConstraintsId = '2.5.29.19';
/** The critical extensions that are understood. The last one, alternative names, decides nothing here. */
const understood: ReadonlySet<string> = new Set([keyUsageId, basicConstraintsId, '2.5.29.17']);

/**
 * Reads one certificate (RFC 5280 section 4.1), version 3, DER and nothing behind it.
 * @throws CODEC_* or CODEC_INVALID for what OpenSSL does not read, for a weak key, and for a weak or unknown signature.
 */
export function readPolicyCertificate(input: Uint8Array): PolicyCertificate {
  if (input.length > maximumBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A certificate over ${maximumBytes} bytes.`);
  }
  const der = new Uint8Array(input);
  const shape = readShape(der);
  const certificate = openCertificate(der);
  if (!isStrongKey(certificate.publicKey)) {
    throw new EnclosError(
      'CODEC_INVALID',
      'A certificate with a key other than RSA of 2048 to 8192 bits or EC on a NIST curve.',
    );
  }
  const self: PolicyCertificate = {
    der,
    key: certificate.publicKey,
    ...shape,
    issued(other) {
      const issued = openCertificate(other.der);
      return issued.checkIssued(certificate) && issued.verify(certificate.publicKey);
    },
  };
  return Object.freeze(self);
}

/** Upper-case hex of the SHA-1, as Azure writes thumbprints. A name, nothing is decided by it. */
export function thumbprint(der: Uint8Array): string {
  return createHash('sha1').update(der).digest('hex').toUpperCase();
}

function openCertificate(der: Uint8Array): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // Asks OpenSSL for the key now: one that it cannot read throws.
    if (certificate.publicKey.type === 'public') return certificate;
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'Not a certificate with a usable key.', { cause });
  }
  throw new EnclosError('CODEC_INVALID', 'Not a certificate with a public key.');
}

type Shape = Pick<PolicyCertificate, 'notBeforeMs' | 'notAfterMs' | 'isAuthority' | 'pathLength' | 'signsData'>;

function readShape(der: Uint8Array): Shape {
  const parts = readWholeSequence(der);
  const fields = parts.sequence();
  const algorithm = parts.sequence().objectIdentifier();
  parts.bitString();
  parts.end();
  if (!signatureAlgorithms.has(algorithm)) {
    throw new EnclosError('CODEC_INVALID', `A certificate with the signature algorithm ${algorithm}.`);
  }
  const version = fields.optionalExplicit(0);
  if (version?.integer(255) !== 2) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 3 certificate.');
  // serialNumber, signature, issuer.
  fields.element(0x02);
  fields.element(0x30);
  fields.element(0x30);
  const validity = fields.sequence();
  const notBeforeMs = validity.time();
  const notAfterMs = validity.time();
  validity.end();
  // subject, subjectPublicKeyInfo, and two identifiers that nobody uses.
  fields.element(0x30);
  fields.element(0x30);
  while (fields.peek() === 0x81 || fields.peek() === 0x82) fields.element();
  const extensions = readExtensions(fields.optionalExplicit(3));
  fields.end();
  return { notBeforeMs, notAfterMs, ...readUsage(extensions) };
}

function readUsage(
  extensions: ReadonlyMap<string, Uint8Array>,
): Pick<Shape, 'isAuthority' | 'pathLength' | 'signsData'> {
  const usage = extensions.get(keyUsageId);
  const bits = usage === undefined ? 0xff : (wholeOf(usage).bitString().bytes[0] ?? 0);
  const { authority, pathLength } = readConstraints(extensions.get(basicConstraintsId));
  // digitalSignature is the first bit, nonRepudiation the second, keyCertSign the sixth (RFC 5280 section 4.2.1.3).
  return { isAuthority: authority && (bits & 0x04) !== 0, pathLength, signsData: (bits & 0xc0) !== 0 };
}

function readConstraints(value: Uint8Array | undefined): { readonly authority: boolean; readonly pathLength: number } {
  const unlimited = Number.POSITIVE_INFINITY;
  if (value === undefined) return { authority: false, pathLength: unlimited };
  const fields = wholeOf(value).sequence();
  const authority = fields.peek() === 0x01 && fields.boolean();
  const pathLength = fields.done ? unlimited : fields.integer(255);
  fields.end();
  return { authority, pathLength };
}

function wholeOf(value: Uint8Array): DerReader {
  const all = new DerReader(value);
  all.element();
  all.end();
  return new DerReader(value);
}

function readExtensions(wrapper: DerReader | undefined): ReadonlyMap<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  if (wrapper === undefined) return extensions;
  const list = wrapper.sequence();
  wrapper.end();
  while (!list.done) {
    const extension = list.sequence();
    const id = extension.objectIdentifier();
    const critical = extension.peek() === 0x01 && extension.boolean();
    const value = extension.octetString();
    extension.end();
    if (extensions.has(id)) throw new EnclosError('CODEC_INVALID', `Extension ${id} occurs twice.`);
    if (critical && !understood.has(id)) throw new EnclosError('CODEC_INVALID', `Unknown critical extension ${id}.`);
    if (extensions.size === maximumExtensions) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Too many extensions.');
    extensions.set(id, value);
  }
  return extensions;
}
