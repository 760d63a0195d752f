import { createHash } from 'node:crypto';
import { toHex } from '@enclos/codec';
import { crlNumber, type ExtensionSpec } from '../synthetic-pki.ts';
import { parseSnpCollateral, type SnpEndorsements, type SnpRoot } from '../../src/index.ts';
import {
  amdIds,
  authorityConstraints,
  authorityKey,
  ia5,
  keys,
  makeAmdCertificate,
  makeAmdCrl,
  subjectKey,
  usage,
  vcekExtensions,
  type AmdCertificateSpec,
  type AmdCrlSpec,
} from './synthetic-pki.ts';
import { hardwareId, makeReport, type ReportSpec } from './synthetic-report.ts';

export const now = new Date('2026-03-01T00:00:00Z');
const notBefore = new Date('2025-01-01T00:00:00Z');
const notAfter = new Date('2035-01-01T00:00:00Z');

const arkSpec: AmdCertificateSpec = {
  commonName: 'ARK-Milan',
  issuerName: 'ARK-Milan',
  serialNumber: 0x1_0000,
  notBefore,
  notAfter,
  spki: keys.ark.spki,
  issuerKey: keys.ark,
  extensions: [usage.root, subjectKey(1), authorityConstraints()],
};
const askSpec: AmdCertificateSpec = {
  ...arkSpec,
  commonName: 'SEV-Milan',
  serialNumber: 0x1_0001,
  spki: keys.ask.spki,
  extensions: [subjectKey(2), authorityKey(1), authorityConstraints(0), usage.intermediate],
};
const vcekSpec: AmdCertificateSpec = {
  ...arkSpec,
  commonName: 'SEV-VCEK',
  issuerName: 'SEV-Milan',
  serialNumber: 0,
  spki: keys.vcek.spki,
  issuerKey: keys.ask,
  extensions: vcekExtensions(hardwareId),
};
const crlSpec: AmdCrlSpec = {
  issuerName: 'ARK-Milan',
  issuerKey: keys.ark,
  thisUpdate: new Date('2026-02-01T00:00:00Z'),
  nextUpdate: new Date('2026-04-01T00:00:00Z'),
  revoked: [0x1_0009],
  extensions: [authorityKey(1), crlNumber],
};

/** What to change of the good platform. */
export interface SnpChanges {
  readonly ark?: Partial<AmdCertificateSpec>;
  readonly ask?: Partial<AmdCertificateSpec>;
  readonly leaf?: Partial<AmdCertificateSpec>;
  /** `none`: without a list. */
  readonly crl?: Partial<AmdCrlSpec> | 'none';
  readonly report?: Partial<ReportSpec>;
}

export interface SnpPlatform {
  readonly report: Uint8Array;
  readonly endorsements: SnpEndorsements;
}

/** Whole certificates, as parsers and negative tests of collateral want them. */
export const goodCertificates = {
  leaf: makeAmdCertificate(vcekSpec),
  ask: makeAmdCertificate(askSpec),
  ark: makeAmdCertificate(arkSpec),
  crl: makeAmdCrl(crlSpec),
};

/** A platform of Milan with a VCEK, under a root of its own. What is not changed is not signed again. */
export function makeSnpPlatform({ ark, ask, leaf, crl, report }: SnpChanges = {}): SnpPlatform {
  const good = goodCertificates;
  const revocationList = crl === undefined ? good.crl : crl === 'none' ? undefined : makeAmdCrl({ ...crlSpec, ...crl });
  return {
    report: makeReport(report),
    endorsements: parseSnpCollateral({
      signingKeyCertificate: leaf === undefined ? good.leaf : makeAmdCertificate({ ...vcekSpec, ...leaf }),
      certificateChain: [
        ask === undefined ? good.ask : makeAmdCertificate({ ...askSpec, ...ask }),
        ark === undefined ? good.ark : makeAmdCertificate({ ...arkSpec, ...ark }),
      ],
      ...(revocationList === undefined ? {} : { revocationList }),
    }),
  };
}

export const snpRoot: SnpRoot = rootOf(keys.ark.spki);

export function rootOf(spki: Uint8Array, product: SnpRoot['product'] = 'Milan'): SnpRoot {
  return { product, publicKey: toHex(spki), fingerprint: createHash('sha256').update(spki).digest('hex') };
}

/** The extensions of a certificate, one replaced; without a value, left out. */
export function withExtension(
  of: 'ark' | 'ask' | 'leaf',
  id: string,
  replacement?: ExtensionSpec,
): { readonly extensions: readonly ExtensionSpec[] } {
  const { extensions } = { ark: arkSpec, ask: askSpec, leaf: vcekSpec }[of];
  const kept = extensions.filter((extension) => extension.id !== id);
  return { extensions: replacement === undefined ? kept : [...kept, replacement] };
}

const cspId = 'CN=provider.example';

/** The changes that make it a platform whose provider signs with a VLEK. */
export const vlek = {
  ask: { commonName: 'SEV-VLEK-Milan', serialNumber: 0x1_0101 },
  leaf: {
    commonName: 'SEV-VLEK',
    issuerName: 'SEV-VLEK-Milan',
    extensions: [...withExtension('leaf', amdIds.hardwareId).extensions, { id: amdIds.cspId, value: ia5(cspId) }],
  },
  report: { flags: 0b101, chipId: '00'.repeat(64) },
} as const satisfies SnpChanges;
