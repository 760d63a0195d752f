import { concatBytes, utf8 } from '@enclos/codec';
import { littleEndian, place } from '../quote/bytes.ts';

/** What is around hardware report and runtime data in an HCL report (OpenHCL, IGVM attestation report). */
export interface HclReportFields {
  /** `HCLA`. */
  readonly magic: string;
  readonly version: number;
  readonly reportSize: number;
  readonly requestType: number;
  readonly status: number;
  readonly reserved: number;
  readonly totalSize: number;
  readonly dataVersion: number;
  /** 2: SEV-SNP; 4: TDX. */
  readonly reportType: number;
  /** 1: SHA-256. */
  readonly hashType: number;
  /** Zeros that count as runtime data. */
  readonly padding: number;
  /** What follows, up to the size of the NV index. */
  readonly trailing: Uint8Array;
}

/** @param hardwareReport 1184 bytes. */
export function encodeHclReport(
  hardwareReport: Uint8Array,
  runtime: string,
  change: Partial<HclReportFields> = {},
): Uint8Array {
  const content = concatBytes(utf8(runtime), new Uint8Array(change.padding ?? 0));
  const spec: Omit<HclReportFields, 'padding'> = {
    magic: 'HCLA',
    version: 2,
    reportSize: 32 + 1184 + 20 + content.length,
    requestType: 2,
    status: 0,
    reserved: 0,
    totalSize: 20 + content.length,
    dataVersion: 1,
    reportType: 2,
    hashType: 1,
    trailing: new Uint8Array(100),
    ...change,
  };
  const numbers = (...values: readonly number[]): Uint8Array =>
    concatBytes(...values.map((value) => littleEndian(value, 4)));
  return concatBytes(
    utf8(spec.magic),
    numbers(spec.version, spec.reportSize, spec.requestType, spec.status, 0, spec.reserved, 0),
    hardwareReport,
    numbers(spec.totalSize, spec.dataVersion, spec.reportType, spec.hashType, content.length),
    content,
    spec.trailing,
  );
}

/** A TDREPORT as an HCL report holds it, 1184 bytes; only type and report data matter here. */
export function encodeTdReportArea(
  reportData: Uint8Array,
  change: { readonly type?: number; readonly trailing?: number } = {},
): Uint8Array {
  return place(1184, [
    [0, Uint8Array.of(change.type ?? 0x81)],
    [128, reportData],
    [200, Uint8Array.of(7)],
    [1183, Uint8Array.of(change.trailing ?? 0)],
  ]);
}
