import { EnclosError } from '@enclos/errors';
import type { SnpStepId } from './steps.ts';

/** Why a report or its endorsements are refused. */
export type SnpRefusalStatus =
  | 'SNP_REPORT_UNSUPPORTED_FORMAT'
  | 'SNP_REPORT_NOT_SIGNED'
  | 'SNP_CERT_UNSUPPORTED_FORMAT'
  | 'SNP_CRL_UNSUPPORTED_FORMAT'
  | 'SNP_MISSING_PARAMETERS'
  | 'SNP_CHAIN_INVALID'
  | 'SNP_SIGNING_KEY_MISMATCH'
  | 'SNP_CHAIN_UNTRUSTED'
  | 'SNP_ROOT_INVALID_EXTENSIONS'
  | 'SNP_ROOT_INVALID_ISSUER'
  | 'SNP_INTERMEDIATE_INVALID_EXTENSIONS'
  | 'SNP_INTERMEDIATE_INVALID_ISSUER'
  | 'SNP_LEAF_INVALID_EXTENSIONS'
  | 'SNP_LEAF_INVALID_ISSUER'
  | 'SNP_PRODUCT_MISMATCH'
  | 'SNP_CRL_UNKNOWN_ISSUER'
  | 'SNP_CRL_INVALID_EXTENSIONS'
  | 'SNP_CRL_INVALID_SIGNATURE'
  | 'SNP_INTERMEDIATE_REVOKED'
  | 'SNP_LEAF_REVOKED'
  | 'SNP_INVALID_REPORT_SIGNATURE'
  | 'SNP_TCB_MISMATCH'
  | 'SNP_CHIP_MISMATCH';

/** @throws EVIDENCE_REFUSED always. */
export function refuseSnp(step: SnpStepId, status: SnpRefusalStatus, message: string, cause?: unknown): never {
  throw new EnclosError('EVIDENCE_REFUSED', message, { details: { step, status }, cause });
}

/** @throws ENDORSEMENTS_INVALID always. */
export function refuseSnpEndorsements(
  field: string,
  status: SnpRefusalStatus,
  message: string,
  cause?: unknown,
): never {
  throw new EnclosError('ENDORSEMENTS_INVALID', message, { details: { field, status }, cause });
}
