import { toHex } from '@enclos/codec';
import type { Attributes, ReportBody, TdReport10, TdReport15, TdReport15Ex } from '@enclos/sgx';

/**
 * A report body of SGX (SDM vol. 3D, REPORT) with its byte fields as lower-case
 * hex: unlike bytes, text cannot be changed by its readers.
 */
export interface SgxReportFacts {
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

/** A TD report body in the same form; what a field means is in `TdReport10` and what extends it, of `@enclos/sgx`. */
export interface TdReportFacts {
  readonly teeTcbSvn: string;
  readonly mrSeam: string;
  readonly mrSignerSeam: string;
  readonly seamAttributes: string;
  /** `TdAttribute` bits of `@enclos/sgx`. */
  readonly tdAttributes: bigint;
  readonly xfam: bigint;
  readonly mrTd: string;
  readonly mrConfigId: string;
  readonly mrOwner: string;
  readonly mrOwnerConfig: string;
  readonly rtmr0: string;
  readonly rtmr1: string;
  readonly rtmr2: string;
  readonly rtmr3: string;
  readonly reportData: string;
  /** From TD 1.5 on. */
  readonly teeTcbSvn2?: string;
  /** From TD 1.5 on; 48 zero bytes when no service TD is bound. */
  readonly mrServiceTd?: string;
  /** TD 1.5 with partitioning only. */
  readonly partition?: TdPartitionFacts;
}

export interface TdPartitionFacts {
  readonly vmId: string;
  readonly tdId: string;
  readonly deviceInfo: string;
  readonly initialServiceTdHash: string;
  readonly initialServiceTdAttributes: string;
  readonly initialCpuSvn: string;
  readonly initialTeeTcbSvn: string;
  readonly initialTeeFmspc: string;
  readonly currentServiceTdHash: string;
  readonly currentServiceTdAttributes: string;
}

export function sgxReportFacts(report: ReportBody): SgxReportFacts {
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

export function tdReportFacts(report: TdReport10 | TdReport15 | TdReport15Ex): TdReportFacts {
  return Object.freeze({
    teeTcbSvn: toHex(report.teeTcbSvn),
    mrSeam: toHex(report.mrSeam),
    mrSignerSeam: toHex(report.mrSignerSeam),
    seamAttributes: toHex(report.seamAttributes),
    tdAttributes: report.tdAttributes,
    xfam: report.xfam,
    mrTd: toHex(report.mrTd),
    mrConfigId: toHex(report.mrConfigId),
    mrOwner: toHex(report.mrOwner),
    mrOwnerConfig: toHex(report.mrOwnerConfig),
    rtmr0: toHex(report.rtmr0),
    rtmr1: toHex(report.rtmr1),
    rtmr2: toHex(report.rtmr2),
    rtmr3: toHex(report.rtmr3),
    reportData: toHex(report.reportData),
    ...('teeTcbSvn2' in report ? { teeTcbSvn2: toHex(report.teeTcbSvn2), mrServiceTd: toHex(report.mrServiceTd) } : {}),
    ...('tdId' in report ? { partition: partitionFacts(report) } : {}),
  });
}

function partitionFacts(report: TdReport15Ex): TdPartitionFacts {
  return Object.freeze({
    vmId: toHex(report.vmId),
    tdId: toHex(report.tdId),
    deviceInfo: toHex(report.deviceInfo),
    initialServiceTdHash: toHex(report.initialServiceTdHash),
    initialServiceTdAttributes: toHex(report.initialServiceTdAttributes),
    initialCpuSvn: toHex(report.initialCpuSvn),
    initialTeeTcbSvn: toHex(report.initialTeeTcbSvn),
    initialTeeFmspc: toHex(report.initialTeeFmspc),
    currentServiceTdHash: toHex(report.currentServiceTdHash),
    currentServiceTdAttributes: toHex(report.currentServiceTdAttributes),
  });
}
