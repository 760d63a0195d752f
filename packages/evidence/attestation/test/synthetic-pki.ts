import { fromHex, toHex } from '@enclos/codec';
import {
  crlNumber as crlNumberOf,
  encodeExtensions,
  issueCertificate,
  issueRevocationList,
  keyRing,
  publicKeyInfo as publicKeyInfoOf,
  signatureAlgorithm,
  signedValue,
  signRaw,
  type Extension,
  type KeyPair,
} from '@enclos/evidence-kit';
import { bitString, boolean, integer, name, octetString, sequence } from './der-writer.ts';

export { encodeExtensions, signRaw, type Extension as ExtensionSpec, type KeyPair };

/** Certificates and lists with few fields; `@enclos/evidence-kit` writes them. */
export interface CertificateSpec {
  readonly commonName: string;
  readonly issuerName: string;
  readonly serialNumber: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: KeyPair;
  readonly issuerKey: KeyPair;
  readonly extensions: readonly Extension[];
}

export interface CrlSpec {
  readonly issuerName: string;
  readonly issuerKey: KeyPair;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly number[];
  readonly extensions: readonly Extension[];
}

/** A new P-256 key pair; `point` is x then y. */
export function makeKey(): KeyPair {
  return keyRing().key('key');
}

export function publicKeyInfo(point: Uint8Array): Uint8Array {
  return publicKeyInfoOf({ curve: 'P-256', point });
}

export function signed(body: Uint8Array, key: KeyPair): Uint8Array {
  return signedValue(body, key, signatureAlgorithm('P-256'));
}

export const serialBytes = (serial: number): Uint8Array => fromHex(serial.toString(16).padStart(8, '0'));

export function makeCertificate({ commonName, issuerName, serialNumber, ...spec }: CertificateSpec): Uint8Array {
  const names = { subject: name(commonName), issuer: name(issuerName) };
  return issueCertificate({ version: 3, serialNumber: serialBytes(serialNumber), ...names, ...spec });
}

export function makeCrl({ issuerName, revoked, ...spec }: CrlSpec): Uint8Array {
  const entries = revoked.map((serial) => ({ serialNumber: serialBytes(serial), at: spec.thisUpdate }));
  return issueRevocationList({ version: 2, issuer: name(issuerName), revoked: entries, ...spec });
}

/** The five extensions of every DCAP certificate. Key identifiers are the first 20 bytes of the points. */
export function standardExtensions(options: {
  readonly point: Uint8Array;
  readonly issuerPoint: Uint8Array;
  /** Absent for an end entity. */
  readonly pathLength?: number;
}): readonly Extension[] {
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

export function authorityKeyIdentifier(point: Uint8Array): Extension {
  return { id: '2.5.29.35', value: sequence(fromHex(`8014${toHex(point.subarray(0, 20))}`)) };
}

export const crlNumber: Extension = crlNumberOf(1);

/** From the content of the BIT STRING in hex. */
export function keyUsage(hex: string): Extension {
  const bytes = fromHex(hex);
  return { id: '2.5.29.15', critical: true, value: bitString(bytes.subarray(1), bytes[0] ?? 0) };
}

export function basicConstraints(parts: readonly Uint8Array[]): Extension {
  return { id: '2.5.29.19', critical: true, value: sequence(...parts) };
}
