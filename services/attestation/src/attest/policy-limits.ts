import type { PolicyLimits } from '@enclos/claim-rules';

/**
 * What a policy of the tenant may cost. Managers are trusted with the tenant, and not with the thread that serves all
 * tenants: evaluation takes turns with other requests, and ends by these.
 */
export const tenantPolicyLimits: PolicyLimits = Object.freeze({ maxSteps: 1_000_000, maxStringBytes: 1_048_576 });

/**
 * What a draft may be and cost: any caller may send one with evidence that is genuine, such as a quote that was
 * published. Published policies have 10 KiB and take 3,200 steps at most, on claims as evidence has them. A text is read in one
 * turn, and as long as this one it takes about what its steps do.
 */
export const draftLimits: PolicyLimits = Object.freeze({
  maxTextBytes: 32_768,
  maxSteps: 32_000,
  maxStringBytes: 262_144,
  maxClaims: 1_000,
});
