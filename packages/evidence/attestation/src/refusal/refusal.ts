import { EnclosError, isEnclosError } from '@enclos/errors';
import type { StepId } from './steps.ts';

/**
 * Why evidence or endorsements are refused: the names of Intel's QVL without
 * the prefix STATUS_ (`QuoteVerification.h`).
 */
export type RefusalStatus =
  | 'UNSUPPORTED_CERT_FORMAT'
  | 'UNSUPPORTED_QUOTE_FORMAT'
  | 'SGX_ROOT_CA_MISSING'
  | 'SGX_ROOT_CA_INVALID_EXTENSIONS'
  | 'SGX_ROOT_CA_INVALID_ISSUER'
  | 'SGX_INTERMEDIATE_CA_MISSING'
  | 'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS'
  | 'SGX_INTERMEDIATE_CA_INVALID_ISSUER'
  | 'SGX_INTERMEDIATE_CA_REVOKED'
  | 'SGX_PCK_MISSING'
  | 'SGX_PCK_INVALID_EXTENSIONS'
  | 'SGX_PCK_INVALID_ISSUER'
  | 'SGX_PCK_REVOKED'
  | 'SGX_PCK_CERT_CHAIN_UNTRUSTED'
  | 'SGX_CRL_UNSUPPORTED_FORMAT'
  | 'SGX_CRL_UNKNOWN_ISSUER'
  | 'SGX_CRL_INVALID_EXTENSIONS'
  | 'SGX_CRL_INVALID_SIGNATURE'
  | 'SGX_TCB_SIGNING_CERT_MISSING'
  | 'SGX_TCB_SIGNING_CERT_INVALID_EXTENSIONS'
  | 'SGX_TCB_SIGNING_CERT_INVALID_ISSUER'
  | 'SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED'
  | 'SGX_TCB_SIGNING_CERT_REVOKED'
  | 'SGX_TCB_INFO_UNSUPPORTED_FORMAT'
  | 'SGX_TCB_INFO_INVALID'
  | 'TCB_INFO_INVALID_SIGNATURE'
  | 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_FORMAT'
  | 'SGX_ENCLAVE_IDENTITY_INVALID'
  | 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION'
  | 'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE'
  | 'TCB_INFO_MISMATCH'
  | 'TDX_MODULE_MISMATCH'
  | 'INVALID_QE_REPORT_SIGNATURE'
  | 'INVALID_QE_REPORT_DATA'
  | 'QE_IDENTITY_MISMATCH'
  | 'INVALID_QUOTE_SIGNATURE'
  | 'MISSING_PARAMETERS';

/** @throws EVIDENCE_REFUSED always. */
export function refuse(step: StepId, status: RefusalStatus, message: string, cause?: unknown): never {
  throw new EnclosError('EVIDENCE_REFUSED', message, { details: { step, status }, cause });
}

/** @throws ENDORSEMENTS_INVALID always. */
export function refuseEndorsements(field: string, status: RefusalStatus, message: string, cause?: unknown): never {
  throw new EnclosError('ENDORSEMENTS_INVALID', message, { details: { field, status }, cause });
}

/** @throws VERIFIER_MISUSED always. */
export function misused(message: string, cause?: unknown): never {
  throw new EnclosError('VERIFIER_MISUSED', message, { cause });
}

/** Runs a parser; what it refuses becomes what `refusal` throws, with the parser's error as the cause. */
export function orRefuse<T>(parse: () => T, refusal: (cause: EnclosError) => never): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refusal(error);
  }
}
