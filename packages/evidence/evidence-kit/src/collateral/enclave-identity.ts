import type { ComponentTcbLevelJson } from './tcb-info.ts';

/**
 * Identity of an attestation enclave, version 2 (PCS API v4, "Get Quoting
 * Enclave Identity"). Bytes are upper-case hex, in the order of the report.
 * Members are signed in the order in which they stand here.
 */
export interface EnclaveIdentityJson {
  readonly id: 'QE' | 'QVE' | 'QAE' | 'TD_QE';
  readonly version: 2;
  readonly issueDate: string;
  readonly nextUpdate: string;
  readonly tcbEvaluationDataNumber: number;
  /** 4 bytes, little-endian as in the report. */
  readonly miscselect: string;
  readonly miscselectMask: string;
  /** 16 bytes. */
  readonly attributes: string;
  readonly attributesMask: string;
  /** 32 bytes. */
  readonly mrsigner: string;
  readonly isvprodid: number;
  readonly tcbLevels: readonly ComponentTcbLevelJson[];
}
