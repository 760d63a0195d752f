import { derBitString, toHex } from '@enclos/codec';
import { issueCertificate, publicKeyInfo, type CertificateSpec } from '../pki/certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoints,
  crlNumber,
  ExtensionId,
  keyUsage,
  subjectKeyIdentifier,
  type Extension,
  type ExtensionsChange,
} from '../pki/extensions.ts';
import { processKeys, rsaKey, type KeyPair, type KeyRing, type RsaKeyPair } from '../pki/keys.ts';
import { issueRevocationList, type RevocationListSpec } from '../pki/revocation-list.ts';
import { same } from '../scenario/changes.ts';
import { amdExtensions } from './amd-extensions.ts';
import { snpProducts, type SnpProduct, type SnpTcb } from './product.ts';

/** Whom a chain of AMD's is for. */
export interface AmdPkiFacts {
  /** `Milan` unless given. */
  readonly product?: SnpProduct;
  /** The key that signs reports: a chip's (default) or a provider's. */
  readonly signingKey?: 'VCEK' | 'VLEK';
  /** The key size of ARK and ASK. Default: 4096, as AMD's; 2048 is faster to make. */
  readonly rsaBits?: 2048 | 3072 | 4096;
  readonly keys?: KeyRing;
  readonly tcb?: Partial<SnpTcb>;
  /** For a VCEK: 64 bytes, 8 on Turin. Default: from the ring. */
  readonly hardwareId?: Uint8Array;
  /** For a VLEK. */
  readonly cspId?: string;
}

export interface SnpCertificateChanges extends Partial<Omit<CertificateSpec, 'extensions'>> {
  readonly extensions?: ExtensionsChange;
}

export interface SnpListChanges extends Partial<Omit<RevocationListSpec, 'extensions'>> {
  readonly extensions?: ExtensionsChange;
  readonly revokes?: readonly ('ask' | 'ark')[];
}

/** How a chain of AMD's differs from a good one. */
export interface AmdPkiChanges extends AmdPkiFacts {
  readonly ark?: SnpCertificateChanges;
  /** The ASK, or the ASVK of a VLEK. */
  readonly ask?: SnpCertificateChanges;
  readonly leaf?: SnpCertificateChanges;
  readonly crl?: SnpListChanges;
}

/** What `issueCertificate` and `issueRevocationList` make a good chain of. */
export interface AmdPkiSpecs {
  readonly ark: CertificateSpec;
  readonly ask: CertificateSpec;
  readonly leaf: CertificateSpec;
  readonly crl: RevocationListSpec;
}

/** A chain of AMD's, DER. */
export interface AmdPki {
  readonly leaf: Uint8Array;
  readonly ask: Uint8Array;
  readonly ark: Uint8Array;
  /** The revocation list of the ARK. */
  readonly crl: Uint8Array;
  /** Hex of the SubjectPublicKeyInfo of the good root. */
  readonly rootPublicKey: string;
}

const dates = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2035-01-01T00:00:00Z') };

/** The certificates and the revocation list of a report: good in everything but the changes. Node only. */
export function amdPki(changes: AmdPkiChanges = {}): AmdPki {
  const specs = amdPkiSpecs(changes);
  const issue = (role: 'ark' | 'ask' | 'leaf'): Uint8Array => {
    const { extensions, ...fields } = changes[role] ?? {};
    return issueCertificate({ ...specs[role], extensions: (extensions ?? same)(specs[role].extensions), ...fields });
  };
  const { extensions, revokes = [], ...fields } = changes.crl ?? {};
  const entries = revokes.map((role) => ({ serialNumber: specs[role].serialNumber, at: revokedAt }));
  const crl = issueRevocationList({
    ...specs.crl,
    revoked: [...specs.crl.revoked, ...entries],
    extensions: (extensions ?? same)(specs.crl.extensions),
    ...fields,
  });
  const rootPublicKey = toHex(publicKeyInfo(specs.ark.key));
  return Object.freeze({ leaf: issue('leaf'), ask: issue('ask'), ark: issue('ark'), crl, rootPublicKey });
}

/** The specs of a chain whose parts are issued one by one. Names of keys are `ark`, `ask` and the kind of the signing key. */
export function amdPkiSpecs(facts: AmdPkiFacts = {}): AmdPkiSpecs {
  const ark = arkSpec(facts);
  return Object.freeze({ ark, ask: askSpec(facts), leaf: leafSpec(facts), crl: listSpec(ark, arkKey(facts)) });
}

