import { ByteReader, isZero } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { reportSizeBytes } from '../snp/report.ts';

/** The hardware below Azure's paravisor. */
export type HclHardware = 'sev-snp' | 'tdx';

/**
 * What Azure's paravisor (the "host compatibility layer", OpenHCL) keeps in
 * NV index 0x01400001 of the vTPM: the hardware's report about the paravisor,
 * and the data that the report is bound to. Parsed, not verified.
 */
export interface HclReport {
  readonly hardware: HclHardware;
  /** Begins like an SEV-SNP report, or is a TDREPORT with zeros after it; 1184 bytes. */
  readonly hardwareReport: Uint8Array;
  /** JSON, without the zeros after it. */
  readonly runtimeData: Uint8Array;
}

const headerSizeBytes = 32;
const runtimeHeaderSizeBytes = 20;
const runtimeDataOffset = headerSizeBytes + reportSizeBytes + runtimeHeaderSizeBytes;
/** NV indexes of Azure's vTPM hold 2600 bytes. */
const maximumSizeBytes = 16_384;
const signature = 0x414c_4348; // "HCLA"
const attestationRequest = 2;
const sha256HashType = 1;
const hardwareTypes: ReadonlyMap<number, HclHardware> = new Map([
  [2, 'sev-snp'],
  [4, 'tdx'],
]);

/**
 * Parses an HCL report. Its header is not covered by any signature, so that
 * everything in it must be what it has to be.
 *
 * @throws a CODEC error.
 */
export function parseHclReport(input: Uint8Array): HclReport {
  if (input.length > maximumSizeBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `An HCL report over ${maximumSizeBytes} bytes.`);
  }
  const reader = new ByteReader(input);
  if (reader.u32() !== signature) throw invalid('does not start with HCLA');
  const version = reader.u32();
  if (version !== 1 && version !== 2) throw invalid(`has version ${version}`);
  const reportSize = reader.u32();
  if (reader.u32() !== attestationRequest || reader.u32() !== 0) {
    throw invalid('is not the answer to a request for one');
  }
  if (!isZero(reader.bytes(12))) throw invalid('has reserved bytes that are not zero');
  const hardwareReport = reader.bytes(reportSizeBytes);
  const totalSize = reader.u32();
  if (reader.u32() !== 1) throw invalid('has runtime data of an unknown version');
  const hardware = hardwareTypes.get(reader.u32());
  if (hardware === undefined) throw invalid('is neither of SEV-SNP nor of TDX');
  if (reader.u32() !== sha256HashType) throw invalid('does not bind its runtime data with SHA-256');
  const contentLength = reader.u32();
  if (totalSize !== runtimeHeaderSizeBytes + contentLength || reportSize !== runtimeDataOffset + contentLength) {
    throw invalid('has lengths that contradict each other');
  }
  const content = reader.bytes(contentLength);
  if (!isZero(reader.bytes(reader.remaining))) throw invalid('has something after its runtime data');
  if (hardware === 'tdx') tdReportData(hardwareReport);
  return {
    hardware,
    hardwareReport,
    runtimeData: content.subarray(0, content.findLastIndex((byte) => byte !== 0) + 1),
  };
}

const tdReportSizeBytes = 1024;
const tdReportType = 0x81;
const tdReportDataOffset = 128;

/** The report data of a TDREPORT (TDX module ABI, REPORTMACSTRUCT), 64 bytes. */
export function tdReportData(hardwareReport: Uint8Array): Uint8Array {
  const reader = new ByteReader(hardwareReport);
  if (reader.u8() !== tdReportType) throw invalid('does not hold a TDREPORT');
  reader.skip(tdReportDataOffset - 1);
  const reportData = reader.bytes(64);
  reader.skip(tdReportSizeBytes - reader.offset);
  if (!isZero(reader.bytes(reader.remaining))) throw invalid('has something after its TDREPORT');
  return reportData;
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The HCL report ${what}.`);
}
