import { createHash } from 'node:crypto';
import {
  concatBytes,
  derBitString,
  derBoolean,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derValue,
  utf8,
} from '@enclos/codec';
import type { KeyPair, RsaKeyPair } from './keys.ts';

export interface Extension {
  /** Dotted. */
  readonly id: string;
  /** False unless given; false is not encoded, as DER asks. */
  readonly critical?: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

/** A change to a list of extensions: see {@link without}, {@link twice}, {@link replaced} and {@link added}. */
export type ExtensionsChange = (good: readonly Extension[]) => readonly Extension[];

export const ExtensionId = Object.freeze({
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  sgx: '1.2.840.113741.1.13.1',
});

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3), by number. */
const usageBits = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, cRLSign: 6 } as const;
export type Usage = keyof typeof usageBits;

/** The first method of RFC 5280 section 4.2.1.2: SHA-1 of the public key's bits. */
export function keyIdentifier(key: KeyPair | RsaKeyPair): Uint8Array {
  const bits = 'curve' in key ? concatBytes(Uint8Array.of(4), key.point) : key.publicKey;
  return new Uint8Array(createHash('sha1').update(bits).digest());
}

export function subjectKeyIdentifier(key: KeyPair | RsaKeyPair): Extension {
  return { id: ExtensionId.subjectKeyIdentifier, value: derOctetString(keyIdentifier(key)) };
}

export function authorityKeyIdentifier(issuerKey: KeyPair | RsaKeyPair): Extension {
  return { id: ExtensionId.authorityKeyIdentifier, value: derSequence(derValue(0x80, keyIdentifier(issuerKey))) };
}

export function keyUsage(...usages: readonly Usage[]): Extension {
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> usageBits[usage]), 0);
  // A named bit list ends in a set bit (X.690 section 11.2.2).
  const unused = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits);
  return { id: ExtensionId.keyUsage, critical: true, value: derBitString(Uint8Array.of(bits), unused) };
}

/** For an authority `pathLength` may be absent; with `ca: false` it makes a combination that no certificate may have. */
export function basicConstraints({
  ca,
  pathLength,
}: {
  readonly ca: boolean;
  readonly pathLength?: number | undefined;
}): Extension {
  const parts = [...(ca ? [derBoolean(true)] : []), ...(pathLength === undefined ? [] : [derInteger(pathLength)])];
  return { id: ExtensionId.basicConstraints, critical: true, value: derSequence(...parts) };
}

/** One distribution point with one URL (RFC 5280 section 4.2.1.13). */
export function crlDistributionPoints(url: string): Extension {
  const fullName = derValue(0xa0, derValue(0xa0, derValue(0x86, utf8(url))));
  return { id: ExtensionId.crlDistributionPoints, value: derSequence(derSequence(fullName)) };
}

export function crlNumber(number: number): Extension {
  return { id: ExtensionId.crlNumber, value: derInteger(number) };
}

/** The five extensions that every certificate of a DCAP chain has, in Intel's order. */
export function standardExtensions(options: {
  readonly key: KeyPair | RsaKeyPair;
  readonly issuerKey: KeyPair | RsaKeyPair;
  readonly crlUrl: string;
  /** The path length of an authority; absent for an end entity. */
  readonly pathLength?: number | undefined;
}): readonly Extension[] {
  const isAuthority = options.pathLength !== undefined;
  return [
    authorityKeyIdentifier(options.issuerKey),
    crlDistributionPoints(options.crlUrl),
    subjectKeyIdentifier(options.key),
    isAuthority ? keyUsage('keyCertSign', 'cRLSign') : keyUsage('digitalSignature', 'nonRepudiation'),
    basicConstraints({ ca: isAuthority, pathLength: options.pathLength }),
  ];
}

export function without(id: string): ExtensionsChange {
  return (good) => good.filter((extension) => extension.id !== id);
}

/** Repeats an extension at the end. */
export function twice(id: string): ExtensionsChange {
  return (good) => [...good, ...good.filter((extension) => extension.id === id)];
}

/** Puts another extension of the same id in the place of the good one. */
export function replaced(extension: Extension): ExtensionsChange {
  return (good) => good.map((other) => (other.id === extension.id ? extension : other));
}

export function added(extension: Extension): ExtensionsChange {
  return (good) => [...good, extension];
}

export function withCritical(id: string, critical: boolean): ExtensionsChange {
  return (good) => good.map((extension) => (extension.id === id ? { ...extension, critical } : extension));
}

/** SEQUENCE OF Extension. */
export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  const encoded = extensions.map(({ id, critical, value }) =>
    derSequence(derOid(id), ...(critical === true ? [derBoolean(true)] : []), derOctetString(value)),
  );
  return derValue(0x30, concatBytes(...encoded));
}
