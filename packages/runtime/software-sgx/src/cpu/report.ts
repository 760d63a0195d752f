import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { encodeReportBody, parseTargetInfo, type TargetInfo } from '@enclos/sgx';
import { reportMac } from '@enclos/sgx/node';
import type { EnclaveIdentity } from './enclave.ts';
import { reportKey, type KeyRoots } from './keys.ts';

export interface ReportRequest {
  readonly targetInfo: Uint8Array;
  readonly reportData: Uint8Array;
  /** 32 bytes that the CPU chose when it started (CR_REPORT_KEYID). */
  readonly keyId: Uint8Array;
}

/** EREPORT (SDM vol. 3D, EREPORT): body ‖ key id ‖ MAC, 432 bytes. @throws REPORT_REQUEST_INVALID */
export function makeReport(roots: KeyRoots, enclave: EnclaveIdentity, request: ReportRequest): Uint8Array {
  const target = parseTarget(request.targetInfo);
  if (request.reportData.length !== 64) {
    throw new EnclosError('REPORT_REQUEST_INVALID', `Report data is 64 bytes, not ${request.reportData.length}.`);
  }
  const body = encodeReportBody({ ...enclave, cpuSvn: roots.cpuSvn, reportData: request.reportData });
  return concatBytes(body, request.keyId, reportMac(reportKey(roots, target, request.keyId), body));
}

function parseTarget(bytes: Uint8Array): TargetInfo {
  try {
    return parseTargetInfo(bytes);
  } catch (cause) {
    throw new EnclosError('REPORT_REQUEST_INVALID', 'The TARGETINFO is malformed.', { cause });
  }
}
