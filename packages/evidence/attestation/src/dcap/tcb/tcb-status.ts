/**
 * The TCB status of a quote. The names of QVL without STATUS_ and TCB_, except
 * for TCB_NOT_SUPPORTED. The last two are of TD 1.5: the TDX module was updated
 * below the TD, which gets the better status only by a relaunch.
 */
export type QuoteStatus =
  | 'OK'
  | 'SW_HARDENING_NEEDED'
  | 'CONFIGURATION_NEEDED'
  | 'CONFIGURATION_AND_SW_HARDENING_NEEDED'
  | 'OUT_OF_DATE'
  | 'OUT_OF_DATE_CONFIGURATION_NEEDED'
  | 'REVOKED'
  | 'TCB_NOT_SUPPORTED'
  | 'TD_RELAUNCH_ADVISED'
  | 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED';

/** `tcbStatus` in the JSON of the TCB info, and what it is called in a verdict. */
export const platformStatuses = Object.freeze({
  UpToDate: 'OK',
  SWHardeningNeeded: 'SW_HARDENING_NEEDED',
  ConfigurationNeeded: 'CONFIGURATION_NEEDED',
  ConfigurationAndSWHardeningNeeded: 'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  OutOfDate: 'OUT_OF_DATE',
  OutOfDateConfigurationNeeded: 'OUT_OF_DATE_CONFIGURATION_NEEDED',
  Revoked: 'REVOKED',
} as const satisfies Record<string, QuoteStatus>);

/**
 * `tcbStatus` in the JSON of an enclave identity. QVL also reads the
 * configuration statuses there and then ignores them when it converges; they
 * have never been published, and reading an out-of-date enclave as up to date
 * would be wrong, so they are refused.
 */
export const enclaveStatuses = Object.freeze({
  UpToDate: 'OK',
  OutOfDate: 'OUT_OF_DATE',
  Revoked: 'REVOKED',
} as const satisfies Record<string, QuoteStatus>);

/** Status of one enclave (the quoting enclave) or of the TDX module by its identity. */
export type EnclaveStatus = (typeof enclaveStatuses)[keyof typeof enclaveStatuses] | 'TCB_NOT_SUPPORTED';
