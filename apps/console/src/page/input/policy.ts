import type { SgxPolicy } from '@enclos/attestation';
import type { JsonObject } from '@enclos/attestation/json';

/** The rules of a policy file: JSON has no dates, so `timeFloor` is an ISO date there. `appraise` checks every rule. */
export function policyOf(rules: JsonObject): SgxPolicy {
  const { timeFloor } = rules;
  const read = { ...rules, ...(typeof timeFloor === 'string' ? { timeFloor: new Date(timeFloor) } : {}) };
  // A policy of an untyped caller: `appraise` refuses what it does not know.
  return read as unknown as SgxPolicy;
}
