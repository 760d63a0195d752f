import { hex, integer, type JsonObject, JsonRecord, string } from '@enclos/codec/json';
import { orElse, refuseToken } from './errors.ts';
import type { AttestationType } from './expectations.ts';

/** Hex, lower case. */
export interface SgxTokenFacts {
  readonly mrEnclave: string;
  readonly mrSigner: string;
  readonly productId: number;
  readonly securityVersion: number;
}

/** Hex, lower case. */
export interface SnpTokenFacts {
  readonly measurement: string;
  readonly hostData: string;
  readonly reportData: string;
  readonly guestSecurityVersion: number;
  readonly vmpl: number;
}

/** Hex, lower case. */
export interface TdxTokenFacts {
  readonly mrTd: string;
  readonly mrSeam: string;
  readonly mrConfigId: string;
  readonly rtmr0: string;
  readonly rtmr1: string;
  readonly rtmr2: string;
  readonly rtmr3: string;
  readonly reportData: string;
  readonly tcbStatus: string;
}

export interface TeeFacts {
  readonly sgx?: SgxTokenFacts;
  readonly snp?: SnpTokenFacts;
  readonly tdx?: TdxTokenFacts;
}

const readers: Readonly<Record<AttestationType, (claims: JsonRecord) => TeeFacts>> = Object.freeze({
  sgx: (claims) => ({
    sgx: Object.freeze({
      mrEnclave: claims.required('x-ms-sgx-mrenclave', hex(32)),
      mrSigner: claims.required('x-ms-sgx-mrsigner', hex(32)),
      productId: claims.required('x-ms-sgx-product-id', integer(0, 0xffff)),
      securityVersion: claims.required('x-ms-sgx-svn', integer(0, 0xffff)),
    }),
  }),
  sevsnpvm: (claims) => ({
    snp: Object.freeze({
      measurement: claims.required('x-ms-sevsnpvm-launchmeasurement', hex(48)),
      hostData: claims.required('x-ms-sevsnpvm-hostdata', hex(32)),
      reportData: claims.required('x-ms-sevsnpvm-reportdata', hex(64)),
      guestSecurityVersion: claims.required('x-ms-sevsnpvm-guestsvn', integer(0, 0xffffffff)),
      vmpl: claims.required('x-ms-sevsnpvm-vmpl', integer(0, 3)),
    }),
  }),
  tdxvm: (claims) => ({
    tdx: Object.freeze({
      mrTd: claims.required('tdx_mrtd', hex(48)),
      mrSeam: claims.required('tdx_mrseam', hex(48)),
      mrConfigId: claims.required('tdx_mrconfigid', hex(48)),
      rtmr0: claims.required('tdx_rtmr0', hex(48)),
      rtmr1: claims.required('tdx_rtmr1', hex(48)),
      rtmr2: claims.required('tdx_rtmr2', hex(48)),
      rtmr3: claims.required('tdx_rtmr3', hex(48)),
      reportData: claims.required('tdx_report_data', hex(64)),
      tcbStatus: claims.required('attester_tcb_status', string(64)),
    }),
  }),
});

/** @throws TOKEN_REFUSED when a claim that every token of the type has is missing, or has another shape. */
export function teeFacts(claims: JsonObject, type: AttestationType): TeeFacts {
  return orElse(
    () => readers[type](new JsonRecord(claims, 'claims')),
    (cause) => refuseToken('claims', 'A claim about the evidence is missing or malformed; the cause names it.', cause),
  );
}
