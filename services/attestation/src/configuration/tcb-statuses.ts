import type { QuoteStatus } from '@enclos/attestation';

/** A status of a verdict, and the name that it has in Intel's TCB info and in the claim `attester_tcb_status`. */
const statusNames: Readonly<Record<QuoteStatus, string>> = Object.freeze({
  OK: 'UpToDate',
  SW_HARDENING_NEEDED: 'SWHardeningNeeded',
  CONFIGURATION_NEEDED: 'ConfigurationNeeded',
  CONFIGURATION_AND_SW_HARDENING_NEEDED: 'ConfigurationAndSWHardeningNeeded',
  OUT_OF_DATE: 'OutOfDate',
  OUT_OF_DATE_CONFIGURATION_NEEDED: 'OutOfDateConfigurationNeeded',
  TD_RELAUNCH_ADVISED: 'TDRelaunchAdvised',
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED: 'TDRelaunchAdvisedConfigurationNeeded',
  REVOKED: 'Revoked',
  TCB_NOT_SUPPORTED: 'NotSupported',
});

/** No tenant takes these: the keys of such a platform are known to an attacker, or it has no endorsement. */
const neverAccepted: ReadonlySet<string> = new Set<QuoteStatus>(['REVOKED', 'TCB_NOT_SUPPORTED']);

export function tcbStatusName(status: QuoteStatus): string {
  return statusNames[status];
}

/** What a tenant may accept. */
export const acceptableStatuses: ReadonlySet<string> = new Set(
  Object.keys(statusNames).filter((status) => !neverAccepted.has(status)),
);
