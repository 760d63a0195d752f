import { toHex } from '@enclos/codec';
import type { Attributes, ReportBody } from '@enclos/sgx';

/**
 * A report body (SDM vol. 3D, REPORT) with its byte fields as lower-case hex:
 * unlike bytes, text cannot be changed by whoever it is shown to.
 */
export interface ReportFacts {
  readonly cpuSvn: string;
  readonly miscSelect: number;
  readonly isvExtProdId: string;
  readonly attributes: Attributes;
  readonly mrEnclave: string;
  readonly mrSigner: string;
  readonly configId: string;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly configSvn: number;
  readonly isvFamilyId: string;
  readonly reportData: string;
}

export function reportFacts(report: ReportBody): ReportFacts {
  return Object.freeze({
    cpuSvn: toHex(report.cpuSvn),
    miscSelect: report.miscSelect,
    isvExtProdId: toHex(report.isvExtProdId),
    attributes: Object.freeze({ flags: report.attributes.flags, xfrm: report.attributes.xfrm }),
    mrEnclave: toHex(report.mrEnclave),
    mrSigner: toHex(report.mrSigner),
    configId: toHex(report.configId),
    isvProdId: report.isvProdId,
    isvSvn: report.isvSvn,
    configSvn: report.configSvn,
    isvFamilyId: toHex(report.isvFamilyId),
    reportData: toHex(report.reportData),
  });
}
