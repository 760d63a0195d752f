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
import { processKeys, rsaKey, type KeyRing } from '../pki/keys.ts';
import { issueRevocationList, type RevocationListSpec } from '../pki/revocation-list.ts';
import { place } from '../quote/bytes.ts';
import { same } from '../scenario/changes.ts';
import { amdExtensions } from './amd-extensions.ts';
import { encodeSnpTcb, snpProducts, type SnpProduct, type SnpTcb } from './product.ts';
import { encodeSnpReportBody, exampleSnpReport, signSnpReport, type SnpReportBody } from './report.ts';

export interface SnpCertificateChanges extends Partial<Omit<CertificateSpec, 'extensions'>> {
  readonly extensions?: ExtensionsChange;
}

export interface SnpListChanges extends Partial<Omit<RevocationListSpec, 'extensions'>> {
  readonly extensions?: ExtensionsChange;
  readonly revokes?: readonly ('ask' | 'ark')[];
}

/** How a scenario of SEV-SNP differs from a good one. */
export interface SnpScenarioChanges {
  /** `Milan` unless given. */
  readonly product?: SnpProduct;
  /** 3 unless given. */
  readonly version?: 2 | 3 | 5;
  /** Who signs: a key of the chip, or one of the provider. */
  readonly signingKey?: 'VCEK' | 'VLEK';
  /** Of ARK and ASK: 4096 unless given, as AMD's; 2048 is faster to make. */
  readonly rsaBits?: 2048 | 3072 | 4096;
  readonly keys?: KeyRing;
  /** 2026-01-15 unless given. */
  readonly at?: Date;
  /** Of the certificate, and of the report in all four places. */
  readonly tcb?: Partial<SnpTcb>;
  readonly ark?: SnpCertificateChanges;
  /** The ASK, or the ASVK of a VLEK. */
  readonly ask?: SnpCertificateChanges;
  readonly leaf?: SnpCertificateChanges;
  readonly crl?: SnpListChanges;
  readonly report?: Partial<SnpReportBody>;
  /** After signing. */
  readonly reportBytes?: (good: Uint8Array) => Uint8Array;
}

/** One report with what endorses it; certificates and list in DER. */
export interface SnpScenario {
  readonly product: SnpProduct;
  readonly report: Uint8Array;
  readonly leaf: Uint8Array;
  readonly ask: Uint8Array;
  readonly ark: Uint8Array;
  /** Of the ARK. */
  readonly crl: Uint8Array;
  readonly at: Date;
  /** Hex of the SubjectPublicKeyInfo of the good root. */
  readonly rootPublicKey: string;
}

const dates = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2035-01-01T00:00:00Z') };

/** Builds an SEV-SNP report with its chain: genuine in everything but the changes. Node only. */
export function snpScenario(changes: SnpScenarioChanges = {}): SnpScenario {
  const { product = 'Milan' } = changes;
  const specs = { ark: arkSpec(changes), ask: askSpec(changes), leaf: leafSpec(changes) };
  const issue = (role: 'ark' | 'ask' | 'leaf'): Uint8Array => {
    const { extensions, ...fields } = changes[role] ?? {};
    return issueCertificate({ ...specs[role], extensions: (extensions ?? same)(specs[role].extensions), ...fields });
  };
  const report = signSnpReport(encodeSnpReportBody(reportOf(changes)), leafKey(changes));
  return Object.freeze({
    product,
    report: (changes.reportBytes ?? same)(report),
    leaf: issue('leaf'),
    ask: issue('ask'),
    ark: issue('ark'),
    crl: issueList(specs, changes),
    at: changes.at ?? new Date('2026-01-15T00:00:00Z'),
    rootPublicKey: toHex(publicKeyInfo(specs.ark.key)),
  });
}

const arkKey = ({ rsaBits }: SnpScenarioChanges): ReturnType<typeof rsaKey> => rsaKey('ark', rsaBits);
const askKey = ({ rsaBits }: SnpScenarioChanges): ReturnType<typeof rsaKey> => rsaKey('ask', rsaBits);
const leafKey = (changes: SnpScenarioChanges): ReturnType<KeyRing['key']> =>
  (changes.keys ?? processKeys).key(signingKeyOf(changes), 'P-384');

