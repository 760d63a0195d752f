import { dateStatuses } from './date-statuses.ts';
import { laterSgxStatuses, sgxStatuses } from './sgx-statuses.ts';
import type { StatusScenario } from './status-scenario.ts';
import { tdxStatuses } from './tdx-statuses.ts';

/**
 * Genuine evidence of every status: what a verifier must not refuse, and what
 * it has to find. The expectations are written by hand; `refusalScenarios` has
 * what is not genuine.
 */
export const statusScenarios: readonly StatusScenario[] = Object.freeze([
  ...sgxStatuses,
  ...laterSgxStatuses,
  ...tdxStatuses,
  ...dateStatuses,
]);
