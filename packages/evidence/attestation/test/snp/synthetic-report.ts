import { fromHex } from '@enclos/codec';
import { encodeSnpReportBody, exampleSnpReport, processKeys, signSnpReport, type KeyPair } from '@enclos/evidence-kit';

/** The fields of a report that tests change; `@enclos/evidence-kit` writes it. Hex where bytes. */
export interface ReportSpec {
  readonly version: number;
  readonly guestSvn: number;
  readonly policy: bigint;
  readonly familyId: string;
  readonly imageId: string;
  readonly vmpl: number;
  readonly algorithm: number;
  readonly current: string;
  readonly platformInfo: bigint;
  readonly flags: number;
  readonly reportData: string;
  readonly measurement: string;
  readonly hostData: string;
  readonly idKeyDigest: string;
  readonly authorKeyDigest: string;
  readonly reported: string;
  /** Family, model, stepping. */
  readonly cpuid: readonly [number, number, number];
  readonly chipId: string;
  readonly committed: string;
  readonly launch: string;
  readonly mitigationVectors: readonly [bigint, bigint];
  readonly key: KeyPair;
}

export const hardwareId = 'c1'.repeat(64);
export const milan = Object.freeze({ bootloader: 3, tee: 0, snp: 8, microcode: 0xd9 });
export const milanTcb = '03000000000008d9';
const vcek = processKeys.key('VCEK', 'P-384');

export const goodReport: ReportSpec = {
  version: 3,
  guestSvn: 7,
  policy: 0x3_001fn,
  familyId: '0a'.repeat(16),
  imageId: '0b'.repeat(16),
  vmpl: 0,
  algorithm: 1,
  current: milanTcb,
  platformInfo: 0x25n,
  flags: 0b1,
  reportData: 'd0'.repeat(64),
  measurement: 'e0'.repeat(48),
  hostData: 'f0'.repeat(32),
  idKeyDigest: '1d'.repeat(48),
  authorKeyDigest: '2a'.repeat(48),
  reported: milanTcb,
  cpuid: [0x19, 1, 1],
  chipId: hardwareId,
  committed: milanTcb,
  launch: milanTcb,
  mitigationVectors: [0n, 0n],
  key: vcek,
};

export function makeReport(change: Partial<ReportSpec> = {}): Uint8Array {
  const spec = { ...goodReport, ...change };
  return signSnpReport(encodeBody(spec), spec.key);
}

/** A good report with bytes exchanged before it is signed again, as only hostile firmware could. */
export function resign(report: Uint8Array, offset: number, bytes: readonly number[]): Uint8Array {
  const body = report.slice(0, 0x2a0);
  body.set(bytes, offset);
  return signSnpReport(body, vcek);
}

function encodeBody({ algorithm, current, reported, committed, launch, ...spec }: ReportSpec): Uint8Array {
  return encodeSnpReportBody({
    ...exampleSnpReport,
    version: spec.version,
    guestSvn: spec.guestSvn,
    policy: spec.policy,
    familyId: fromHex(spec.familyId),
    imageId: fromHex(spec.imageId),
    vmpl: spec.vmpl,
    signatureAlgorithm: algorithm,
    currentTcb: fromHex(current),
    platformInfo: spec.platformInfo,
    flags: spec.flags,
    reportData: fromHex(spec.reportData),
    measurement: fromHex(spec.measurement),
    hostData: fromHex(spec.hostData),
    idKeyDigest: fromHex(spec.idKeyDigest),
    authorKeyDigest: fromHex(spec.authorKeyDigest),
    reportedTcb: fromHex(reported),
    // Version 2 has no place for it.
    cpuid: spec.version === 2 ? [0, 0, 0] : spec.cpuid,
    chipId: fromHex(spec.chipId),
    committedTcb: fromHex(committed),
    launchTcb: fromHex(launch),
    mitigationVectors: spec.mitigationVectors,
  });
}