function signingKeyOf({ signingKey = 'VCEK' }: SnpScenarioChanges): 'VCEK' | 'VLEK' {
  return signingKey;
}

function arkSpec(changes: SnpScenarioChanges): CertificateSpec {
  const { product = 'Milan' } = changes;
  const key = arkKey(changes);
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

function askName({ product = 'Milan', ...changes }: SnpScenarioChanges): string {
  return signingKeyOf(changes) === 'VCEK' ? `SEV-${product}` : `SEV-VLEK-${product}`;
}

function askSpec(changes: SnpScenarioChanges): CertificateSpec {
  const { product = 'Milan' } = changes;
  const [key, issuerKey] = [askKey(changes), arkKey(changes)];
  return {
    version: 3,
    serialNumber: Uint8Array.of(1, 0, 1),
    issuer: `ARK-${product}`,
    subject: askName(changes),
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

function tcbOf({ product = 'Milan', tcb }: SnpScenarioChanges): SnpTcb {
  return { bootloader: 4, tee: 1, snp: 22, microcode: 213, ...(product === 'Turin' ? { fmc: 1 } : {}), ...tcb };
}

function hardwareIdOf({ product = 'Milan', keys = processKeys }: SnpScenarioChanges): Uint8Array {
  return keys.bytes('hardware id', snpProducts[product].hardwareIdSizeBytes);
}

function leafSpec(changes: SnpScenarioChanges): CertificateSpec {
  const { product = 'Milan' } = changes;
  const signingKey = signingKeyOf(changes);
  const owner = signingKey === 'VCEK' ? { hardwareId: hardwareIdOf(changes) } : { cspId: 'CN=provider.invalid' };
  return {
    version: 3,
    serialNumber: new Uint8Array(1),
    issuer: askName(changes),
    subject: `SEV-${signingKey}`,
    ...dates,
    key: leafKey(changes),
    issuerKey: askKey(changes),
    extensions: amdExtensions({ product, tcb: tcbOf(changes), ...owner }),
  };
}

function reportOf(changes: SnpScenarioChanges): SnpReportBody {
  const { product = 'Milan', version = 3 } = changes;
  const tcb = encodeSnpTcb(product, tcbOf(changes));
  const isVcek = signingKeyOf(changes) === 'VCEK';
  return {
    ...exampleSnpReport,
    version,
    flags: isVcek ? 0b00001 : 0b00101,
    currentTcb: tcb,
    reportedTcb: tcb,
    committedTcb: tcb,
    launchTcb: tcb,
    cpuid: version === 2 ? [0, 0, 0] : snpProducts[product].cpuid,
    chipId: isVcek ? place(64, [[0, hardwareIdOf(changes)]]) : new Uint8Array(64),
    ...(version === 5 ? { mitigationVectors: [1n, 3n] } : {}),
    ...changes.report,
  };
}

function issueList(
  specs: Readonly<Record<'ark' | 'ask', CertificateSpec>>,
  { crl: { extensions, revokes = [], ...fields } = {} }: SnpScenarioChanges,
): Uint8Array {
  const { key: issuerKey, subject: issuer } = specs.ark;
  const at = new Date('2025-11-01T00:00:00Z');
  const revoked = [
    { serialNumber: Uint8Array.of(1, 0, 9), at },
    ...revokes.map((role) => ({ serialNumber: specs[role].serialNumber, at })),
  ];
  return issueRevocationList({
    version: 2,
    issuer,
    issuerKey,
    thisUpdate: new Date('2026-01-01T00:00:00Z'),
    nextUpdate: new Date('2027-01-01T00:00:00Z'),
    revoked,
    ...fields,
    extensions: (extensions ?? same)([authorityKeyIdentifier(issuerKey), crlNumber(1)]),
  });
}
