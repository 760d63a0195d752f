import { concatBytes } from '@enclos/codec';
import { littleEndian, place, repeated } from './bytes.ts';

/**
 * The body of an SGX report: what `@enclos/sgx` calls ReportBody, so that
 * values of the one fit the other. The bytes are laid out here once more, so
 * that reader and writer of a test do not share their mistakes.
 */
export interface SgxReportBody {
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly miscSelect: number;
  /** 16 bytes. */
  readonly isvExtProdId: Uint8Array;
  readonly attributes: { readonly flags: bigint; readonly xfrm: bigint };
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

/** 384 bytes (SDM vol. 3D, REPORT structure), reserved bytes zero. */
export function encodeSgxReport(body: SgxReportBody): Uint8Array {
  return place(384, [
    [0, body.cpuSvn],
    [16, littleEndian(body.miscSelect, 4)],
    [32, body.isvExtProdId],
    [48, concatBytes(littleEndian(body.attributes.flags, 8), littleEndian(body.attributes.xfrm, 8))],
    [64, body.mrEnclave],
    [128, body.mrSigner],
    [192, body.configId],
    [256, littleEndian(body.isvProdId, 2)],
    [258, littleEndian(body.isvSvn, 2)],
    [260, littleEndian(body.configSvn, 2)],
    [304, body.isvFamilyId],
    [320, body.reportData],
  ]);
}

/** An enclave of no debug mode with recognisable fields. */
export const exampleSgxReport: SgxReportBody = Object.freeze({
  cpuSvn: repeated(2, 16),
  miscSelect: 0,
  isvExtProdId: repeated(0x11, 16),
  // INIT and MODE64.
  attributes: Object.freeze({ flags: 5n, xfrm: 3n }),
  mrEnclave: repeated(0xee, 32),
  mrSigner: repeated(0x51, 32),
  configId: repeated(0x12, 64),
  isvProdId: 7,
  isvSvn: 4,
  configSvn: 6,
  isvFamilyId: repeated(0x13, 16),
  reportData: repeated(0x09, 64),
});
