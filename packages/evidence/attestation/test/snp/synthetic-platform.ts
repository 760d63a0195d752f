import { createHash } from 'node:crypto';
import { toHex } from '@enclos/codec';
import type { Extension } from '@enclos/evidence-kit';
import { parseSnpCollateral, type SnpEndorsements, type SnpRoot } from '../../src/index.ts';
import {
  goodExtensions,
  keys,
  issueChanged,
  makeAmdCrl,
  vlekExtensions,
  type AmdCertificateSpec,
  type AmdCrlSpec,
} from './synthetic-pki.ts';
import { makeReport, type ReportSpec } from './synthetic-report.ts';

export const now = new Date('2026-03-01T00:00:00Z');

/** What to change of the good platform. */
export interface SnpChanges {
  readonly ark?: Partial<AmdCertificateSpec>;
  readonly ask?: Partial<AmdCertificateSpec>;
  readonly leaf?: Partial<AmdCertificateSpec>;
  /** `none`: without a list. */
  readonly crl?: Partial<AmdCrlSpec> | 'none';
  readonly report?: Partial<ReportSpec>;
}

/** DER. */
export interface SnpCertificates {
  readonly leaf: Uint8Array;
  readonly ask: Uint8Array;
  readonly ark: Uint8Array;
  readonly crl?: Uint8Array;
}

export interface SnpPlatform {
  readonly report: Uint8Array;
  readonly endorsements: SnpEndorsements;
  readonly certificates: SnpCertificates;
}

/** Whole certificates, as parsers and negative tests of collateral want them. */
export const goodCertificates = {
  leaf: issueChanged('leaf'),
  ask: issueChanged('ask'),
  ark: issueChanged('ark'),
  crl: makeAmdCrl(),
};

/** A platform of Milan with a VCEK, under the root of the kit. What is not changed is not signed again. */
export function makeSnpPlatform({ report, crl, ...changes }: SnpChanges = {}): SnpPlatform {
  const certificate = (of: 'leaf' | 'ask' | 'ark'): Uint8Array =>
    changes[of] === undefined ? goodCertificates[of] : issueChanged(of, changes[of]);
  const list = crl === undefined ? goodCertificates.crl : crl === 'none' ? undefined : makeAmdCrl(crl);
  return platformOf(
    {
      leaf: certificate('leaf'),
      ask: certificate('ask'),
      ark: certificate('ark'),
      ...(list === undefined ? {} : { crl: list }),
    },
    makeReport(report),
  );
}

/** A report with what endorses it, parsed anew. */
export function platformOf(certificates: SnpCertificates, report = makeReport()): SnpPlatform {
  const { leaf, ask, ark, crl } = certificates;
  const endorsements = parseSnpCollateral({
    signingKeyCertificate: leaf,
    certificateChain: [ask, ark],
    ...(crl === undefined ? {} : { revocationList: crl }),
  });
  return { report, endorsements, certificates };
}

export const snpRoot: SnpRoot = rootOf(keys.ark.spki);

export function rootOf(spki: Uint8Array, product: SnpRoot['product'] = 'Milan'): SnpRoot {
  return { product, publicKey: toHex(spki), fingerprint: createHash('sha256').update(spki).digest('hex') };
}

/** The extensions of a certificate, one replaced; without a value, left out. */
export function withExtension(
  of: 'ark' | 'ask' | 'leaf',
  id: string,
  replacement?: Extension,
): { readonly extensions: readonly Extension[] } {
  const kept = goodExtensions(of).filter((extension) => extension.id !== id);
  return { extensions: replacement === undefined ? kept : [...kept, replacement] };
}

/** The changes that make it a platform whose provider signs with a VLEK. */
export const vlek = {
  ask: { commonName: 'SEV-VLEK-Milan', serialNumber: 0x1_0101 },
  leaf: {
    commonName: 'SEV-VLEK',
    issuerName: 'SEV-VLEK-Milan',
    extensions: vlekExtensions('CN=provider.example'),
  },
  report: { flags: 0b101, chipId: '00'.repeat(64) },
} as const satisfies SnpChanges;
