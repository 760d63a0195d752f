import { sign } from 'node:crypto';
import { ByteWriter, fromHex } from '@enclos/codec';
import { keys, type AmdKeyPair } from './synthetic-pki.ts';

/** The fields of a report that tests change. Hex where bytes. */
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
  readonly key: AmdKeyPair;
}

export const hardwareId = 'c1'.repeat(64);
/** Bootloader 3, TEE 0, SNP 8, microcode 0xd9. */
export const milanTcb = '03000000000008d9';

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
  key: keys.vcek,
};

export function makeReport(change: Partial<ReportSpec> = {}): Uint8Array {
  const spec = { ...goodReport, ...change };
  const body = encodeBody(spec);
  const raw = sign('sha384', body, { key: spec.key.privateKey, dsaEncoding: 'ieee-p1363' });
  const report = new Uint8Array(1184);
  report.set(body);
  report.set(new Uint8Array(raw.subarray(0, 48)).reverse(), 0x2a0);
  report.set(new Uint8Array(raw.subarray(48)).reverse(), 0x2a0 + 72);
  return report;
}

/** A good report with bytes exchanged before it is signed again, as only hostile firmware could. */
export function resign(report: Uint8Array, offset: number, bytes: readonly number[]): Uint8Array {
  const body = report.slice(0, 0x2a0);
  body.set(bytes, offset);
  const raw = sign('sha384', body, { key: keys.vcek.privateKey, dsaEncoding: 'ieee-p1363' });
  const changed = new Uint8Array(1184);
  changed.set(body);
  changed.set(new Uint8Array(raw.subarray(0, 48)).reverse(), 0x2a0);
  changed.set(new Uint8Array(raw.subarray(48)).reverse(), 0x2a0 + 72);
  return changed;
}

function encodeBody(spec: ReportSpec): Uint8Array {
  const writer = new ByteWriter({ sizeHint: 0x2a0 });
  const hex = (text: string): ByteWriter => writer.bytes(fromHex(text));
  const zeros = (sizeBytes: number): ByteWriter => writer.bytes(new Uint8Array(sizeBytes));
  writer.u32(spec.version).u32(spec.guestSvn).u64(spec.policy);
  hex(spec.familyId);
  hex(spec.imageId);
  writer.u32(spec.vmpl).u32(spec.algorithm);
  hex(spec.current);
  writer.u64(spec.platformInfo).u32(spec.flags).u32(0);
  const digests = [spec.reportData, spec.measurement, spec.hostData, spec.idKeyDigest, spec.authorKeyDigest];
  for (const text of digests) hex(text);
  hex('ab'.repeat(32));
  hex('ff'.repeat(32));
  hex(spec.reported);
  if (spec.version === 2) zeros(24);
  else {
    writer.bytes(Uint8Array.from(spec.cpuid));
    zeros(21);
  }
  hex(spec.chipId);
  hex(spec.committed);
  hex('1d370100');
  hex('1c370100');
  hex(spec.launch);
  if (spec.version === 5) writer.u64(spec.mitigationVectors[0]).u64(spec.mitigationVectors[1]);
  const body = new Uint8Array(0x2a0);
  body.set(writer.finish());
  return body;
}
