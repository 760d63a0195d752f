import { JsonFields } from '../json/json-fields.ts';
import type { JsonObject } from '../json/json.ts';
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

const readers: Readonly<Record<AttestationType, (claims: JsonFields) => TeeFacts>> = Object.freeze({
  sgx: (claims) => ({
    sgx: Object.freeze({
      mrEnclave: claims.hex('x-ms-sgx-mrenclave', 32),
      mrSigner: claims.hex('x-ms-sgx-mrsigner', 32),
      productId: claims.integer('x-ms-sgx-product-id', 0xffff),
      securityVersion: claims.integer('x-ms-sgx-svn', 0xffff),
    }),
  }),
  sevsnpvm: (claims) => ({
    snp: Object.freeze({
      measurement: claims.hex('x-ms-sevsnpvm-launchmeasurement', 48),
      hostData: claims.hex('x-ms-sevsnpvm-hostdata', 32),
      reportData: claims.hex('x-ms-sevsnpvm-reportdata', 64),
      guestSecurityVersion: claims.integer('x-ms-sevsnpvm-guestsvn', 0xffffffff),
      vmpl: claims.integer('x-ms-sevsnpvm-vmpl', 3),
    }),
  }),
  tdxvm: (claims) => ({
    tdx: Object.freeze({
      mrTd: claims.hex('tdx_mrtd', 48),
      mrSeam: claims.hex('tdx_mrseam', 48),
      mrConfigId: claims.hex('tdx_mrconfigid', 48),
      rtmr0: claims.hex('tdx_rtmr0', 48),
      rtmr1: claims.hex('tdx_rtmr1', 48),
      rtmr2: claims.hex('tdx_rtmr2', 48),
      rtmr3: claims.hex('tdx_rtmr3', 48),
      reportData: claims.hex('tdx_report_data', 64),
      tcbStatus: claims.string('attester_tcb_status', 64),
    }),
  }),
});

/** @throws TOKEN_REFUSED when a claim that every token of the type has is missing, or has another shape. */
export function teeFacts(claims: JsonObject, type: AttestationType): TeeFacts {
  return orElse(
    () => readers[type](new JsonFields(claims, 'claims')),
    (cause) => refuseToken('claims', 'A claim about the evidence is missing or malformed; the cause names it.', cause),
  );
}
