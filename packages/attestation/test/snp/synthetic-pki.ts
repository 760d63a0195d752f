import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { fromHex, utf8 } from '@enclos/codec';
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
  tlv,
} from '../der-writer.ts';
import { encodeExtensions, keyUsage, type ExtensionSpec } from '../synthetic-pki.ts';

/** A key pair of AMD's kinds; `spki` is its SubjectPublicKeyInfo. */
export interface AmdKeyPair {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
}

export function rsaKey(bits = 4096, exponent = 65_537): AmdKeyPair {
  return withSpki(generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent }));
}

export function ecKey(namedCurve = 'P-384'): AmdKeyPair {
  return withSpki(generateKeyPairSync('ec', { namedCurve }));
}

function withSpki({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): AmdKeyPair {
  return { privateKey, spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
}

/** Made once for all tests: keys of 4096 bits take seconds. */
export const keys = { ark: rsaKey(), ask: rsaKey(), vcek: ecKey(), other: ecKey() };

const sha384 = sequence(objectIdentifier('2.16.840.1.101.3.4.2.2'), tlv(0x05));

/** RSASSA-PSS with SHA-384; AMD's older certificates spell out the default trailer field. */
export function pssAlgorithm(options: { readonly salt?: number; readonly trailer?: boolean } = {}): Uint8Array {
  const mgf1 = sequence(objectIdentifier('1.2.840.113549.1.1.8'), sha384);
  const parameters = [explicit(0, sha384), explicit(1, mgf1), explicit(2, integer(options.salt ?? 48))];
  if (options.trailer === true) parameters.push(explicit(3, integer(1)));
  return sequence(objectIdentifier('1.2.840.113549.1.1.10'), sequence(...parameters));
}

export interface AmdCertificateSpec {
  readonly commonName: string;
  readonly issuerName: string;
  readonly serialNumber: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Uint8Array;
  readonly issuerKey: AmdKeyPair;
  readonly extensions: readonly ExtensionSpec[];
  readonly algorithm?: Uint8Array;
  /** Beside the signature; the same as inside unless given. */
  readonly outerAlgorithm?: Uint8Array;
}

export function makeAmdCertificate(spec: AmdCertificateSpec): Uint8Array {
  const algorithm = spec.algorithm ?? pssAlgorithm({ trailer: true });
  const body = sequence(
    explicit(0, integer(2)),
    integer(spec.serialNumber),
    algorithm,
    name(spec.issuerName),
    sequence(time(spec.notBefore), time(spec.notAfter)),
    name(spec.commonName),
    spec.spki,
    explicit(3, encodeExtensions(spec.extensions)),
  );
  return sequence(body, spec.outerAlgorithm ?? algorithm, bitString(signPss(body, spec.issuerKey)));
}

export interface AmdCrlSpec {
  readonly issuerName: string;
  readonly issuerKey: AmdKeyPair;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly number[];
  readonly extensions: readonly ExtensionSpec[];
}

export function makeAmdCrl(spec: AmdCrlSpec): Uint8Array {
  const entries = spec.revoked.map((serial) => sequence(integer(serial), time(spec.thisUpdate)));
  const algorithm = pssAlgorithm();
  const body = sequence(
    integer(1),
    algorithm,
    name(spec.issuerName),
    time(spec.thisUpdate),
    time(spec.nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(0, encodeExtensions(spec.extensions)),
  );
  return sequence(body, algorithm, bitString(signPss(body, spec.issuerKey)));
}

function signPss(body: Uint8Array, { privateKey }: AmdKeyPair): Uint8Array {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return new Uint8Array(sign('sha384', body, { key: privateKey, padding, saltLength: 48 }));
}

export function subjectKey(id: number): ExtensionSpec {
  return { id: '2.5.29.14', value: octetString(new Uint8Array(20).fill(id)) };
}

export function authorityKey(id: number): ExtensionSpec {
  return { id: '2.5.29.35', value: sequence(tlv(0x80, new Uint8Array(20).fill(id))) };
}

export function authorityConstraints(pathLength?: number): ExtensionSpec {
  const parts = [boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])];
  return { id: '2.5.29.19', critical: true, value: sequence(...parts) };
}

/** As in AMD's certificates, whose ASK and ASVK have a trailing zero bit. */
export const usage = { root: keyUsage('0106'), intermediate: keyUsage('0104') };

const amd = '1.3.6.1.4.1.3704.1';
export const amdIds = Object.freeze({
  structVersion: `${amd}.1`,
  productName: `${amd}.2`,
  bootloader: `${amd}.3.1`,
  tee: `${amd}.3.2`,
  snp: `${amd}.3.3`,
  microcode: `${amd}.3.8`,
  fmc: `${amd}.3.9`,
  hardwareId: `${amd}.4`,
  cspId: `${amd}.5`,
});

export function ia5(text: string): Uint8Array {
  return tlv(0x16, utf8(text));
}

/** The extensions of a VCEK of Milan with the TCB of `milanTcb`. */
export function vcekExtensions(hardwareId: string): readonly ExtensionSpec[] {
  return [
    { id: amdIds.structVersion, value: integer(0) },
    { id: amdIds.productName, value: ia5('Milan-B0') },
    { id: amdIds.bootloader, value: integer(3) },
    { id: amdIds.tee, value: integer(0) },
    { id: amdIds.snp, value: integer(8) },
    { id: amdIds.microcode, value: integer(0xd9) },
    { id: amdIds.hardwareId, value: fromHex(hardwareId) },
  ];
}
