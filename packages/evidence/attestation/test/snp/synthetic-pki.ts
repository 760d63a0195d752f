import { fromHex, utf8 } from '@enclos/codec';
import {
  AmdExtensionId,
  amdExtensions,
  amdPkiSpecs,
  basicConstraints,
  issueCertificate,
  issueRevocationList,
  keyRing,
  processKeys,
  pssAlgorithm,
  publicKeyInfo,
  replaced,
  rsaKey as namedRsaKey,
  type CertificateSpec,
  type Curve,
  type Extension,
  type KeyPair,
  type RsaKeyPair,
} from '@enclos/evidence-kit';
import { octetString, sequence, tlv } from '../der-writer.ts';
import { serialBytes } from '../synthetic-pki.ts';
import { hardwareId, milan } from './synthetic-report.ts';

export { AmdExtensionId as amdIds, pssAlgorithm };

export interface WithSpki {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** A key pair of AMD's kinds. */
export type AmdKeyPair = (KeyPair | RsaKeyPair) & WithSpki;

let made = 0;

/** A new one. */
export function rsaKey(bits: 2048 | 3072 | 4096 = 4096): RsaKeyPair & WithSpki {
  made += 1;
  return withSpki(namedRsaKey(`number ${made}`, bits));
}

/** A new one. */
export function ecKey(curve: Curve = 'P-384'): KeyPair & WithSpki {
  return withSpki(keyRing().key('key', curve));
}

function withSpki<Key extends KeyPair | RsaKeyPair>(key: Key): Key & WithSpki {
  return { ...key, spki: publicKeyInfo(key) };
}

/** Made once for all tests: keys of 4096 bits take seconds. The first three are those of the kit. */
export const keys = {
  ark: withSpki(namedRsaKey('ark')),
  ask: withSpki(namedRsaKey('ask')),
  vcek: withSpki(processKeys.key('VCEK', 'P-384')),
  other: ecKey(),
};

/** A certificate with few fields; `@enclos/evidence-kit` writes it. */
export interface AmdCertificateSpec {
  readonly commonName: string;
  readonly issuerName: string;
  readonly serialNumber: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Uint8Array;
  readonly issuerKey: AmdKeyPair;
  readonly extensions: readonly Extension[];
  readonly algorithm?: Uint8Array;
  /** Beside the signature; the same as inside unless given. */
  readonly outerAlgorithm?: Uint8Array;
}

/** A list with few fields; `@enclos/evidence-kit` writes it. */
export interface AmdCrlSpec {
  readonly issuerName: string;
  readonly issuerKey: AmdKeyPair;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly number[];
  readonly extensions: readonly Extension[];
}

const specs = amdPkiSpecs({ tcb: milan, hardwareId: fromHex(hardwareId) });
/** The kit's chain of Milan, with key identifiers that tests can name. */
const good: Readonly<Record<'ark' | 'ask' | 'leaf', CertificateSpec>> = {
  ark: { ...specs.ark, extensions: replaced(subjectKey(1))(specs.ark.extensions) },
  ask: { ...specs.ask, extensions: replaced(subjectKey(2))(replaced(authorityKey(1))(specs.ask.extensions)) },
  leaf: specs.leaf,
};

export function goodExtensions(of: 'ark' | 'ask' | 'leaf'): readonly Extension[] {
  return good[of].extensions;
}

export function makeAmdCertificate(spec: AmdCertificateSpec): Uint8Array {
  return issueChanged('leaf', spec);
}

/** A certificate of the good chain but for the changes. Its algorithm has the trailer field, as AMD's older ones have. */
export function issueChanged(of: 'ark' | 'ask' | 'leaf', change: Partial<AmdCertificateSpec> = {}): Uint8Array {
  const { commonName, issuerName, serialNumber, spki, ...others } = change;
  return issueCertificate({
    ...good[of],
    algorithm: pssAlgorithm({ trailer: true }),
    ...(commonName === undefined ? {} : { subject: commonName }),
    ...(issuerName === undefined ? {} : { issuer: issuerName }),
    ...(serialNumber === undefined ? {} : { serialNumber: serialBytes(serialNumber) }),
    ...(spki === undefined ? {} : { publicKeyInfo: spki }),
    ...others,
  });
}

const thisUpdate = new Date('2026-02-01T00:00:00Z');

/** The list of the good root but for the changes. */
export function makeAmdCrl({ issuerName, revoked = [0x1_0009], ...others }: Partial<AmdCrlSpec> = {}): Uint8Array {
  return issueRevocationList({
    ...specs.crl,
    thisUpdate,
    nextUpdate: new Date('2026-04-01T00:00:00Z'),
    extensions: replaced(authorityKey(1))(specs.crl.extensions),
    revoked: revoked.map((serial) => ({ serialNumber: serialBytes(serial), at: thisUpdate })),
    ...(issuerName === undefined ? {} : { issuer: issuerName }),
    ...others,
  });
}

export function subjectKey(id: number): Extension {
  return { id: '2.5.29.14', value: octetString(new Uint8Array(20).fill(id)) };
}

export function authorityKey(id: number): Extension {
  return { id: '2.5.29.35', value: sequence(tlv(0x80, new Uint8Array(20).fill(id))) };
}

export function authorityConstraints(pathLength?: number): Extension {
  return basicConstraints({ ca: true, pathLength });
}

export function ia5(text: string): Uint8Array {
  return tlv(0x16, utf8(text));
}

/** The extensions of a VCEK of Milan. */
export function vcekExtensions(chip: string): readonly Extension[] {
  return amdExtensions({ product: 'Milan', tcb: milan, hardwareId: fromHex(chip) });
}

/** The extensions of a VLEK of Milan. */
export function vlekExtensions(cspId: string): readonly Extension[] {
  return amdExtensions({ product: 'Milan', tcb: milan, cspId });
}
