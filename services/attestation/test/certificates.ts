import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  concatBytes,
  DerTag,
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derTime,
  derValue,
  utf8,
} from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function rsaKey(bits = 2048): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength: bits });
}

export function ecKey(curve = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: curve });
}

/** What a test certificate says. Wrong ones are what tests need. */
export interface CertificateSpec {
  readonly key: KeyPair;
  readonly name?: string;
  /** Itself unless given. */
  readonly issuer?: TestCertificate;
  /** BasicConstraints; none unless given. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** KeyUsage, as its first byte; none unless given. */
  readonly usage?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly version?: number;
  readonly hash?: 'sha1' | 'sha256';
  /** Object identifiers of more critical extensions, empty ones. */
  readonly critical?: readonly string[];
}

export interface TestCertificate {
  readonly der: Uint8Array;
  readonly base64: string;
  readonly pem: string;
  readonly name: string;
  readonly key: KeyPair;
}

const oids = {
  rsa: { sha1: '1.2.840.113549.1.1.5', sha256: '1.2.840.113549.1.1.11' },
  ec: { sha1: '1.2.840.10045.4.1', sha256: '1.2.840.10045.4.3.2' },
} as const;
let serial = 0;

export function makeCertificate(spec: CertificateSpec): TestCertificate {
  const { key, name = 'test', issuer, hash = 'sha256', version = 3 } = spec;
  const signer = issuer?.key ?? key;
  const kind = signer.publicKey.asymmetricKeyType === 'ec' ? 'ec' : 'rsa';
  const algorithm = derSequence(derOid(oids[kind][hash]), ...(kind === 'rsa' ? [derValue(5, new Uint8Array(0))] : []));
  const extensions = extensionsOf(spec);
  serial += 1;
  const body = derSequence(
    ...(version === 1 ? [] : [derExplicit(0, derInteger(version - 1))]),
    derInteger(serial),
    algorithm,
    nameOf(issuer?.name ?? name),
    derSequence(
      derTime(spec.notBefore ?? new Date('2020-01-01T00:00:00Z')),
      derTime(spec.notAfter ?? new Date('2049-01-01T00:00:00Z')),
    ),
    nameOf(name),
    new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' })),
    ...(extensions.length === 0 ? [] : [derExplicit(3, derSequence(...extensions))]),
  );
  const signature = new Uint8Array(sign(hash, body, signer.privateKey));
  const der = derSequence(body, algorithm, derBitString(signature));
  return { der, base64: Buffer.from(der).toString('base64'), pem: toPem('CERTIFICATE', der), name, key };
}

function nameOf(text: string): Uint8Array {
  return derSequence(derValue(DerTag.SET, derSequence(derOid('2.5.4.3'), derValue(DerTag.UTF8_STRING, utf8(text)))));
}

function extensionsOf({ ca, pathLength, usage, critical = [] }: CertificateSpec): readonly Uint8Array[] {
  const extension = (id: string, value: Uint8Array): Uint8Array =>
    derSequence(derOid(id), derBoolean(true), derOctetString(value));
  const constraints = concatBytes(
    ...(ca === true ? [derBoolean(true)] : []),
    ...(pathLength === undefined ? [] : [derInteger(pathLength)]),
  );
  return [
    ...(ca === undefined ? [] : [extension('2.5.29.19', derValue(DerTag.SEQUENCE, constraints))]),
    ...(usage === undefined ? [] : [extension('2.5.29.15', derBitString(Uint8Array.of(usage), trailingZeros(usage)))]),
    ...critical.map((id) => extension(id, derSequence())),
  ];
}

function trailingZeros(byte: number): number {
  return 31 - Math.clz32(byte & -byte);
}
