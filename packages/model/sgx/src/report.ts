import { attributes, type Attributes } from './attributes.ts';
import { at, bytes, structure, u16, u32, type Field, type ParseOptions } from './structure.ts';

/** The 384 bytes of a REPORT that its MAC covers (SDM vol. 3D, REPORT structure), also the body of an SGX quote. */
export interface ReportBody {
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly miscSelect: number;
  /** 16 bytes. */
  readonly isvExtProdId: Uint8Array;
  readonly attributes: Attributes;
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** 32 bytes. */
  readonly mrSigner: Uint8Array;
  /** 64 bytes. */
  readonly configId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly configSvn: number;
  /** 16 bytes. */
  readonly isvFamilyId: Uint8Array;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
}

/** REPORT (SDM vol. 3D, REPORT structure). 432 bytes. */
export interface Report {
  readonly body: ReportBody;
  /** 32 bytes. */
  readonly keyId: Uint8Array;
  /** 16 bytes: AES-128-CMAC over the encoded body. */
  readonly mac: Uint8Array;
}

const bodyLayout = structure<ReportBody>({
  name: 'REPORT body',
  sizeBytes: 384,
  fields: {
    cpuSvn: at(0, bytes(16)),
    miscSelect: at(16, u32),
    isvExtProdId: at(32, bytes(16)),
    attributes: at(48, attributes),
    mrEnclave: at(64, bytes(32)),
    mrSigner: at(128, bytes(32)),
    configId: at(192, bytes(64)),
    isvProdId: at(256, u16),
    isvSvn: at(258, u16),
    configSvn: at(260, u16),
    isvFamilyId: at(304, bytes(16)),
    reportData: at(320, bytes(64)),
  },
});

const body: Field<ReportBody> = {
  sizeBytes: bodyLayout.sizeBytes,
  read: (reader) => bodyLayout.parse(reader.view(bodyLayout.sizeBytes)),
  write: (writer, value) => writer.bytes(bodyLayout.encode(value)),
};

const layout = structure<Report>({
  name: 'REPORT',
  sizeBytes: 432,
  fields: { body: at(0, body), keyId: at(384, bytes(32)), mac: at(416, bytes(16)) },
});

/**
 * Parses a report body of 384 bytes.
 *
 * `reserved: 'ignore'` is for the bodies inside quotes. Those bytes are covered
 * by a signature made elsewhere, newer processors may give them a meaning (CET
 * attributes did), and Intel's own verifier (QVL) ignores them: a verifier that refused them would refuse good quotes. Keep the
 * signed bytes themselves if they are needed; encoding writes zeros there.
 *
 * @throws SGX_STRUCTURE_INVALID for another length.
 * @throws SGX_RESERVED_NOT_ZERO unless reserved bytes are ignored.
 */
export function parseReportBody(input: Uint8Array, options: ParseOptions = {}): ReportBody {
  return bodyLayout.parse(input, options);
}

/** @throws SGX_STRUCTURE_INVALID naming the field that does not fit. */
export function encodeReportBody(reportBody: ReportBody): Uint8Array {
  return bodyLayout.encode(reportBody);
}

/**
 * Parses a REPORT of 432 bytes. The MAC is not checked: only the target can.
 *
 * @throws SGX_STRUCTURE_INVALID for another length.
 * @throws SGX_RESERVED_NOT_ZERO for a non-zero reserved byte.
 */
export function parseReport(input: Uint8Array): Report {
  return layout.parse(input);
}

/** @throws SGX_STRUCTURE_INVALID naming the field that does not fit. */
export function encodeReport(report: Report): Uint8Array {
  return layout.encode(report);
}
