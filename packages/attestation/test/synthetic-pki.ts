import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '@enclos/codec';
import {
  bitString,
  boolean,
  explicit,
  integer,
  name,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from './der-writer.ts';

/** A P-256 key pair; `point` is x then y. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly point: Uint8Array;
}

export function makeKey(): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { privateKey, point: pointOf(privateKey) };
}

function pointOf(privateKey: KeyObject): Uint8Array {
  const { x = '', y = '' } = createPublicKey(
    createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  ).export({ format: 'jwk' });
  return concatBytes(new Uint8Array(Buffer.from(x, 'base64url')), new Uint8Array(Buffer.from(y, 'base64url')));
}

/** r then s. */
export function signRaw(key: KeyPair, data: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }));
}

export interface ExtensionSpec {
  readonly id: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

export interface CertificateSpec {
  readonly commonName: string;
  readonly issuerName: string;
  readonly serialNumber: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: KeyPair;
  readonly issuerKey: KeyPair;
  readonly extensions: readonly ExtensionSpec[];
}

export interface CrlSpec {
  readonly issuerName: string;
  readonly issuerKey: KeyPair;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly number[];
  readonly extensions: readonly ExtensionSpec[];
}

const signatureAlgorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

export function publicKeyInfo(point: Uint8Array): Uint8Array {
  const algorithm = sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.2.840.10045.3.1.7'));
  return sequence(algorithm, bitString(concatBytes(Uint8Array.of(4), point)));
}

export function signed(body: Uint8Array, key: KeyPair): Uint8Array {
  const raw = signRaw(key, body);
  const signature = sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  return sequence(body, signatureAlgorithm, bitString(signature));
}

export function encodeExtensions(extensions: readonly ExtensionSpec[]): Uint8Array {
  const encode = ({ id, critical, value }: ExtensionSpec): Uint8Array =>
    sequence(objectIdentifier(id), ...(critical === true ? [boolean(true)] : []), octetString(value));
  return sequence(...extensions.map(encode));
}

export function makeCertificate(spec: CertificateSpec): Uint8Array {
  const body = sequence(
    explicit(0, integer(2)),
    integer(spec.serialNumber),
    signatureAlgorithm,
    name(spec.issuerName),
    sequence(time(spec.notBefore), time(spec.notAfter)),
    name(spec.commonName),
    publicKeyInfo(spec.key.point),
    explicit(3, encodeExtensions(spec.extensions)),
  );
  return signed(body, spec.issuerKey);
}

export function makeCrl(spec: CrlSpec): Uint8Array {
  const entries = spec.revoked.map((serial) => sequence(integer(serial), time(spec.thisUpdate)));
  const body = sequence(
    integer(1),
    signatureAlgorithm,
    name(spec.issuerName),
    time(spec.thisUpdate),
    time(spec.nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(0, encodeExtensions(spec.extensions)),
  );
  return signed(body, spec.issuerKey);
}

/** The five extensions of every DCAP certificate. Key identifiers are the first 20 bytes of the points. */
export function standardExtensions(options: {
  readonly point: Uint8Array;
  readonly issuerPoint: Uint8Array;
  /** Absent for an end entity. */
  readonly pathLength?: number;
}): readonly ExtensionSpec[] {
  const { pathLength } = options;
  const isAuthority = pathLength !== undefined;
  return [
    authorityKeyIdentifier(options.issuerPoint),
    { id: '2.5.29.31', value: sequence() },
    { id: '2.5.29.14', value: octetString(options.point.subarray(0, 20)) },
    keyUsage(isAuthority ? '0106' : '06c0'),
    basicConstraints(isAuthority ? [boolean(true), integer(pathLength)] : []),
  ];
}

export function authorityKeyIdentifier(point: Uint8Array): ExtensionSpec {
  return { id: '2.5.29.35', value: sequence(fromHex(`8014${toHex(point.subarray(0, 20))}`)) };
}

export const crlNumber: ExtensionSpec = { id: '2.5.29.20', value: integer(1) };

/** From the content of the BIT STRING in hex. */
export function keyUsage(hex: string): ExtensionSpec {
  const bytes = fromHex(hex);
  return { id: '2.5.29.15', critical: true, value: bitString(bytes.subarray(1), bytes[0] ?? 0) };
}

export function basicConstraints(parts: readonly Uint8Array[]): ExtensionSpec {
  return { id: '2.5.29.19', critical: true, value: sequence(...parts) };
}
