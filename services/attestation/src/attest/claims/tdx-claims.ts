import type { QuoteStatus, TdReportFacts } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { TdAttribute } from '@enclos/sgx';
import { tcbStatusName } from '../../configuration/tcb-statuses.ts';
import type { ScalarClaims } from './tee-claims.ts';

/** The profile of Azure's and Intel's EAT for trust domains. */
const profile = 'https://aka.ms/maa-eat-profile-tdxvm';

/** Claims of a trust domain: names of the EAT profile, byte fields as lower-case hex in the order of the quote. */
export function tdxClaims(report: TdReportFacts, status: QuoteStatus): ScalarClaims {
  const has = (attribute: bigint): boolean => (report.tdAttributes & attribute) !== 0n;
  const isDebug = has(TdAttribute.DEBUG);
  return {
    eat_profile: profile,
    intuse: 'generic',
    dbgstat: isDebug ? 'enabled' : 'disabled',
    attester_tcb_status: tcbStatusName(status),
    tdx_mrsignerseam: report.mrSignerSeam,
    tdx_mrseam: report.mrSeam,
    tdx_mrtd: report.mrTd,
    tdx_rtmr0: report.rtmr0,
    tdx_rtmr1: report.rtmr1,
    tdx_rtmr2: report.rtmr2,
    tdx_rtmr3: report.rtmr3,
    tdx_mrconfigid: report.mrConfigId,
    tdx_mrowner: report.mrOwner,
    tdx_mrownerconfig: report.mrOwnerConfig,
    tdx_report_data: report.reportData,
    tdx_seam_attributes: report.seamAttributes,
    tdx_tee_tcb_svn: report.teeTcbSvn,
    tdx_xfam: littleEndian(report.xfam),
    // Byte 0 of TEE_TCB_SVN is the SVN of the TDX module.
    tdx_seamsvn: Number.parseInt(report.teeTcbSvn.slice(0, 2), 16),
    tdx_td_attributes: littleEndian(report.tdAttributes),
    tdx_td_attributes_debug: isDebug,
    tdx_td_attributes_key_locker: has(TdAttribute.KL),
    tdx_td_attributes_perfmon: has(TdAttribute.PERFMON),
    tdx_td_attributes_protection_keys: has(TdAttribute.PKS),
    tdx_td_attributes_septve_disable: has(TdAttribute.SEPT_VE_DISABLE),
  };
}

/** 8 bytes as they stand in the quote. */
function littleEndian(value: bigint): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return toHex(bytes);
}
