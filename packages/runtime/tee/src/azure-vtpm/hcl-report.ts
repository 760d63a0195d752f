import { createHash } from 'node:crypto';
import { ByteReader, equalBytes, isZero } from '@enclos/codec';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { unexpectedEvidence } from '../report-data.ts';

/** The report that the paravisor of an Azure confidential VM keeps in the TPM (OpenHCL, attestation report of the HCL). */
export interface HclReport {
  readonly hardware: 'snp' | 'tdx';
  /** ATTESTATION_REPORT, 1184 bytes, or TDREPORT, 1024 bytes. */
  readonly hardwareReport: Uint8Array;
  /** JSON with the TPM's keys, exactly as the hardware report binds it: its SHA-256 begins the report data. */
  readonly runtimeData: Uint8Array;
}

const magic = 0x414c_4348; // "HCLA"
const headerBytes = 32;
const reportAreaBytes = 1184;
const tdReportBytes = 1024;
const maxRuntimeBytes = 65_536;

/** The attestation's kind: what the hardware report is. */
const kinds: Readonly<Record<number, HclReport['hardware']>> = { 2: 'snp', 4: 'tdx' };
const reportDataAt = { snp: 0x50, tdx: 128 } as const;
const sha256Type = 1;

/**
 * Parses an HCL report and checks that its hardware report binds its runtime data. The verifier checks the signature of the
 * hardware report.
 * @throws TEE_EVIDENCE_UNEXPECTED
 */
export function parseHclReport(bytes: Uint8Array): HclReport {
  try {
    return parse(new ByteReader(bytes));
  } catch (error) {
    if (isEnclosError(error) && error.code.startsWith('CODEC_')) throw refused('it is cut off.', error);
    throw error;
  }
}

function refused(reason: string, cause?: unknown): EnclosError {
  return unexpectedEvidence(`The HCL report: ${reason}`, cause);
}

function parse(reader: ByteReader): HclReport {
  if (reader.u32() !== magic) throw refused('it does not begin with HCLA.');
  reader.skip(headerBytes - 4);
  const area = reader.bytes(reportAreaBytes);
  // The size and the version of what follows. Each part below is bounded by its own size.
  reader.skip(8);
  const hardware = kinds[reader.u32()];
  if (hardware === undefined) throw refused('its hardware report is neither of SNP nor of TDX.');
  if (reader.u32() !== sha256Type) throw refused('its runtime data is not bound by SHA-256.');
  const sizeBytes = reader.u32();
  if (sizeBytes === 0 || sizeBytes > maxRuntimeBytes) throw refused('its runtime data has no bytes, or too many.');
  const runtimeData = withoutPadding(reader.bytes(sizeBytes));
  // The rest is what the NV index has room for.
  if (!isZero(reader.bytes(reader.remaining))) throw refused('bytes follow its runtime data.');
  requireBinding(hardware, area, runtimeData);
  const hardwareReport = hardware === 'snp' ? area : area.slice(0, tdReportBytes);
  return Object.freeze({ hardware, hardwareReport, runtimeData });
}

/** The JSON ends with NULs, which the digest does not cover. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  return bytes.slice(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
}

function requireBinding(hardware: HclReport['hardware'], area: Uint8Array, runtimeData: Uint8Array): void {
  const at = reportDataAt[hardware];
  const digest = new Uint8Array(createHash('sha256').update(runtimeData).digest());
  const bound = equalBytes(area.subarray(at, at + 32), digest) && isZero(area.subarray(at + 32, at + 64));
  if (!bound) throw refused('its hardware report is about other runtime data.');
}