/** The key that signs reports. */
export function snpSigningKey({ keys = processKeys, signingKey = 'VCEK' }: AmdPkiFacts): KeyPair {
  return keys.key(signingKey, 'P-384');
}

/** The TCB in the certificate. */
export function snpTcbOf({ product = 'Milan', tcb }: AmdPkiFacts): SnpTcb {
  return { bootloader: 4, tee: 1, snp: 22, microcode: 213, ...(product === 'Turin' ? { fmc: 1 } : {}), ...tcb };
}

/** The hardware id of the chip, in the length that certificates have. */
export function snpHardwareIdOf({ product = 'Milan', keys = processKeys, hardwareId }: AmdPkiFacts): Uint8Array {
  return hardwareId ?? keys.bytes('hardware id', snpProducts[product].hardwareIdSizeBytes);
}

const arkKey = ({ rsaBits }: AmdPkiFacts): RsaKeyPair => rsaKey('ark', rsaBits);
const askKey = ({ rsaBits }: AmdPkiFacts): RsaKeyPair => rsaKey('ask', rsaBits);

function arkSpec(facts: AmdPkiFacts): CertificateSpec {
  const { product = 'Milan' } = facts;
  const key = arkKey(facts);
  return {
    version: 3,
    serialNumber: Uint8Array.of(1, 0, 0),
    issuer: `ARK-${product}`,
    subject: `ARK-${product}`,
    ...dates,
    key,
    issuerKey: key,
    // AMD's roots have neither a path length nor an authority key identifier.
    extensions: [
      keyUsage('keyCertSign', 'cRLSign'),
      subjectKeyIdentifier(key),
      basicConstraints({ ca: true }),
      crlDistributionPoints(`https://crl.invalid/${product}`),
    ],
  };
}

/** As in AMD's certificates: one bit is said to be unused, where two are. */
const askKeyUsage: Extension = {
  id: ExtensionId.keyUsage,
  critical: true,
  value: derBitString(Uint8Array.of(0x04), 1),
};

function askName({ product = 'Milan', signingKey = 'VCEK' }: AmdPkiFacts): string {
  return signingKey === 'VCEK' ? `SEV-${product}` : `SEV-VLEK-${product}`;
}

function askSpec(facts: AmdPkiFacts): CertificateSpec {
  const { product = 'Milan' } = facts;
  const [key, issuerKey] = [askKey(facts), arkKey(facts)];
  return {
    version: 3,
    serialNumber: Uint8Array.of(1, 0, 1),
    issuer: `ARK-${product}`,
    subject: askName(facts),
    ...dates,
    key,
    issuerKey,
    extensions: [
      subjectKeyIdentifier(key),
      authorityKeyIdentifier(issuerKey),
      basicConstraints({ ca: true, pathLength: 0 }),
      askKeyUsage,
      crlDistributionPoints(`https://crl.invalid/${product}`),
    ],
  };
}

function leafSpec(facts: AmdPkiFacts): CertificateSpec {
  const { product = 'Milan', signingKey = 'VCEK', cspId = 'CN=provider.invalid' } = facts;
  const owner = signingKey === 'VCEK' ? { hardwareId: snpHardwareIdOf(facts) } : { cspId };
  return {
    version: 3,
    serialNumber: new Uint8Array(1),
    issuer: askName(facts),
    subject: `SEV-${signingKey}`,
    ...dates,
    key: snpSigningKey(facts),
    issuerKey: askKey(facts),
    extensions: amdExtensions({ product, tcb: snpTcbOf(facts), ...owner }),
  };
}

const revokedAt = new Date('2025-11-01T00:00:00Z');

/** It revokes a certificate that is not part of the chain. */
function listSpec({ subject }: CertificateSpec, issuerKey: RsaKeyPair): RevocationListSpec {
  return {
    version: 2,
    issuer: subject,
    issuerKey,
    thisUpdate: new Date('2026-01-01T00:00:00Z'),
    nextUpdate: new Date('2027-01-01T00:00:00Z'),
    revoked: [{ serialNumber: Uint8Array.of(1, 0, 9), at: revokedAt }],
    extensions: [authorityKeyIdentifier(issuerKey), crlNumber(1)],
  };
}
