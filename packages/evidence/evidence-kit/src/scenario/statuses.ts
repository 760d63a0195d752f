/** What the evaluation of a TCB can give: names of QVL without `STATUS_` and, where it has one, `TCB_`. */
export type TcbStatus =
  | 'OK'
  | 'SW_HARDENING_NEEDED'
  | 'CONFIGURATION_NEEDED'
  | 'CONFIGURATION_AND_SW_HARDENING_NEEDED'
  | 'OUT_OF_DATE'
  | 'OUT_OF_DATE_CONFIGURATION_NEEDED'
  | 'TD_RELAUNCH_ADVISED'
  | 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED'
  | 'REVOKED'
  | 'TCB_NOT_SUPPORTED';

/** Status of a TDX module or a quoting enclave. */
export type ComponentStatus = 'OK' | 'OUT_OF_DATE' | 'REVOKED' | 'TCB_NOT_SUPPORTED';

/** What QVL answers instead of a TCB status, without `STATUS_`. */
export type RefusalStatus =
  | 'UNSUPPORTED_CERT_FORMAT'
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
  | 'SGX_TCB_SIGNING_CERT_REVOKED'
  | 'SGX_TCB_INFO_UNSUPPORTED_FORMAT'
  | 'SGX_TCB_INFO_INVALID'
  | 'TCB_INFO_INVALID_SIGNATURE'
  | 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_FORMAT'
  | 'SGX_ENCLAVE_IDENTITY_INVALID'
  | 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION'
  | 'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE'
  | 'MISSING_PARAMETERS'
  | 'UNSUPPORTED_QUOTE_FORMAT'
  | 'TCB_INFO_MISMATCH'
  | 'TDX_MODULE_MISMATCH'
  | 'INVALID_QE_REPORT_SIGNATURE'
  | 'INVALID_QE_REPORT_DATA'
  | 'QE_IDENTITY_MISMATCH'
  | 'INVALID_QUOTE_SIGNATURE';

/** What QVL answers for a date, without `STATUS_`; its wrapper keeps the TCB status and sets a flag. */
export type ExpirationStatus =
  | 'SGX_PCK_CERT_CHAIN_EXPIRED'
  | 'SGX_CRL_EXPIRED'
  | 'SGX_SIGNING_CERT_CHAIN_EXPIRED'
  | 'SGX_TCB_INFO_EXPIRED'
  | 'SGX_ENCLAVE_IDENTITY_EXPIRED';

/** What of a scenario has dates. */
export type DatedPart =
  | 'rootCertificate'
  | 'intermediateCertificate'
  | 'pckCertificate'
  | 'tcbSigningCertificate'
  | 'qeIdentitySigningCertificate'
  | 'rootCrl'
  | 'pckCrl'
  | 'tcbInfo'
  | 'qeIdentity';

/** The name in QVL's header, with its prefix: STATUS_TCB_OUT_OF_DATE. */
export function qvlName(status: TcbStatus | RefusalStatus | ExpirationStatus): string {
  return `STATUS_${shortened.has(status) ? 'TCB_' : ''}${status}`;
}

const shortened: ReadonlySet<string> = new Set<TcbStatus>([
  'SW_HARDENING_NEEDED',
  'CONFIGURATION_NEEDED',
  'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  'OUT_OF_DATE',
  'OUT_OF_DATE_CONFIGURATION_NEEDED',
  'TD_RELAUNCH_ADVISED',
  'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
  'REVOKED',
]);
